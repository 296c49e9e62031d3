import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeStills } from '#server/testing/fake-stills.ts';
import { FakeVms } from '#server/testing/fake-vms.ts';
import type { Still, VmsRecordings } from '#server/vms/recordings.ts';
import { VmsError, type Vms } from '#server/vms/vms.ts';
import { type LastWish, StillDesk } from './still-desk.ts';
import { StillOffers } from './still-offers.ts';

const start = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;
const camera = { id: 'p1', vmsId: 'town' };
const anyAge: LastWish = { width: 320, mostAgeMs: Infinity, patienceMs: 300 };
const upToAMinute: LastWish = { ...anyAge, mostAgeMs: 60_000 };

class Town extends FakeVms {
  readonly stills = new FakeStills(start);
  recorded: Still | undefined;
  recordedAsked = 0;
  readonly recordings = {
    newestStill: async (_camera: string, _width: number, signal: AbortSignal) => {
      this.recordedAsked++;
      await Promise.resolve();
      signal.throwIfAborted();
      return this.recorded;
    },
  } as unknown as VmsRecordings;
}

let town: Town;
let desk: StillDesk;
const textOf = (still: Still | undefined): string => Buffer.from(still?.jpeg ?? []).toString();
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const late = new AbortController();
    setTimeout(() => late.abort(new DOMException('late', 'TimeoutError')), ms);
    return late.signal;
  });
  town = new Town();
  desk = new StillDesk({ systems: [town], now: () => start + performance.now() });
});
afterEach(() => {
  desk.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the last still', () => {
  it('is the newest live one, asked for once however many want it', async () => {
    const all = await Promise.all(Array.from({ length: 9 }, () => desk.last(camera, upToAMinute, never)));
    expect(new Set(all.map(textOf))).toEqual(new Set([`p1 ${start} 320`]));
    expect(all[0]?.ageMs).toBe(0);
    expect(town.stills.asked).toEqual(['p1 320']);
    expect(town.recordedAsked).toBe(0);
  });

  it('is remembered for two seconds without asking, and for longer while the recorder does not answer', async () => {
    await desk.last(camera, upToAMinute, never);
    await pass(1900);
    expect(textOf(await desk.last(camera, upToAMinute, never))).toBe(`p1 ${start} 320`);
    expect(town.stills.asked).toHaveLength(1);
    await pass(1000);
    town.stills.error = new VmsError('unavailable', 'off');
    expect(await desk.last(camera, upToAMinute, never)).toMatchObject({ timeMs: start, ageMs: 2900 });
    expect(town.stills.asked).toHaveLength(2);
  });

  it('comes within its time from memory, and the next one has what was found after that', async () => {
    await desk.last(camera, upToAMinute, never);
    await pass(3000);
    town.stills.isSlow = true;
    const first = desk.last(camera, upToAMinute, never);
    await pass(299);
    let isThere = false;
    void first.then(() => (isThere = true));
    await Promise.resolve();
    expect(isThere).toBe(false);
    await pass(1);
    expect((await first)?.timeMs).toBe(start);
    town.stills.letGo();
    await pass(0);
    expect((await desk.last(camera, upToAMinute, never))?.timeMs).toBe(start + 100);
  });

  it('is the newest recorded one where there is none live', async () => {
    town.stills.nextMs = undefined;
    town.recorded = { timeMs: start - 30_000, jpeg: Buffer.from('recorded') };
    const still = await desk.last(camera, upToAMinute, never);
    expect([textOf(still), still?.ageMs]).toEqual(['recorded', 30_000]);
  });

  it('that is older than it may be is none, remembered or recorded', async () => {
    town.recorded = { timeMs: start - 60_001, jpeg: Buffer.from('recorded') };
    await desk.last(camera, upToAMinute, never);
    await pass(60_001);
    town.stills.nextMs = undefined;
    expect(await desk.last(camera, upToAMinute, never)).toBeUndefined();
    expect((await desk.last(camera, anyAge, never))?.ageMs).toBe(60_001);
  });

  it('is none when nothing is found in time', async () => {
    town.stills.isSlow = true;
    const still = desk.last(camera, anyAge, never);
    await pass(300);
    expect(await still).toBeUndefined();
    expect(town.recordedAsked).toBe(1);
  });

  it('is none where the VMS makes none', async () => {
    const plain = new StillDesk({ systems: [new FakeVms()], now: () => start });
    expect(await plain.last(camera, anyAge, never)).toBeUndefined();
    expect(await plain.last({ id: 'p1', vmsId: 'elsewhere' }, anyAge, never)).toBeUndefined();
    expect(await plain.next(camera, 640, undefined, never)).toBeUndefined();
    plain.close();
  });

  it('is what somebody who watches by stills sees', async () => {
    const watched = await desk.next(camera, 640, undefined, never);
    expect(await desk.last(camera, upToAMinute, never)).toMatchObject({ timeMs: watched?.timeMs, ageMs: 0 });
    expect(town.stills.asked).toEqual(['p1 640']);
  });

  it('is kept of the cameras asked for last, as many as there is room for', async () => {
    desk = new StillDesk({ systems: [town], now: () => start, memoryBytes: 200 });
    for (let i = 0; i < 50; i++) await desk.last({ ...camera, id: `c${i}` }, upToAMinute, never);
    expect(desk.bytes).toBeGreaterThan(100);
    expect(desk.bytes).toBeLessThanOrEqual(200);
    const asked = town.stills.asked.length;
    await desk.last({ ...camera, id: 'c49' }, upToAMinute, never);
    expect(town.stills.asked).toHaveLength(asked);
    await desk.last({ ...camera, id: 'c0' }, upToAMinute, never);
    expect(town.stills.asked).toHaveLength(asked + 1);
  });
});

describe('who makes stills', () => {
  it('is known from the first answer on, and what was true stays so while nobody answers', async () => {
    const plain: Vms = new FakeVms('plain');
    const offers = new StillOffers([town, plain]);
    expect(await offers.known()).toEqual(new Set(['town']));
    town.stills.error = new VmsError('unavailable', 'off');
    await pass(31_000);
    expect(await offers.known()).toEqual(new Set(['town']));
    await pass(0);
    town.stills.error = undefined;
    town.stills.isMade = false;
    await offers.known();
    await pass(0);
    expect(await offers.known()).toEqual(new Set());
    offers.close();
  });

  it('is waited for a second at most', async () => {
    const asking = vi.spyOn(town.stills, 'isOffered').mockReturnValue(new Promise(() => undefined));
    const offers = new StillOffers([town]);
    const known = offers.known();
    await pass(1000);
    expect(await known).toEqual(new Set());
    expect(asking).toHaveBeenCalledOnce();
    offers.close();
  });
});
