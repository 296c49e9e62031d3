import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Attention } from './attention.svelte.ts';
import { graceMs } from './suspension.ts';

const ends: (() => void)[] = [];

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  ends.splice(0).forEach((end) => end());
  vi.useRealTimers();
  setVisibility('visible');
});

function setVisibility(state: DocumentVisibilityState): void {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
  document.dispatchEvent(new Event('visibilitychange'));
}

/** Attention to tiles `a` and `b`, kept up to date as a component would; says what was covered. */
function attend() {
  const attention = new Attention();
  let covered = $state<readonly string[]>([]);
  ends.push(
    $effect.root(() => {
      $effect(() => attention.update(['a', 'b'].map((key) => ({ key, isCovered: covered.includes(key) }))));
    }),
    () => attention.close(),
  );
  flushSync();
  return {
    attention,
    cover: (...keys: string[]) => {
      covered = keys;
      flushSync();
    },
  };
}

/** A list that shows two tiles of eight. */
function list(): { scroller: HTMLElement; tiles: Map<Element, string> } {
  const scroller = document.createElement('div');
  scroller.style.cssText =
    'position:fixed;inset:0 auto auto 0;inline-size:200px;block-size:200px;overflow:auto';
  const tiles = new Map<Element, string>();
  for (const key of ['a', '1', '2', '3', '4', '5', '6', 'b']) {
    const tile = document.createElement('figure');
    tile.style.cssText = 'block-size:100px;margin:0';
    scroller.append(tile);
    tiles.set(tile, key);
  }
  document.body.append(scroller);
  ends.push(() => scroller.remove());
  return { scroller, tiles };
}

const painted = async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  flushSync();
};

describe('attention', () => {
  it('lets tiles sleep that another one covers, after the grace, and wakes them at once', () => {
    const { attention, cover } = attend();
    cover('b');
    vi.advanceTimersByTime(graceMs.covered - 1);
    expect(attention.asleep('b')).toBeUndefined();
    vi.advanceTimersByTime(2);
    expect([attention.asleep('a'), attention.asleep('b')]).toEqual([undefined, 'covered']);
    cover();
    expect(attention.asleep('b')).toBeUndefined();
  });

  it('lets all sleep on a page that stays hidden', () => {
    const { attention } = attend();
    setVisibility('hidden');
    flushSync();
    vi.advanceTimersByTime(graceMs.hidden + 1);
    expect([attention.asleep('a'), attention.asleep('b')]).toEqual(['hidden', 'hidden']);
    setVisibility('visible');
    flushSync();
    expect([attention.asleep('a'), attention.asleep('b')]).toEqual([undefined, undefined]);
  });

  it('is not disturbed by a glance at another window', () => {
    const { attention } = attend();
    setVisibility('hidden');
    flushSync();
    vi.advanceTimersByTime(graceMs.hidden / 2);
    setVisibility('visible');
    flushSync();
    vi.advanceTimersByTime(graceMs.hidden * 2);
    expect(attention.asleep('a')).toBeUndefined();
  });

  it('sees what is scrolled away, and what is about to be scrolled to', async () => {
    const { attention } = attend();
    const { scroller, tiles } = list();
    ends.push(attention.watch(scroller, tiles));
    await painted();
    vi.advanceTimersByTime(graceMs.scrolled + 1);
    expect([attention.asleep('a'), attention.asleep('b')]).toEqual([undefined, 'scrolled']);
    // Not in sight yet, but within half a screen.
    scroller.scrollTop = 500;
    await painted();
    expect(attention.asleep('b')).toBeUndefined();
    vi.advanceTimersByTime(graceMs.scrolled + 1);
    expect(attention.asleep('a')).toBe('scrolled');
  });
});
