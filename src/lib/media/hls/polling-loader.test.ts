import type {
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderContext,
  LoaderStats,
  PlaylistLoaderContext,
} from 'hls.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pollingLoader, PollPace } from './polling-loader.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A playlist of the segment 40 and so many parts of 400 ms of the one after it. */
const playlist = (parts: number): string =>
  [
    '#EXTM3U',
    '#EXT-X-PART-INF:PART-TARGET=0.400',
    '#EXT-X-MEDIA-SEQUENCE:40',
    '#EXTINF:1,',
    'seg-40.mp4',
    ...Array.from({ length: parts }, (_, i) => `#EXT-X-PART:DURATION=0.4,URI="part-41-${String(i)}.mp4"`),
  ].join('\n');

/** A server whose segment grows by a part each 400 ms, and what was asked of it. */
function stage(grain = 2) {
  const asked: string[] = [];
  const [begun, ended] = [vi.fn(), vi.fn()];
  let failsWith: number | undefined;
  const startedAt = performance.now();
  class PretendLoader implements Loader<LoaderContext> {
    context: LoaderContext | null = null;
    readonly stats = {} as LoaderStats;
    #isUsed = false;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor() {
      begun();
    }

    load(context: LoaderContext, _: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      if (this.#isUsed) throw new Error('Loader can only be used once.');
      this.#isUsed = true;
      asked.push(context.url);
      this.#timer = setTimeout(() => {
        if (failsWith !== undefined)
          callbacks.onError({ code: failsWith, text: '' }, context, null, this.stats);
        else {
          const data = playlist(Math.floor((performance.now() - startedAt) / 400));
          callbacks.onSuccess({ url: context.url, data }, this.stats, context, null);
        }
      }, 5);
    }

    abort(): void {
      clearTimeout(this.#timer);
    }

    destroy(): void {
      ended();
      this.abort();
    }
  }
  const Polling = pollingLoader(PretendLoader, grain);
  const load = (query: string, isMedia = true) => {
    const loader = new Polling({} as never);
    const callbacks = { onSuccess: vi.fn(), onError: vi.fn(), onTimeout: vi.fn() };
    const url = `https://wall.test/api/hls/r1/media.m3u8${query}`;
    const context = { url, levelOrTrack: isMedia ? {} : null } as unknown as PlaylistLoaderContext;
    loader.load(context, {} as LoaderConfiguration, callbacks);
    return { loader, context, ...callbacks };
  };
  return { load, asked, begun, ended, fail: (code: number) => (failsWith = code) };
}

describe('a playlist that is polled', () => {
  it('is asked for without waiting, in larger pieces, and given when what is wanted is in it', async () => {
    const { load, asked } = stage();
    const { onSuccess, context } = load('?stream=7&_HLS_msn=41&_HLS_part=1&_HLS_skip=YES');
    await vi.advanceTimersByTimeAsync(700);
    expect(onSuccess).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(300);
    expect(onSuccess).toHaveBeenCalledTimes(1);
    const [response, , given] = onSuccess.mock.calls[0] as [{ data: string }, unknown, unknown];
    expect(response.data).toContain('part-41-1.mp4');
    // hls.js knows its own request by its context.
    expect(given).toBe(context);
    expect(new Set(asked)).toEqual(
      new Set(['https://wall.test/api/hls/r1/media.m3u8?stream=7&_HLS_skip=YES&grain=2']),
    );
  });

  it('is given at once where nothing is waited for', async () => {
    const { load, asked } = stage(3);
    const { onSuccess } = load('');
    await vi.advanceTimersByTimeAsync(5);
    expect(onSuccess).toHaveBeenCalledTimes(1);
    expect(asked).toEqual(['https://wall.test/api/hls/r1/media.m3u8?grain=3']);
  });

  it('takes fewer than two requests a part, once it is known when they come', async () => {
    const startedAt = performance.now();
    const { load, asked } = stage();
    const first = load('');
    await vi.advanceTimersByTimeAsync(5);
    expect(first.onSuccess).toHaveBeenCalled();
    for (let part = 0; part < 10; part += 1) {
      const { onSuccess } = load(`?_HLS_msn=41&_HLS_part=${String(part)}`);
      while (onSuccess.mock.calls.length === 0) await vi.advanceTimersByTimeAsync(5);
    }
    expect(asked.length).toBeLessThanOrEqual(20);
    // Ten parts of 400 ms, each seen soon after it came.
    expect(performance.now() - startedAt).toBeLessThan(4000 + 200);
  });

  it('is given as it is when nothing comes', async () => {
    const { load } = stage();
    const { onSuccess } = load('?_HLS_msn=99');
    await vi.advanceTimersByTimeAsync(5300);
    expect(onSuccess).toHaveBeenCalledTimes(1);
  });

  it('says what the server says no with', async () => {
    const { load, fail } = stage();
    fail(410);
    const { onError } = load('?_HLS_msn=41');
    await vi.advanceTimersByTimeAsync(5);
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 410 });
  });

  it('is asked for no more when nobody wants it, and every loader is given back', async () => {
    const { load, asked, begun, ended } = stage();
    const { loader, onSuccess } = load('?_HLS_msn=41&_HLS_part=9');
    await vi.advanceTimersByTimeAsync(1000);
    const before = asked.length;
    loader.abort();
    loader.destroy();
    await vi.advanceTimersByTimeAsync(5000);
    expect([asked.length, onSuccess.mock.calls.length]).toEqual([before, 0]);
    expect(ended.mock.calls.length).toBe(begun.mock.calls.length);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that names the others is left as it is', async () => {
    const { load, asked } = stage();
    const { onSuccess } = load('?x=1', false);
    await vi.advanceTimersByTimeAsync(5);
    expect([asked, onSuccess.mock.calls.length]).toEqual([
      ['https://wall.test/api/hls/r1/media.m3u8?x=1'],
      1,
    ]);
  });
});

describe('the pace of polling', () => {
  const reach = (parts: number) => ({ msn: 41, parts, partTargetMs: 400 });
  it('follows what comes, a little ahead of it', () => {
    const pace = new PollPace();
    expect(pace.isKnown).toBe(false);
    pace.saw(reach(1), 1000);
    expect([
      pace.isKnown,
      pace.waitMs(1000, false),
      pace.waitMs(1200, false),
      pace.waitMs(9000, false),
    ]).toEqual([true, 370, 170, 0]);
    // Nothing new: the next one is still due 400 ms after the last.
    pace.saw(reach(1), 1370);
    expect(pace.waitMs(1370, true)).toBe(140);
    pace.saw(reach(2), 1510);
    expect(pace.waitMs(1510, false)).toBe(370);
  });
});
