import { describe, expect, it, vi } from 'vitest';
import { Gate } from './gate.ts';

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** Six tiles at a gate for two; what each was told and who is in. */
function crowd(gate: Gate, urgencies = [0, 1, 2, 3, 4, 5]) {
  const told = urgencies.map((): number[] => []);
  const inside = new Map<number, () => void>();
  const aborts = urgencies.map(() => new AbortController());
  const entered = urgencies.map((_, tile) =>
    gate
      .enter(
        `t${tile}`,
        () => urgencies[tile]!,
        aborts[tile]!.signal,
        (place) => told[tile]!.push(place),
      )
      .then((leave) => inside.set(tile, leave)),
  );
  return { told, inside, aborts, entered, urgencies };
}

describe('the gate', () => {
  it('lets in as many as it holds and tells the others their places', async () => {
    const { told, inside } = crowd(new Gate(2));
    await settled();
    expect([...inside.keys()]).toEqual([0, 1]);
    expect(told.map((places) => places.at(-1))).toEqual([undefined, undefined, 1, 2, 3, 4]);
  });

  it('lets the next in when one leaves, once however often it says so', async () => {
    const { told, inside } = crowd(new Gate(2));
    await settled();
    inside.get(0)!();
    inside.get(0)!();
    await settled();
    expect([...inside.keys()]).toEqual([0, 1, 2]);
    expect(told[2]).toEqual([1, 0]);
    expect(told[3]!.at(-1)).toBe(1);
  });

  it('has nobody wait longer than a turn for those whose cameras do not answer', async () => {
    vi.useFakeTimers();
    try {
      const { told, inside } = crowd(new Gate(2, 3000));
      await vi.advanceTimersByTimeAsync(2999);
      expect([...inside.keys()]).toEqual([0, 1]);
      await vi.advanceTimersByTimeAsync(1);
      expect([...inside.keys()]).toEqual([0, 1, 2, 3]);
      // Theirs is over already: nobody is let in for it a second time.
      inside.get(0)!();
      await vi.advanceTimersByTimeAsync(0);
      expect([...inside.keys()]).toEqual([0, 1, 2, 3]);
      expect(told[4]!.at(-1)).toBe(1);
      inside.get(2)!();
      await vi.advanceTimersByTimeAsync(0);
      expect([...inside.keys()]).toEqual([0, 1, 2, 3, 4]);
      inside.get(3)!();
      inside.get(4)!();
      await vi.advanceTimersByTimeAsync(0);
      inside.get(5)!();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('asks how urgent they are when it is their turn, not when they came', async () => {
    const gate = new Gate(2);
    const { told, inside, urgencies } = crowd(gate);
    await settled();
    urgencies[5] = -1;
    gate.reconsider();
    expect(told[5]!.at(-1)).toBe(1);
    inside.get(1)!();
    await settled();
    expect([...inside.keys()]).toEqual([0, 1, 5]);
  });

  it('forgets who gives up in line', async () => {
    const { told, aborts, entered, inside } = crowd(new Gate(2));
    await settled();
    aborts[2]!.abort(new Error('enough'));
    await expect(entered[2]).rejects.toThrow('enough');
    expect(told[3]!.at(-1)).toBe(1);
    inside.get(0)!();
    await settled();
    expect(inside.has(3)).toBe(true);
  });

  it('takes the turn back from who gave up in the moment of being let in', async () => {
    const gate = new Gate(1);
    const leave = await gate.enter(
      'first',
      () => 0,
      never,
      () => undefined,
    );
    const second = new AbortController();
    const entering = gate.enter(
      'second',
      () => 0,
      second.signal,
      () => undefined,
    );
    leave();
    second.abort(new Error('enough'));
    await expect(entering).rejects.toThrow('enough');
    const third = await gate.enter(
      'third',
      () => 0,
      never,
      () => undefined,
    );
    expect(third).toBeTypeOf('function');
  });
});
