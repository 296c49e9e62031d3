import { describe, expect, it } from 'vitest';
import { ByteLru } from './byte-lru.ts';
import { LatestWins } from './latest-wins.ts';
import { DragDirection, previewMoment, previewsFor, slotMs, slotOf } from './scrub.ts';

const s = 1000;
const all = [{ start: 0, end: 1e9 }];

describe('slots', () => {
  it.each([
    [5, 1000],
    [500, 1000],
    [600, 2000],
    [4000, 10_000],
    [60_000, 10_000],
    [9_000_000, 10_000],
  ])('at %i ms a pixel are %i ms long', (msPerPx, expected) => {
    expect(slotMs(msPerPx)).toBe(expected);
  });

  it('are not told apart from their moments where a pixel is longer than they are', () => {
    expect(previewMoment(12_500.7, 500, all)).toBe(12_000);
    expect(previewMoment(12_500.7, 9_999, all)).toBe(10_000);
    expect(previewMoment(12_500.7, 10_000, all)).toBe(12_500);
  });

  it('stand for the begin of a recording where one begins in them', () => {
    expect(slotOf(12_500, 5000, all)).toBe(10_000);
    expect(slotOf(12_500, 5000, [{ start: 12_000, end: 13_000 }])).toBe(12_000);
    expect(slotOf(12_500, 5000, undefined)).toBe(10_000);
  });
});

describe('what is wanted while dragging', () => {
  const cameras = [
    { cameraId: 'a', spans: all },
    { cameraId: 'b', spans: [{ start: 0, end: 20 * s }] },
    { cameraId: 'c', spans: undefined },
  ];
  const wanted = (direction: -1 | 0 | 1, time = 18.5 * s) =>
    previewsFor({ cameras, time, msPerPx: 500, direction, ahead: 2 }).map(
      ({ cameraId, at }) => `${cameraId}${at / s}`,
    );

  it('is every camera under the pointer first, then the way ahead', () => {
    expect(wanted(1)).toEqual(['a18', 'b18', 'c18', 'a19', 'b19', 'c19', 'a20', 'c20']);
    expect(wanted(-1)).toEqual(['a18', 'b18', 'c18', 'a17', 'b17', 'c17', 'a16', 'b16', 'c16']);
  });

  it('is as far apart as the hand goes, where that is further than a slot', () => {
    const moments = (strideMs: number, msPerPx = 500) =>
      previewsFor({ cameras: [cameras[0]!], time: 18.5 * s, msPerPx, direction: 1, strideMs, ahead: 2 }).map(
        ({ at }) => at / s,
      );
    expect([moments(300), moments(5_000)]).toEqual([
      [18, 19, 20],
      [18, 23, 28],
    ]);
    // From high up a hand that has not moved yet goes by pixels, not by slots.
    expect(moments(0, 60_000)).toEqual([18.5, 138.5, 258.5]);
  });

  it('is both sides at rest', () => {
    expect(wanted(0).filter((key) => key.startsWith('a'))).toEqual(['a18', 'a19', 'a17', 'a20', 'a16']);
  });

  it('is nothing where nothing is recorded', () => {
    expect(wanted(1, 100 * s).filter((key) => key.startsWith('b'))).toEqual([]);
  });
});

it('knows which way a drag goes, through trembling and turns', () => {
  const drag = new DragDirection();
  expect([100, 100.4, 120, 140, 139.8, 120, 119.7, 160].map((time) => drag.moved(time, 1))).toEqual([
    0, 0, 1, 1, 1, -1, -1, 1,
  ]);
});

it('knows how far a drag goes at a time, and that a jump says nothing of it', () => {
  const drag = new DragDirection();
  expect(
    [100, 107, 107.4, 96, 900, 910].map((time) => {
      drag.moved(time, 1);
      return drag.strideMs;
    }),
  ).toEqual([0, 7, 7, 11, 0, 10]);
});

describe('a cache of so many bytes', () => {
  it('lets go first what was not used for longest', () => {
    const gone: string[] = [];
    const cache = new ByteLru<number, string>(10, (value) => gone.push(value));
    cache.set(1, 'one', 4);
    cache.set(2, 'two', 4);
    expect(cache.get(1)).toBe('one');
    cache.set(3, 'three', 4);
    expect(gone).toEqual(['two']);
    expect([cache.has(1), cache.has(2), cache.has(3), cache.bytes]).toEqual([true, false, true, 8]);
  });

  it('gives one away without disposing of it', () => {
    const gone: string[] = [];
    const cache = new ByteLru<string, string>(100, (value) => gone.push(value));
    cache.set('a', 'A', 60);
    expect(cache.take('a')).toEqual({ value: 'A', bytes: 60 });
    expect([cache.take('a'), cache.bytes, cache.size, gone]).toEqual([undefined, 0, 0, []]);
  });

  it('disposes of everything exactly once', () => {
    const gone: string[] = [];
    const cache = new ByteLru<number, string>(10, (value) => gone.push(value));
    cache.set(1, 'small', 4);
    cache.set(1, 'replaced', 5);
    cache.set(2, 'too large', 11);
    cache.delete(9);
    cache.clear();
    cache.clear();
    expect(gone).toEqual(['small', 'too large', 'replaced']);
    expect([cache.bytes, cache.size]).toEqual([0, 0]);
  });
});

describe('of many targets', () => {
  function setUp() {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const seeks = new LatestWins<number>((target, signal) => {
      begun.push(target);
      return new Promise((resolve, reject) => {
        ends.push(resolve);
        signal.addEventListener('abort', () => reject(new Error('ended')));
      });
    });
    const endOne = async () => {
      ends.shift()?.();
      await Promise.resolve();
      await Promise.resolve();
    };
    return { begun, seeks, endOne };
  }

  it('only the newest follows the one under way', async () => {
    const { begun, seeks, endOne } = setUp();
    for (const target of [1, 2, 3, 4]) seeks.want(target);
    await endOne();
    await endOne();
    expect(begun).toEqual([1, 4]);
    expect(seeks.isBusy).toBe(false);
  });

  it('the one under way is not begun again', async () => {
    const { begun, seeks, endOne } = setUp();
    seeks.want(1);
    seeks.want(2);
    seeks.want(1);
    await endOne();
    expect(begun).toEqual([1]);
  });

  it('the next does not wait for one that was dropped, and the same can be wanted again', async () => {
    const { begun, seeks, endOne } = setUp();
    seeks.want(1);
    seeks.drop();
    seeks.want(1);
    await Promise.resolve();
    await endOne();
    expect(begun).toEqual([1, 1]);
    seeks.want(2);
    expect(seeks.hasNewer).toBe(true);
    seeks.drop();
    await endOne();
    expect([begun, seeks.hasNewer]).toEqual([[1, 1], false]);
  });

  it('one that runs for too long gives way to another, not to itself', async () => {
    const { begun, seeks, endOne } = setUp();
    seeks.want(1);
    seeks.want(1, 0);
    seeks.want(2);
    expect(begun).toEqual([1]);
    seeks.want(2, 0);
    await endOne();
    expect(begun).toEqual([1, 2]);
  });

  it('none is begun after the end', async () => {
    const { begun, seeks, endOne } = setUp();
    seeks.want(1);
    seeks.want(2);
    seeks.close();
    seeks.close();
    await endOne();
    seeks.want(3);
    expect(begun).toEqual([1]);
  });
});
