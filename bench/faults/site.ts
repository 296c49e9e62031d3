import { randomBytes } from 'node:crypto';
import { type Browser, chromium, type Page } from '@playwright/test';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { chromiumFlags, needChromium } from '../../.ci/machine.ts';
import { type Parapet, password, startParapet } from '../../e2e/parapet.ts';
import { missingFfmpeg, publish } from '../../e2e/real/ffmpeg.ts';
import { startLiveKit } from '../../e2e/real/livekit.ts';
import { startMediaMtx } from '../../e2e/real/mediamtx.ts';
import type { Fault, Ground } from './faults.ts';
import { type FaultNetwork, freeMediaPort, wrapBrowser } from './network.ts';

const adminPassword = randomBytes(12).toString('hex');

/** A Parapet with everything behind it, reached through the bad network. */
export interface Site {
  readonly kind: SiteKind;
  readonly parapet: Parapet;
  readonly url: string;
  /** How many cameras there are to show; what was asked for, if there are more. */
  readonly cameraCount: number;
  readonly account: { readonly name: string; readonly password: string };
  readonly ground: Omit<Ground, 'numbers'>;
  close(): Promise<void>;
}

/** What stands behind a Parapet: as for a fault, or cameras that cannot be played. */
export type SiteKind = Fault['site'] | 'unplayable';

/** A Parapet of its own for faults of one kind, reached through the bad network. Undefined, with words, where it cannot be. */
export async function openSite(
  kind: SiteKind,
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
  let cameraCount = tiles;
  if (kind === 'cameras' || kind === 'unplayable') {
    const behind = kind === 'cameras' ? await sound(tiles) : await cannotBePlayed();
    closing.push(behind.close);
    cameraCount = behind.listed.length;
    environment['PARAPET_VMS'] = JSON.stringify([{ id: 'cameras', kind: 'static', cameras: behind.listed }]);
    environment['PARAPET_ADMIN_PASSWORD'] = adminPassword;
    account = { name: 'administrator', password: adminPassword };
    more = { cameras: behind.cameras };
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
  const parapet = await startParapet(environment);
  const web = await network.openTcp(Number(new URL(parapet.url).port));
  return {
    kind,
    parapet,
    url: `http://${web.host}:${web.port}`,
    cameraCount,
    account,
    ground: { parapet, network, ...more },
    async close() {
      await parapet.stop();
      for (const close of closing) await close();
    },
  };
}

const listedAs = (number: number, name: string) => ({ number, name, agency: 'Bench' });

/** RTSP cameras with nothing wrong. */
async function sound(tiles: number) {
  const subjects = siteCameras.slice(0, tiles);
  const cameras = await startRtspCameras({ subjects, pictures: await openPictures() });
  const listed = subjects.map(({ number, name }) => ({
    ...listedAs(number, name),
    main: cameras.url(number, 'main'),
    sub: cameras.url(number, 'sub'),
  }));
  return { cameras, listed, close: () => cameras.close() };
}

/** Cameras that WebRTC or the browser cannot show: one with B-frames and, where it can be had, one of H.265 only. */
async function cannotBePlayed() {
  const subjects = siteCameras.slice(0, 1);
  const cameras = await startRtspCameras({ subjects, pictures: await openPictures() });
  const number = subjects[0]?.number ?? 0;
  cameras.faults.set(number, { bFrames: true });
  const bFrames = { ...listedAs(number, 'B-frames'), main: cameras.url(number, 'main') };
  const h265 = await h265Camera();
  return {
    cameras,
    listed: h265 === undefined ? [bFrames] : [bFrames, { ...listedAs(900, 'H.265 only'), main: h265.url }],
    close: async () => {
      await h265?.close();
      await cameras.close();
    },
  };
}

/** A camera of H.265: a real encoder behind a real MediaMTX; undefined where the machine has neither. */
async function h265Camera() {
  if (missingFfmpeg({ codec: 'libx265' }) !== undefined) return undefined;
  const server = await startMediaMtx({ paths: { h265: 'publish' } });
  if ('skipped' in server) return undefined;
  const publishing = publish(server.rtspUrl('h265'), { codec: 'libx265' });
  await server.available('h265', AbortSignal.timeout(30_000));
  return {
    url: server.rtspUrl('h265'),
    close: async () => {
      await publishing.close();
      await server.close();
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
  cameras.sort((a, b) => a.number - b.number);
  const chosen = cameras.slice(0, tiles);
  const side = Math.ceil(Math.sqrt(tiles));
  const cells = Array.from({ length: tiles }, (_, i) => ({
    column: i % side,
    row: Math.floor(i / side),
    columns: 1,
    rows: 1,
  }));
  const answer = await page.request.post(`${site.url}/api/walls`, {
    headers,
    data: {
      name: `faults ${tiles}`,
      isShared: false,
      content: {
        layout: { name: 'free', columns: side, rows: side, cells },
        cameraIds: chosen.map(({ id }) => id),
      },
    },
  });
  if (!answer.ok()) throw new Error(`The wall could not be saved: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: string };
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
