import { afterEach, beforeAll, expect, it } from 'vitest';
import { HlsSource } from './hls/hls-source.ts';
import { film, PretendPlaylist } from './hls/testing/pretend-playlist.ts';
import { LiveKitSource } from './livekit/livekit-source.ts';
import { RoomPool } from './livekit/room-pool.ts';
import { PretendRooms } from './livekit/testing/pretend-rooms.ts';
import { StreamError, type MediaSource, type Way } from './media-source.ts';
import { StillsSource } from './stills/stills-source.ts';
import { PretendStills } from './stills/testing/pretend-stills.ts';
import { Census } from './testing/census.ts';
import { collect } from './testing/collect.ts';
import { PretendServer } from './whep/testing/pretend-server.ts';
import { WhepSource } from './whep/whep-source.ts';

const rounds = 200;
const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

let material: Awaited<ReturnType<typeof film>>;
beforeAll(async () => {
  material = await film();
}, 60_000);

/** A way to its pictures, and whether the far end has forgotten everybody. */
interface Stage {
  readonly source: MediaSource;
  readonly isIdle: () => boolean;
}

const stages: Record<Exclude<Way, 'test-card'>, () => Stage> = {
  whep() {
    const server = new PretendServer({ answersAtOnce: true });
    cleanups.push(() => server.close());
    return {
      source: new WhepSource('/whep/lobby', { fetch: server.fetch, gatherMs: 50 }),
      isIdle: () => server.sessions.size === 0,
    };
  },
  livekit() {
    const server = new PretendRooms();
    const rooms = new RoomPool({ makeLink: server.makeLink, lingerMs: 0 });
    cleanups.push(() => server.close());
    return {
      source: new LiveKitSource('/api/livekit/1', { rooms, fetch: server.fetch }),
      // Links are used again: livekit-client keeps hold of every Room ever made.
      isIdle: () => rooms.size === 0 && server.joined.length === 0 && server.links.length <= 8,
    };
  },
  hls() {
    const server = new PretendPlaylist(material);
    return {
      source: new HlsSource('/api/hls/r1/index.m3u8', { ...server.options, isNarrow: () => true }),
      isIdle: () => server.running === 0,
    };
  },
  stills() {
    const server = new PretendStills();
    return {
      source: new StillsSource('/api/stills/r1', { fetch: server.fetch, paceMs: 20 }),
      isIdle: () => server.running === 0,
    };
  },
};

it.each(Object.entries(stages))(
  'two hundred pictures by %s leave nothing behind',
  async (_way, stage) => {
    const { source, isIdle } = stage();
    const video = document.createElement('video');
    Object.assign(video, { muted: true, autoplay: true, playsInline: true });
    document.body.append(video);
    cleanups.push(() => video.remove());

    const seen: WeakRef<object>[] = [];
    const play = async (isShown: boolean): Promise<void> => {
      const session = await source.open(AbortSignal.timeout(20_000));
      seen.push(new WeakRef(session));
      const detach = session.attach(video);
      if (isShown) await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      // Some let go of the element before they close, some after.
      if (seen.length % 2 === 0) detach();
      session.close();
      session.close();
      detach();
    };
    // What is loaded once stays.
    for (let round = 0; round < 5; round += 1) await play(true);
    await expect.poll(isIdle).toBe(true);
    const census = new Census();
    cleanups.push(() => census.close());
    const before = census.holdings;
    const heapBefore = await collect();

    for (let round = 0; round < rounds; round += 1) {
      await play(round % 40 === 0);
      if (round % 20 === 19) await collect();
    }

    await expect.poll(isIdle, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => census.holdings, { timeout: 10_000 }).toEqual(before);
    expect([video.srcObject, video.hasAttribute('src')]).toEqual([null, false]);
    // The last one or two may be held by what runs just now.
    await expect
      .poll(
        async () => {
          await collect();
          return seen.filter((one) => one.deref() !== undefined).length;
        },
        { timeout: 10_000 },
      )
      .toBeLessThanOrEqual(2);
    // A session that was kept would be tens of kilobytes each.
    expect((await collect()) - heapBefore).toBeLessThan(rounds * 10_000);
  },
  90_000,
);

it('two hundred rooms that let nobody in, or are given up at the door, leave nothing behind', async () => {
  const server = new PretendRooms();
  const rooms = new RoomPool({ makeLink: server.makeLink, lingerMs: 0 });
  cleanups.push(() => server.close());
  const seen: WeakRef<object>[] = [];
  const attempt = async (round: number): Promise<void> => {
    const source = new LiveKitSource(`/api/livekit/${String(round)}`, { rooms, fetch: server.fetch });
    const leaving = new AbortController();
    seen.push(new WeakRef(leaving));
    const { quirks } = server;
    delete quirks.joinHeld;
    delete quirks.joinFails;
    const isRefused = round % 2 === 0;
    if (isRefused) quirks.joinFails = new StreamError('unreachable', 'no');
    else quirks.joinHeld = new Promise(() => undefined);
    const opening = source.open(leaving.signal);
    const refused = opening.then(
      () => 'open',
      (error: unknown) => error,
    );
    if (!isRefused) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      leaving.abort('given up');
    }
    expect(await refused).not.toBe('open');
  };
  for (let round = 0; round < 10; round += 1) await attempt(round);
  await expect.poll(() => rooms.size).toBe(0);
  const census = new Census();
  cleanups.push(() => census.close());
  const before = census.holdings;

  for (let round = 0; round < rounds; round += 1) await attempt(round);

  await expect.poll(() => rooms.size).toBe(0);
  expect([server.joined.length, server.links.length]).toEqual([0, 1]);
  await expect.poll(() => census.holdings).toEqual(before);
  await expect
    .poll(async () => {
      await collect();
      return seen.filter((one) => one.deref() !== undefined).length;
    })
    .toBeLessThanOrEqual(2);
});
