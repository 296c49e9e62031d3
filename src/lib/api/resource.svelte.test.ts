import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NetworkError, ProblemError } from './errors.ts';
import { Resource, type ResourceOptions } from './resource.svelte.ts';

/** A far end whose answers the test gives by hand. */
class FarEnd {
  readonly asked: PromiseWithResolvers<readonly string[]>[] = [];
  readonly signals: AbortSignal[] = [];
  readonly read = (signal: AbortSignal): Promise<readonly string[]> => {
    const answer = Promise.withResolvers<readonly string[]>();
    this.asked.push(answer);
    this.signals.push(signal);
    return answer.promise;
  };

  async answer(value: readonly string[] | Error): Promise<void> {
    if (value instanceof Error) this.asked.at(-1)?.reject(value);
    else this.asked.at(-1)?.resolve(value);
    await vi.advanceTimersByTimeAsync(0);
  }
}

const away = new NetworkError('unreachable', 'away');
let stop: (() => void) | undefined;

/** A resource as a component would make it. */
function made(farEnd: FarEnd, options: Partial<ResourceOptions<readonly string[]>> = {}) {
  let resource: Resource<readonly string[]> | undefined;
  stop = $effect.root(() => {
    resource = new Resource<readonly string[]>({ read: farEnd.read, random: () => 1, ...options });
  });
  vi.advanceTimersByTime(0);
  if (!resource) throw new Error('not made');
  return resource;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  stop?.();
  vi.useRealTimers();
});

describe('a resource', () => {
  it('is read once it is made, and not after its component is gone', async () => {
    const farEnd = new FarEnd();
    const resource = made(farEnd, { everyMs: 1000 });
    await vi.advanceTimersByTimeAsync(0);
    expect(resource.value).toBeUndefined();
    await farEnd.answer(['a']);
    expect(resource.value).toEqual(['a']);
    stop?.();
    await vi.advanceTimersByTimeAsync(5000);
    expect(farEnd.asked).toHaveLength(1);
  });

  it('ends the reading with its component', async () => {
    const farEnd = new FarEnd();
    made(farEnd);
    await vi.advanceTimersByTimeAsync(0);
    stop?.();
    expect(farEnd.signals[0]?.aborted).toBe(true);
  });

  it('is read again every so often, and keeps what it knows when nothing is new', async () => {
    const farEnd = new FarEnd();
    const resource = made(farEnd, { everyMs: 1000 });
    await vi.advanceTimersByTimeAsync(0);
    await farEnd.answer(['a']);
    const known = resource.value;
    await vi.advanceTimersByTimeAsync(1000);
    expect(farEnd.asked).toHaveLength(2);
    await farEnd.answer(['a']);
    expect(resource.value).toBe(known);
  });

  it('goes on asking, ever more slowly, and says why meanwhile', async () => {
    const farEnd = new FarEnd();
    const resource = made(farEnd);
    await vi.advanceTimersByTimeAsync(0);
    await farEnd.answer(away);
    expect(resource.failure).toBe(away);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const before = farEnd.asked.length;
      let waited = 0;
      for (; farEnd.asked.length === before; waited += 500) await vi.advanceTimersByTimeAsync(500);
      waits.push(waited);
      await farEnd.answer(away);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    await vi.advanceTimersByTimeAsync(30_000);
    await farEnd.answer(['a']);
    expect([resource.value, resource.failure]).toEqual([['a'], null]);
  });

  it('does not ask again after a refusal, and asks when told to', async () => {
    const farEnd = new FarEnd();
    const resource = made(farEnd);
    await vi.advanceTimersByTimeAsync(0);
    await farEnd.answer(new ProblemError({ type: 'x', code: 'not-permitted', title: 'No', status: 403 }));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(farEnd.asked).toHaveLength(1);
    resource.refresh();
    expect(farEnd.asked).toHaveLength(2);
  });

  it('told to while it is being read, shows that answer and reads once more', async () => {
    const farEnd = new FarEnd();
    const resource = made(farEnd);
    await vi.advanceTimersByTimeAsync(0);
    resource.refresh();
    resource.refresh();
    expect(farEnd.asked).toHaveLength(1);
    await farEnd.answer(['old']);
    expect(resource.value).toEqual(['old']);
    expect(farEnd.asked).toHaveLength(2);
    await farEnd.answer(['new']);
    expect(resource.value).toEqual(['new']);
    expect(farEnd.asked).toHaveLength(2);
  });

  it('does not let an answer from before a change undo it', async () => {
    const farEnd = new FarEnd();
    const resource = made(farEnd);
    await vi.advanceTimersByTimeAsync(0);
    await farEnd.answer(['a']);
    resource.refresh();
    resource.change((known) => [...known, 'b']);
    await farEnd.answer(['a']);
    expect(resource.value).toEqual(['a', 'b']);
    await farEnd.answer(['a', 'b', 'c']);
    expect(resource.value).toEqual(['a', 'b', 'c']);
  });
});
