/** The product's LiveKit source in Chromium, against the real LiveKit. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import { AccessToken, RoomServiceClient, type VideoGrant } from 'livekit-server-sdk';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, beforeEach, expect, it, type TestContext } from 'vitest';
import { chromiumFlags, needChromium } from '../../.ci/machine.ts';
import type { Viewer } from './livekit-viewer.page.ts';
import { startLiveKit, type LiveKit } from './livekit.ts';

let livekit: LiveKit | { readonly skipped: string };
let site: ViteDevServer;
let browser: Browser;
let api: RoomServiceClient;
let cacheDir: string;
let tickets = 0;
let rounds = 0;

const patience = { timeout: 30_000, interval: 100 };

async function tokenFor(room: string, identity: string, grant: VideoGrant): Promise<string> {
  if ('skipped' in livekit) throw new Error(livekit.skipped);
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity, ttl: 90 });
  token.addGrant({ roomJoin: true, room, ...grant });
  return await token.toJwt();
}

/** What the BFF answers to a request for a ticket. A reservation is a camera, and `-sub` or `-main` where it has both. */
async function ticket(reservation: string): Promise<object> {
  if ('skipped' in livekit) throw new Error(livekit.skipped);
  tickets += 1;
  const room = `camera_${reservation.replace(/-(sub|main)$/, '')}`;
  return {
    url: livekit.url,
    room,
    token: await tokenFor(room, `viewer-${String(tickets)}`, {
      canSubscribe: true,
      canPublish: false,
      canPublishData: false,
      canUpdateOwnMetadata: false,
      hidden: true,
    }),
    publisher: `IN_${reservation}`,
    expiresAt: new Date(Date.now() + 90_000).toISOString(),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reservation = /^\/api\/livekit\/([\w-]+)$/.exec(request.url ?? '')?.[1];
  if (reservation === undefined) {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><script type="module" src="/e2e/real/livekit-viewer.page.ts"></script>');
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(await ticket(reservation)));
}

beforeAll(async () => {
  livekit = await startLiveKit({ autoCreate: true });
  if ('skipped' in livekit) return;
  api = new RoomServiceClient(livekit.apiUrl, livekit.apiKey, livekit.apiSecret);
  cacheDir = await mkdtemp(path.join(os.tmpdir(), 'parapet-viewer-'));
  site = await createServer({
    configFile: false,
    root: path.resolve(import.meta.dirname, '../..'),
    cacheDir,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    optimizeDeps: { include: ['livekit-client', 'zod'], entries: [] },
    plugins: [
      {
        name: 'the page and its tickets',
        configureServer: ({ middlewares }) => {
          middlewares.use((request, response, next) => {
            if (request.url !== '/' && request.url?.startsWith('/api/') !== true) next();
            else answer(request, response).catch(next);
          });
        },
      },
    ],
  });
  await site.listen();
  browser = await chromium.launch({ executablePath: needChromium(), args: chromiumFlags });
});
afterAll(async () => {
  if ('skipped' in livekit) return;
  await browser.close();
  await site.close();
  await livekit.close();
  await rm(cacheDir, { recursive: true, force: true });
});
beforeEach(() => {
  rounds += 1;
});

async function openPage(): Promise<Page> {
  const { port } = site.httpServer?.address() as AddressInfo;
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${String(port)}/`);
  await page.waitForFunction(() => 'viewer' in globalThis);
  return page;
}

/** A camera that is published by a page of its own, and a page that watches. */
async function stage(context: TestContext) {
  if ('skipped' in livekit) context.skip(livekit.skipped);
  const camera = `c${String(rounds)}`;
  const pages: Page[] = [];
  context.onTestFinished(async () => {
    for (const page of pages) await page.context().close();
  });
  const publish = async (identity = `IN_${camera}`): Promise<Page> => {
    const page = await openPage();
    pages.push(page);
    const token = await tokenFor(`camera_${camera}`, identity, { canPublish: true, canSubscribe: false });
    await page.evaluate(
      ([url, jwt]) => (globalThis as unknown as { viewer: Viewer }).viewer.publish(url, jwt),
      [(livekit as LiveKit).url, token] as const,
    );
    return page;
  };
  const publisher = await publish();
  const page = await openPage();
  pages.push(page);
  const watch = async (reservation = camera): Promise<number> => {
    const n = await page.evaluate(
      (name) => (globalThis as unknown as { viewer: Viewer }).viewer.watch(name),
      reservation,
    );
    if (typeof n === 'string') throw new Error(`refused: ${n}`);
    return n;
  };
  const state = (n: number) =>
    page.evaluate((at) => (globalThis as unknown as { viewer: Viewer }).viewer.state(at), n);
  const moreFrames = async (n: number): Promise<void> => {
    const { frames } = await state(n);
    await expect.poll(async () => (await state(n)).frames, patience).toBeGreaterThan(frames + 5);
  };
  const viewers = async (): Promise<string[]> =>
    (await api.listParticipants(`camera_${camera}`).catch(() => []))
      .map(({ identity }) => identity)
      .filter((identity) => identity.startsWith('viewer-'));
  return { camera, page, publisher, publish, watch, state, moreFrames, viewers };
}

it('shows what the camera publishes, and nothing else of its room', async (context) => {
  const { page, camera, publish, watch, state, moreFrames } = await stage(context);
  await publish('somebody else');
  const n = await watch();
  await moreFrames(n);
  expect(await state(n)).toMatchObject({
    width: 640,
    hasConnected: true,
    vitals: { codec: 'VP8', width: 640 },
  });
  const subscribed = await page.evaluate(() =>
    (globalThis as unknown as { viewer: Viewer }).viewer.subscribed(),
  );
  expect(subscribed).toEqual([`IN_${camera}`]);
});

it('shows a camera twice by one connection, and leaves with the second', async (context) => {
  const { page, watch, moreFrames, viewers } = await stage(context);
  const [first, second] = [await watch(), await watch()];
  await Promise.all([moreFrames(first), moreFrames(second)]);
  expect(await viewers()).toHaveLength(1);
  const close = (n: number) =>
    page.evaluate((at) => (globalThis as unknown as { viewer: Viewer }).viewer.close(at), n);
  await close(first);
  await moreFrames(second);
  await close(second);
  await expect.poll(viewers, patience).toEqual([]);
  // The next one goes by the same Room.
  await moreFrames(await watch());
  expect(await page.evaluate(() => (globalThis as unknown as { viewer: Viewer }).viewer.madeRooms())).toBe(1);
});

it('keeps the full stream’s picture when the small one’s reservation ends', async (context) => {
  const { camera, publish, watch, moreFrames, state, viewers } = await stage(context);
  await publish(`IN_${camera}-sub`);
  await publish(`IN_${camera}-main`);
  // The tile first, as when it is called to the spot: the room of both streams is one.
  const tile = await watch(`${camera}-sub`);
  await moreFrames(tile);
  const [ofTile = ''] = await viewers();
  const spot = await watch(`${camera}-main`);
  await moreFrames(spot);
  // Each is seen by the name its own ticket gave it, or the BFF would take that ticket for unused.
  expect(await viewers()).toHaveLength(2);
  await api.removeParticipant(`camera_${camera}`, ofTile);
  await expect.poll(async () => (await state(tile)).end, patience).toBe('reservation-ended');
  await moreFrames(spot);
  expect((await state(spot)).end).toBeUndefined();
});

it('goes on after a full reconnect, which subscribes to nothing by itself', async (context) => {
  const { page, watch, moreFrames, state } = await stage(context);
  const n = await watch();
  await moreFrames(n);
  await page.evaluate(() => (globalThis as unknown as { viewer: Viewer }).viewer.simulate('full-reconnect'));
  await moreFrames(n);
  expect((await state(n)).end).toBeUndefined();
});

it('ends when the viewer is thrown out, and when the page was frozen', async (context) => {
  const { page, camera, watch, moreFrames, state, viewers } = await stage(context);
  const removed = await watch();
  await moreFrames(removed);
  const [identity = ''] = await viewers();
  await api.removeParticipant(`camera_${camera}`, identity);
  await expect.poll(async () => (await state(removed)).end, patience).toBe('reservation-ended');
  const frozen = await watch();
  await moreFrames(frozen);
  await page.evaluate(() => (globalThis as unknown as { viewer: Viewer }).viewer.freeze());
  await expect.poll(async () => (await state(frozen)).end, patience).toBe('unreachable');
});

it('gives up on a server that is gone, and comes back with it', async (context) => {
  const { watch, moreFrames, state, publish } = await stage(context);
  const n = await watch();
  await moreFrames(n);
  await (livekit as LiveKit).kill();
  await expect.poll(async () => (await state(n)).end, { ...patience, timeout: 45_000 }).toBe('unreachable');
  await (livekit as LiveKit).start();
  await publish();
  await moreFrames(await watch());
}, 120_000);
