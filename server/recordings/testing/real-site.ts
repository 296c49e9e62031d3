import { randomUUID } from 'node:crypto';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras, type SiteCamera } from '#mocks/site/cameras.ts';
import type { FeatureSet } from '#mocks/xprotect/features.ts';
import type { Stills } from '#mocks/xprotect/stills.ts';
import { type DemoXProtect, startXProtect } from '#mocks/xprotect/xprotect.ts';
import { type BuiltApp, createApp } from '#server/app.ts';
import { applyDirectory, claimSystems } from '#server/cameras/apply-directory.ts';
import { createLog } from '#server/http/log.ts';
import { pglite } from '#server/store/testing/databases.ts';
import { FakeGateway } from '#server/testing/fake-gateway.ts';
import { FakeVms } from '#server/testing/fake-vms.ts';
import { Browser, seed } from '#server/testing/harness.ts';
import type { Vms } from '#server/vms/vms.ts';
import { createXProtectVms } from '#server/vms/xprotect/xprotect-vms.ts';

/** JPEGs in nothing but their first bytes, which say what they are of. */
const plainStills: Stills = {
  has: () => true,
  draw: ({ number }, timeMs, width) => Buffer.from(`\xff\xd8${number} ${timeMs} ${width}`, 'latin1'),
};

export interface RealSite {
  readonly xprotect: DemoXProtect;
  readonly vms: Vms;
  readonly app: BuiltApp;
  readonly boss: Browser;
  readonly cameras: readonly SiteCamera[];
  close(): Promise<void>;
}

/** The app on an adapter on a pretend XProtect over its real protocols, with real pictures. Close it. */
export async function startRealSite(
  options: { readonly cameras?: readonly SiteCamera[]; readonly features?: Partial<FeatureSet> } = {},
): Promise<RealSite> {
  const { cameras = siteCameras.slice(0, 6), features } = options;
  const held = await pglite.open();
  const xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: await openPictures(),
    stills: plainStills,
    cameras,
    ...(features === undefined ? {} : { features }),
  });
  const vms = createXProtectVms({ id: 'x', url: xprotect.url, username: 'u', password: 'p' });
  await seed(held.store, new FakeVms('x'), Date.now());
  await claimSystems(held.store.db, ['x'], Date.now());
  await applyDirectory(held.store.db, 'x', await vms.readDirectory(AbortSignal.timeout(30_000)), Date.now());
  const app = await createApp({
    store: held.store,
    gateway: new FakeGateway(),
    systems: [vms],
    config: { publicUrl: undefined, trustedProxies: [], tokens: {}, iceServers: [] },
    log: createLog('silent'),
    files: undefined,
    holder: randomUUID(),
    now: Date.now,
  });
  const boss = new Browser(app);
  await boss.signIn('boss');
  return {
    xprotect,
    vms,
    app,
    boss,
    cameras,
    close: async () => {
      await app.close();
      await vms.close();
      await xprotect.close();
      await held.close();
    },
  };
}
