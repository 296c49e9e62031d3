import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SpansAnswer } from '#contract/recording.ts';
import { sequences } from '#mocks/site/recordings.ts';
import { listen, type Listening } from '#server/listening.ts';
import { eventually } from '#server/testing/eventually.ts';
import { readFragments } from './testing/read-fragments.ts';
import { type RealSite, startRealSite } from './testing/real-site.ts';

/** Recorded pictures while something goes wrong: over real sockets, from a pretend XProtect. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const hour = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();
let site: RealSite;
let front: Listening;
beforeAll(async () => {
  site = await startRealSite();
  front = await listen({ fetch: (asked) => site.app.fetch(asked), host: '127.0.0.1', port: 0 });
});
afterEach(() => {
  site.xprotect.faults.reset();
});
afterAll(async () => {
  await front.close(0);
  await site.close();
});

const always = (): string => site.cameras[0]?.id ?? '';
const frames = (at: number, cameraId = always()): string =>
  `/api/recordings/${cameraId}/frames?${new URLSearchParams({ at: iso(at) }).toString()}`;
const segment = (start: number, end: number): string =>
  `/api/recordings/${always()}/segment.mp4?${new URLSearchParams({
    part: 'media',
    start: iso(start),
    end: iso(end),
  }).toString()}`;
/** Pictures that were asked of recorders so far. */
const asked = (): number => site.xprotect.calls.get('next') ?? 0;

/** A browser's request over a real connection; nothing of its body is read before somebody does. */
async function open(path: string): Promise<IncomingMessage> {
  const sent = request({
    host: '127.0.0.1',
    port: front.port,
    path,
    headers: { cookie: site.boss.cookie },
    agent: false,
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

/** When so many looks in a row found the same. */
async function settled(look: () => number): Promise<number> {
  for (let last = look(), same = 0; ;) {
    await sleep(40);
    const now = look();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same >= 10) return now;
  }
}

describe('a browser that', () => {
  // Four minutes at 25 pictures a second: twenty megabytes, far more than all buffers on the way.
  const long = (hoursAgo: number): string => {
    const start = Date.now() - hoursAgo * hour;
    return segment(start, start + 240_000);
  };
  const all = 6000;

  it('stops reading stops the recorder’s sending, and gets all the rest when it reads on', async () => {
    const before = asked();
    const response = await open(long(30));
    expect(response.statusCode).toBe(200);
    const stopped = (await settled(asked)) - before;
    expect(stopped).toBeLessThan(all / 2);
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const moments = readFragments(Buffer.concat(parts)).fragments.flat();
    expect(moments.length).toBeGreaterThan(all - 100);
    expect(asked() - before).toBeGreaterThan(all - 100);
  });

  it('leaves stops the recorder’s sending, and gives its connection back', async () => {
    const before = asked();
    const response = await open(long(40));
    response.destroy();
    const stopped = (await settled(asked)) - before;
    expect(stopped).toBeLessThan(all / 2);
    // The connection rests in the pool: the next one takes it over, and it is sound.
    const connections = site.xprotect.connectionCount;
    const answer = await site.boss.send('GET', frames(Date.now() - 41 * hour));
    expect(answer.status).toBe(200);
    expect(site.xprotect.connectionCount).toBeLessThanOrEqual(Math.max(1, connections));
  });
});

describe('playing on', () => {
  const read = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await site.boss.send('GET', path)).arrayBuffer());

  it('over the end of all tokens, nothing is lost or doubled', async () => {
    const start = Date.now() - 50 * hour;
    site.xprotect.faults.setSurface('image-server', { latencyMs: 1 });
    const response = await open(segment(start, start + 20_000));
    const parts: Buffer[] = [];
    for await (const part of response) {
      parts.push(part as Buffer);
      if (parts.length === 3) site.xprotect.faults.expireTokens();
    }
    const moments = readFragments(Buffer.concat(parts))
      .fragments.flat()
      .map(({ time }) => time);
    expect(moments.length).toBeGreaterThan(490);
    expect(moments).toEqual([...new Set(moments)].sort((a, b) => a - b));
    for (const [i, time] of moments.entries()) if (i > 0) expect(time - (moments[i - 1] ?? 0)).toBe(40);
  });

  it('while the recorder dies breaks the answer off; others say so in words, and it goes on when it is back', async () => {
    const start = Date.now() - 60 * hour;
    site.xprotect.faults.setSurface('image-server', { latencyMs: 2 });
    const response = await open(segment(start, start + 60_000));
    let bytes = 0;
    const broken = (async () => {
      for await (const part of response) {
        bytes += (part as Buffer).length;
        site.xprotect.faults.setRecorder(1, 'offline');
      }
    })();
    await expect(broken).rejects.toThrow();
    expect(bytes).toBeGreaterThan(0);
    const refused = await site.boss.send('GET', frames(start - hour));
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      503,
      'vms-unavailable',
    ]);
    const query = new URLSearchParams({
      cameras: always(),
      from: iso(start - 5 * hour),
      to: iso(start - 4 * hour),
      resolutionMs: '1',
    }).toString();
    const { cameras } = await site.boss.json<SpansAnswer>('GET', `/api/recordings/spans?${query}`);
    expect(cameras).toMatchObject([{ recorded: [], isComplete: false }]);

    site.xprotect.faults.reset();
    await eventually(async () => (await site.boss.send('GET', frames(start - hour))).status).toBe(200);
    const whole = await read(segment(start, start + 60_000));
    expect(readFragments(whole).fragments.flat().length).toBeGreaterThan(1490);
  });

  it('goes over a gap to what follows it, and says where it begins', async () => {
    const moved = site.cameras.find(({ number }) => number % 5 === 2)!;
    const now = Date.now();
    const spans = sequences(moved, { start: now - 50 * hour, end: now - 30 * hour }, now);
    const i = spans.findIndex((span, at) => at > 0 && span.start - spans[at - 1]!.end > 60_000);
    const [before, after] = [spans[i - 1]!, spans[i]!];
    const last = await site.boss.send('GET', frames(before.end - 1, moved.id));
    // The recorder's first picture after the gap may have been taken a little before the span it tells of begins.
    const next = Date.parse(last.headers.get('parapet-end') ?? '');
    expect(Math.abs(next - after.start)).toBeLessThan(2100);
    const inGap = await site.boss.send('GET', frames(before.end + 30_000, moved.id));
    expect(inGap.headers.get('parapet-end')).toBe(last.headers.get('parapet-end'));
    const following = await site.boss.send('GET', frames(next, moved.id));
    expect(following.headers.get('parapet-start')).toBe(iso(next));
    expect(momentsOf(await following.arrayBuffer())[0]).toBe(next);
  });
});

const momentsOf = (bytes: ArrayBuffer): number[] =>
  readFragments(new Uint8Array(bytes))
    .fragments.flat()
    .map(({ time }) => time);
