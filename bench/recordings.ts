import { setTimeout as sleep } from 'node:timers/promises';
import { missesOf } from './limits.ts';
import { watchCost } from './process-cost.ts';
import { type Client, RecordedSite, siteCameraIds } from './recorded-site.ts';
import { exportOverKills, exportSome } from './recordings-export.ts';
import { run as runInPage } from './recordings-in-page.ts';
import { spread } from './statistics.ts';

const minute = 60_000;
const day = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const frames = (cameraId: string, at: number, only: string): string =>
  `/api/recordings/${cameraId}/frames?${new URLSearchParams({ at: iso(at), only }).toString()}`;

/**
 * Recordings through a BFF of its own, from the demo site in another process: the strip of nine cameras over 90 days,
 * first asked and again; keyframes and GOPs at moments nobody asked for before, and again; nine cameras scrubbed together;
 * what 20 playbacks at once cost; exports, one over a BFF that is killed on its way; and all that a browser has of it
 * (recordings-in-page.ts).
 * Options: `seeks` (each kind, default 100), `seconds` of playback (default 20), `minutes` to export (default 20), `kills`
 * (default 3).
 */
export async function run(options: Record<string, string> = {}): Promise<object> {
  const bff = await throughBff(options);
  const page = await runInPage();
  return { bff, page, misses: [...bff.misses, ...page.misses] };
}

/** What is promised. Memory is bounded where the second half of twenty playbacks takes hardly more than the first. */
const limits = { stripMs: 300, scrubMs: 200, memoryGrowthPercent: 10 } as const;

async function throughBff(options: Record<string, string>) {
  const count = (name: string, usual: number): number => Number(options[name] ?? String(usual));
  const site = await RecordedSite.start();
  try {
    const client = await site.signIn();
    const { always, moved } = await siteCameraIds(client);
    // As on a wall: most record always, some on motion.
    const nine = [...always.slice(0, 5), ...moved.slice(0, 4)];
    const strip = await measureStrip(client, nine);
    const seeks = count('seeks', 100);
    const keyframe = await seek(client, always, 'keyframe', seeks);
    const gop = await seek(client, always, 'gop', seeks);
    const scrubbed = await scrub(client, always.slice(0, 9), seeks);
    const playback = await playBack(site, client, always, count('seconds', 20));
    const exported = await exportSome(site, client, always.slice(0, 2), count('minutes', 20));
    const killed = await exportOverKills(site, always[0] ?? '', count('kills', 3));
    const { mostOfFirstHalf, mostOfSecondHalf } = playback.rssMB;
    return {
      strip,
      keyframe,
      gop,
      scrub: scrubbed,
      playback,
      export: exported,
      killed,
      misses: missesOf({
        'strip of nine cameras over 90 days, ms': [strip.coldMs, limits.stripMs],
        'keyframes of nine cameras, uncached, p95 ms': [scrubbed.uncachedMs.p95, limits.scrubMs],
        'GOPs of 20 playbacks that came late': [playback.late, 0],
        'memory of 20 playbacks, growth in the second half, %': [
          100 * (mostOfSecondHalf / mostOfFirstHalf - 1),
          limits.memoryGrowthPercent,
        ],
        'exports that differ after kills': [killed.isSame && killed.kills > 0 ? 0 : 1, 0],
      }),
    };
  } finally {
    site.close();
  }
}

/** First at moments hours apart, spread over the cameras; then the same again. */
async function seek(
  client: Client,
  cameraIds: readonly string[],
  only: string,
  count: number,
): Promise<object> {
  const from = Date.now() - (only === 'gop' ? 3 : 6) * day;
  const addresses = Array.from({ length: count }, (_, i) =>
    frames(cameraIds[i % cameraIds.length] ?? '', from + i * 7 * minute + 777, only),
  );
  const measure = async (all: readonly string[]) => {
    const times: number[] = [];
    for (const address of all) times.push((await client.timed(address)).ms);
    return spread(times);
  };
  const uncachedMs = await measure(addresses);
  return { uncachedMs, cachedMs: await measure(addresses.slice(-40)) };
}

/** The keyframes of all cameras at one moment after the other, until the last of them is there. */
async function scrub(client: Client, cameraIds: readonly string[], count: number) {
  const from = Date.now() - 9 * day;
  const measure = async () => {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const began = performance.now();
      await Promise.all(cameraIds.map((id) => client.timed(frames(id, from + i * 11_000, 'keyframe'))));
      times.push(performance.now() - began);
    }
    return spread(times);
  };
  return { cameras: cameraIds.length, uncachedMs: await measure(), cachedMs: await measure() };
}

async function measureStrip(client: Client, cameraIds: readonly string[]) {
  const to = Date.now();
  const address = (resolutionMs: number): string =>
    `/api/recordings/spans?${new URLSearchParams({
      cameras: cameraIds.join(),
      from: iso(to - 90 * day),
      to: iso(to),
      resolutionMs: String(resolutionMs),
    }).toString()}`;
  const cold = await client.timed(address(3_600_000));
  const again: number[] = [];
  for (let i = 0; i < 20; i++) again.push((await client.timed(address(3_600_000 + i))).ms);
  // Another step of the zoom is read afresh, by what is known of the recorder already.
  const zoomed = await client.timed(address(900_000));
  const warmMs = spread(again);
  return {
    cameras: cameraIds.length,
    days: 90,
    coldMs: Math.round(cold.ms),
    bytes: cold.bytes,
    warmMs,
    otherZoomMs: Math.round(zoomed.ms),
    coldToWarm: Number((cold.ms / Math.max(1, warmMs.p50)).toFixed(1)),
  };
}

/** Every camera at its own pace: the next GOP when it is due. */
async function playBack(site: RecordedSite, client: Client, cameraIds: readonly string[], seconds: number) {
  const began = Date.now();
  const rssMBAtStart = site.residentMB();
  const cost = watchCost({ bff: site.bffPid });
  const times: number[] = [];
  /** Once a second: memory that is bounded ends where it was in the middle. */
  const resident: number[] = [];
  let bytes = 0;
  let late = 0;
  const watch = setInterval(() => resident.push(site.residentMB()), 1000);
  await Promise.all(
    cameraIds.map(async (cameraId, i) => {
      await sleep((i * 2000) / cameraIds.length);
      const offset = 2 * day - i * minute;
      // Its clock starts when it does, somewhere within a GOP: what is left of that one says nothing of being late.
      let at = Date.now() - offset;
      let isFirst = true;
      while (Date.now() - began < seconds * 1000) {
        const gop = await client.timed(frames(cameraId, at, 'gop'));
        times.push(gop.ms);
        bytes += gop.bytes;
        at = gop.end === null ? at + 2000 : Date.parse(gop.end);
        const waitMs = at + offset - Date.now();
        if (waitMs < 0 && !isFirst) late++;
        isFirst = false;
        await sleep(Math.max(0, waitMs));
      }
    }),
  );
  clearInterval(watch);
  const half = Math.max(...resident.slice(0, Math.ceil(resident.length / 2)));
  const end = Math.max(...resident.slice(Math.ceil(resident.length / 2)));
  return {
    playbacks: cameraIds.length,
    gopMs: spread(times),
    late,
    megabytes: Math.round(bytes / 1e6),
    rssMB: { atStart: rssMBAtStart, mostOfFirstHalf: half, mostOfSecondHalf: end },
    cost: cost(),
  };
}
