import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Still } from '#server/vms/recordings.ts';
import { NoPicture, StillReader, type TakenStill } from './still-reader.ts';

const start = Date.UTC(2026, 10, 20, 12);
let times: number[];
let reads: number;
let answer: () => Promise<Still | undefined>;
let taken: TakenStill[];
let reader: StillReader;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  times = [];
  reads = 0;
  taken = [];
  answer = async () => ({ timeMs: start + reads * 100, jpeg: Uint8Array.of(reads) });
  reader = new StillReader({
    read: async () => {
      reads++;
      times.push(performance.now());
      return answer();
    },
    onStill: (still) => void taken.push(still),
    random: () => 1,
  });
});
afterEach(() => {
  reader.close(new Error('over'));
  vi.useRealTimers();
});

const never = new AbortController().signal;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('reading stills', () => {
  it('asks once for however many want the same', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => reader.next(undefined, never)));
    expect(new Set(all.map(({ timeMs }) => timeMs))).toEqual(new Set([start + 100]));
    expect(reads).toBe(1);
    expect((await reader.next(undefined, never)).timeMs).toBe(start + 100);
    expect(reads).toBe(1);
  });

  it('goes on every 700 ms for those who want what comes later', async () => {
    let after: number | undefined;
    for (let i = 1; i <= 4; i++) {
      const next = reader.next(after, never);
      await pass(700);
      after = (await next).timeMs;
      expect(after).toBe(start + i * 100);
    }
    expect(times.slice(1, 4).map((time, i) => Math.round(time - times[i]!))).toEqual([700, 700, 700]);
    expect(taken.slice(0, 4).map(({ timeMs }) => timeMs)).toEqual([1, 2, 3, 4].map((i) => start + i * 100));
  });

  it('stops some seconds after the last one has asked, and starts again for the next', async () => {
    await reader.next(undefined, never);
    await pass(30_000);
    expect(reads).toBe(6);
    expect(reader.isIdle).toBe(true);
    expect((await reader.next(undefined, never)).timeMs).toBe(start + 700);
  });

  it('does not give out what came longer than a second ago', async () => {
    await reader.next(undefined, never);
    answer = () => new Promise(() => undefined);
    await pass(1500);
    let isThere = false;
    void reader.next(undefined, never).then(
      () => (isThere = true),
      () => undefined,
    );
    await pass(100);
    expect(isThere).toBe(false);
  });

  it('waits as long as the camera shows the same moment', async () => {
    const { timeMs } = await reader.next(undefined, never);
    answer = async () => ({ timeMs, jpeg: Uint8Array.of(0) });
    const leaving = new AbortController();
    const next = reader.next(timeMs, leaving.signal);
    const gone = expect(next).rejects.toThrow('enough');
    await pass(5000);
    leaving.abort(new Error('enough'));
    await gone;
    expect(taken).toHaveLength(1);
    // Who has seen none yet is shown it.
    const first = reader.next(undefined, never);
    await pass(700);
    expect((await first).timeMs).toBe(timeMs);
  });

  it('gives the newest to whoever is ahead of the recorder’s clock', async () => {
    const next = reader.next(start + 60_000, never);
    await pass(0);
    expect((await next).timeMs).toBe(start + 100);
  });

  it('forgives one failure and tells of two, then tries again with pauses that grow', async () => {
    answer = () => Promise.reject(new Error('busy'));
    const refused = expect(reader.next(undefined, never)).rejects.toThrow('busy');
    await pass(700);
    await refused;
    expect(reads).toBe(2);
    const again = expect(reader.next(undefined, never)).rejects.toThrow('busy');
    await pass(1399);
    expect(reads).toBe(2);
    await pass(1);
    await again;
    expect(reads).toBe(3);
    answer = async () => ({ timeMs: start, jpeg: Uint8Array.of(1) });
    const good = reader.next(undefined, never);
    await pass(2800);
    expect((await good).timeMs).toBe(start);
  });

  it('says when there is no picture', async () => {
    answer = async () => undefined;
    const refused = expect(reader.next(undefined, never)).rejects.toThrow(NoPicture);
    await pass(700);
    await refused;
  });

  it('ends for everybody when it is closed', async () => {
    answer = () => new Promise(() => undefined);
    const ended = expect(reader.next(undefined, never)).rejects.toThrow('closed');
    reader.close(new Error('closed'));
    reader.close(new Error('again'));
    await ended;
    await expect(reader.next(undefined, never)).rejects.toThrow('closed');
  });
});
