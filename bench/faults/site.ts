import { randomBytes } from 'node:crypto';
import { type Browser, chromium, type Page } from '@playwright/test';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { chromiumFlags, needChromium } from '../../.ci/machine.ts';
import { type Parapet, password, startParapet } from '../../e2e/parapet.ts';
import { startLiveKit } from '../../e2e/real/livekit.ts';
import { saveSquareWall } from '../../e2e/square-wall.ts';
import type { Fault, Ground } from './faults.ts';
import { type FaultNetwork, freeMediaPort, wrapBrowser } from './network.ts';
import { withOtherCodec } from './other-codec.ts';

const adminPassword = randomBytes(12).toString('hex');

/** A Parapet with everything behind it, reached through the bad network. */
export interface Site {
  readonly kind: Fault['site'];
  readonly parapet: Parapet;
  readonly url: string;
  readonly cameraCount: number;
  readonly account: { readonly name: string; readonly password: string };
  readonly ground: Omit<Ground, 'numbers'>;
  close(): Promise<void>;
}

/** A Parapet of its own for faults of one kind, reached through the bad network. Undefined, with words, where it cannot be. */
export async function openSite(
  kind: Fault['site'],
  network: FaultNetwork,
  tiles: number,
): Promise<Site | { readonly skipped: string }> {
  const port = await freeMediaPort();
  await network.openMedia(port);
  const environment: Record<string, string> = {
    PARAPET_MEDIA_PORT: String(port),
    PARAPET_MEDIA_HOST: '127.0.0.1',
    PARAPET_MEDIA_ADDRESSES: network.host,
  };
  const closing: (() => Promise<void>)[] = [];
  let account = { name: 'operator', password };
  let more: Partial<Ground> = {};
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  if (kind === 'cameras') {
    const behind = await listedCameras(tiles);
    closing.push(() => behind.close());
    environment['PARAPET_VMS'] = JSON.stringify([{ id: 'cameras', kind: 'static', cameras: behind.listed }]);
    environment['PARAPET_ADMIN_PASSWORD'] = adminPassword;
    account = { name: 'administrator', password: adminPassword };
    more = { cameras: behind.cameras, otherCodec: behind.otherCodec };
  }
  if (kind === 'livekit') {
    const liveKit = await startLiveKit({ host: network.host });
    if ('skipped' in liveKit) return liveKit;
    closing.push(() => liveKit.close());
    Object.assign(environment, {
      PARAPET_LIVEKIT_URL: liveKit.url,
      PARAPET_LIVEKIT_API_KEY: liveKit.apiKey,
      PARAPET_LIVEKIT_API_SECRET: liveKit.apiSecret,
      PARAPET_LIVEKIT_PREFER: 'always',
    });
    more = { liveKit };
  }
  try {
    const parapet = await startParapet(environment);
    closing.push(async () => {
      await parapet.stop();
    });
    const web = await network.openTcp(Number(new URL(parapet.url).port));
    return {
      kind,
      parapet,
      url: `http://${web.host}:${web.port}`,
      cameraCount: tiles,
      account,
      ground: { parapet, network, ...more },
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

/** RTSP cameras in a list; the first stands behind a door at which it may send H.265. */
async function listedCameras(tiles: number) {
  const subjects = siteCameras.slice(0, tiles);
  const cameras = await startRtspCameras({ subjects, pictures: await openPictures() });
  const otherCodec = await withOtherCodec(cameras.url(subjects[0]?.number ?? 0, 'sub'));
  const listed = subjects.map(({ number, name }, index) => ({
    number,
    name,
    agency: 'Bench',
    main: cameras.url(number, 'main'),
    sub: index === 0 ? otherCodec.url : cameras.url(number, 'sub'),
  }));
  return {
    cameras,
    otherCodec,
    listed,
    async close() {
      if ('close' in otherCodec) await otherCodec.close();
      await cameras.close();
    },
  };
}

/** Signs in, saves a wall of the first cameras and gives its id and their numbers. */
export async function makeWall(page: Page, site: Site) {
  const tiles = site.cameraCount;
  const headers = { origin: site.url };
  const signedIn = await page.request.post(`${site.url}/api/session`, { data: site.account, headers });
  if (!signedIn.ok()) throw new Error(`Nobody could sign in: ${await signedIn.text()}`);
  let cameras: { id: string; number: number }[] = [];
  // A list of cameras is read a moment after the start.
  for (const until = Date.now() + 20_000; cameras.length < tiles && Date.now() < until;) {
    const answer = await page.request.get(`${site.url}/api/directory`);
    cameras = ((await answer.json()) as { cameras: typeof cameras }).cameras;
    if (cameras.length < tiles) await page.waitForTimeout(250);
  }
  const chosen = cameras.toSorted((a, b) => a.number - b.number).slice(0, tiles);
  const cameraIds = chosen.map((camera) => camera.id);
  const id = await saveSquareWall(page, site.url, `faults ${tiles}`, cameraIds);
  return { id, numbers: chosen.map(({ number }) => number) };
}

export async function openBrowser(network: FaultNetwork, urls: readonly string[]): Promise<Browser> {
  const { executable } = wrapBrowser(needChromium(), network.enter);
  return chromium.launch({
    executablePath: executable,
    args: [
      // With names instead of addresses in its offers nobody finds a way around the proxy.
      ...chromiumFlags.filter((flag) => !flag.includes('WebRtcHideLocalIpsWithMdns')),
      // The app wants a secure context, as it has behind TLS; here it is plain HTTP on an address of our own.
      `--unsafely-treat-insecure-origin-as-secure=${urls.join(',')}`,
    ],
  });
}
