import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReserveOutcome } from '#contract/reservation.ts';
import type { Wanted } from './lease-book.ts';
import { type LeaseDesk, Leases } from './leases.ts';

const never = new AbortController().signal;
const sixteen: Wanted[] = Array.from({ length: 16 }, (_, i) => ({
  key: `t${i}`,
  cameraId: `c${i}`,
  stream: 'sub',
}));

/** A BFF that grants everything but what `refuse` names, and remembers what it was asked. */
function desk(refuse: Record<string, 'not-permitted' | 'camera-offline' | 'quota-exceeded'> = {}) {
  let count = 0;
  const held = new Set<string>();
  const asked: string[][] = [];
  const released: string[] = [];
  const renewals: string[][] = [];
  const state = { isAway: false, refuse, held, asked, released, renewals };
  const reserve: LeaseDesk['reserve'] = async (wanted) => {
    if (state.isAway) throw new TypeError('fetch failed');
    asked.push(wanted.map(({ cameraId }) => cameraId));
    return wanted.map(({ cameraId, stream }): ReserveOutcome => {
      const code = state.refuse[cameraId];
      if (code) return { status: 'refused', cameraId, stream, code, reason: code };
      const id = `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;
      held.add(id);
      return {
        status: 'reserved',
        reservation: { id, cameraId, stream, expiresAt: 0, whepUrl: `/api/whep/${id}`, ways: [] },
      };
    });
  };
  const renew: LeaseDesk['renew'] = async (ids) => {
    if (state.isAway) throw new TypeError('fetch failed');
    renewals.push([...ids]);
    return {
      renewed: ids.filter((id) => held.has(id)).map((id) => ({ id, expiresAt: 0 })),
      ended: ids.filter((id) => !held.has(id)),
    };
  };
  const release: LeaseDesk['release'] = async (ids) => {
    released.push(...ids);
    ids.forEach((id) => held.delete(id));
  };
  return { ...state, state, reserve, renew, release };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('reservations of a wall', () => {
  it('asks for the whole wall in one request', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(sixteen);
    const taken = await Promise.all(sixteen.map(({ key }) => leases.take(key, never)));
    expect(bff.asked).toHaveLength(1);
    expect(taken.map(({ cameraId }) => cameraId)).toEqual(sixteen.map(({ cameraId }) => cameraId));
  });

  it('asks only for what is new, and releases what is gone', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(sixteen);
    const first = await leases.take('t0', never);
    leases.want([...sixteen.slice(1), { key: 'new', cameraId: 'c99', stream: 'main' }]);
    await leases.take('new', never);
    expect(bff.asked.at(-1)).toEqual(['c99']);
    expect(bff.released).toEqual([first.id]);
  });

  it('has one reservation for a camera that is on the wall twice, until neither needs it', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    const twice = (...keys: string[]) => keys.map((key) => ({ key, cameraId: 'c1', stream: 'sub' as const }));
    leases.want(twice('a'));
    const first = await leases.take('a', never);
    leases.want(twice('a', 'b'));
    expect((await leases.take('b', never)).id).toBe(first.id);
    leases.want(twice('b'));
    leases.want(twice('c'));
    expect((await leases.take('c', never)).id).toBe(first.id);
    expect([bff.asked, bff.released]).toEqual([[['c1']], []]);
    leases.want([]);
    expect(bff.released).toEqual([first.id]);
  });

  it('takes “over the quota” for something that passes, and asks again when the picture is tried again', async () => {
    const bff = desk({ c0: 'quota-exceeded' });
    const leases = new Leases(bff);
    leases.want(sixteen);
    await expect(leases.take('t0', never)).rejects.toMatchObject({
      code: 'quota-exceeded',
      isTransient: true,
    });
    bff.state.refuse = {};
    expect((await leases.take('t0', never)).cameraId).toBe('c0');
  });

  it('renews all of them every ten seconds in one request', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(sixteen);
    await leases.take('t0', never);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(bff.renewals.map((ids) => ids.length)).toEqual([16, 16]);
  });

  it('asks again for what a renewal says has ended', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(sixteen);
    const before = await leases.take('t3', never);
    bff.held.delete(before.id);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(bff.asked.at(-1)).toEqual(['c3']);
    expect((await leases.take('t3', never)).id).not.toBe(before.id);
  });

  it('keeps what it holds while the BFF is away', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(sixteen);
    const before = await leases.take('t3', never);
    bff.state.isAway = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await leases.take('t3', never)).toBe(before);
  });

  it('tells the pictures whose reservations were ended by force', async () => {
    const bff = desk();
    const ended: string[] = [];
    const leases = new Leases(bff, (keys) => ended.push(...keys));
    leases.want(sixteen);
    const { id } = await leases.take('t5', never);
    leases.ended([id, 'somebody else’s']);
    expect(ended).toEqual(['t5']);
  });

  it('words a refusal by its code and asks again on the next attempt', async () => {
    const bff = desk({ c2: 'camera-offline', c3: 'not-permitted' });
    const leases = new Leases(bff);
    leases.want(sixteen);
    await expect(leases.take('t2', never)).rejects.toMatchObject({
      code: 'camera-offline',
      isTransient: true,
    });
    await expect(leases.take('t3', never)).rejects.toMatchObject({
      code: 'not-permitted',
      isTransient: false,
    });
    delete bff.state.refuse['c2'];
    expect(await leases.take('t2', never)).toMatchObject({ cameraId: 'c2' });
  });

  it('says that it could not ask, and asks again on the next attempt', async () => {
    const bff = desk();
    bff.state.isAway = true;
    const leases = new Leases(bff);
    leases.want(sixteen.slice(0, 1));
    await expect(leases.take('t0', never)).rejects.toMatchObject({ code: 'unreachable' });
    bff.state.isAway = false;
    expect(await leases.take('t0', never)).toMatchObject({ cameraId: 'c0' });
  });

  it('releases what arrives after nobody wants it any more', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(sixteen.slice(0, 2));
    await Promise.resolve();
    leases.want([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(bff.released).toHaveLength(2);
    expect(bff.held.size).toBe(0);
  });

  it('lets a waiting picture give up without disturbing the request', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    const impatient = new AbortController();
    leases.want(sixteen.slice(0, 2));
    const taking = leases.take('t0', impatient.signal);
    impatient.abort(new Error('enough'));
    await expect(taking).rejects.toThrow('enough');
    expect(await leases.take('t1', never)).toMatchObject({ cameraId: 'c1' });
  });

  it('lets go of everything on leaving and takes it up again on coming back', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(sixteen);
    await leases.take('t0', never);
    leases.leave();
    expect(bff.held.size).toBe(0);
    leases.want(sixteen);
    expect(await leases.take('t0', never)).toMatchObject({ cameraId: 'c0' });
    leases.close();
    leases.close();
    expect(bff.held.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('asks in portions the contract allows', async () => {
    const bff = desk();
    const leases = new Leases(bff);
    leases.want(Array.from({ length: 70 }, (_, i) => ({ key: `k${i}`, cameraId: `c${i}`, stream: 'sub' })));
    await leases.take('k69', never);
    expect(bff.asked.map((wanted) => wanted.length)).toEqual([64, 6]);
  });
});
