import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { News } from '#contract/news.ts';
import { followNews, type NewsMeans } from './news.ts';
import { announceSignedIn, announceSignedOut, onSignedOut } from './signed-out.ts';

/** Stands in for the browser's own: says what it is told to. */
class FakeSource extends EventTarget {
  isClosed = false;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
  }
  close(): void {
    this.isClosed = true;
  }
  say(kind: string, rest: object | string = {}): void {
    const data = typeof rest === 'string' ? rest : JSON.stringify({ kind, ...rest });
    this.dispatchEvent(new MessageEvent(kind, { data }));
  }
  hello(): void {
    this.say('hello', { serverTime: '2026-11-20T12:00:00Z' });
  }
  breakOff(): void {
    this.dispatchEvent(new Event('error'));
  }
}

let life: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  life = new AbortController();
});
afterEach(() => {
  life.abort();
  announceSignedIn();
  vi.useRealTimers();
});

function stage(means: NewsMeans = {}) {
  const sources: FakeSource[] = [];
  const heard: News[] = [];
  const reader = { news: (item: News) => heard.push(item), resync: vi.fn(), connected: vi.fn() };
  const open = (url: string) => {
    const source = new FakeSource(url);
    sources.push(source);
    return source as unknown as EventSource;
  };
  followNews(reader, life.signal, {
    open,
    hasSession: () => Promise.resolve(true),
    random: () => 1,
    ...means,
  });
  return { sources, heard, reader, last: () => sources.at(-1)! };
}

describe('news', () => {
  it('asks for a resync with each hello', () => {
    const { sources, reader } = stage();
    expect(sources.map((source) => source.url)).toEqual(['/api/news']);
    sources[0]!.hello();
    expect(reader.resync).toHaveBeenCalledTimes(1);
    expect(reader.connected).toHaveBeenLastCalledWith(true);
  });

  it('comes decoded', () => {
    const { sources, heard } = stage();
    sources[0]!.say('camera', { cameraId: 'c1', state: 'down', since: '2026-11-20T12:00:00Z' });
    expect(heard).toEqual([
      { kind: 'camera', cameraId: 'c1', state: 'down', since: Date.UTC(2026, 10, 20, 12) },
    ]);
  });

  it.each([
    ['broken JSON', 'camera', '{'],
    ['a field that is missing', 'camera', { cameraId: 'c1' }],
    ['a state of another age', 'camera', { cameraId: 'c1', state: 'odd', since: '2026-11-20T12:00:00Z' }],
  ])('that cannot be read is passed over: %s', (_, kind, rest) => {
    const { sources, heard } = stage();
    sources[0]!.say(kind, rest);
    sources[0]!.say('directory');
    expect(heard).toEqual([{ kind: 'directory' }]);
  });
});

describe('a feed that breaks', () => {
  it('comes back later and later, up to half a minute, and starts afresh after a hello', async () => {
    const { sources, reader, last } = stage();
    for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const before = sources.length;
      last().breakOff();
      expect(last().isClosed).toBe(true);
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(sources).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(sources).toHaveLength(before + 1);
    }
    expect(reader.connected).toHaveBeenLastCalledWith(false);
    last().hello();
    const before = sources.length;
    last().breakOff();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sources).toHaveLength(before + 1);
  });

  it('comes back at once when the network is back', () => {
    const { sources, last } = stage();
    last().breakOff();
    dispatchEvent(new Event('online'));
    expect(sources).toHaveLength(2);
    dispatchEvent(new Event('online'));
    expect(sources).toHaveLength(2);
  });

  it('rests while nobody is signed in and goes on afterwards', async () => {
    const out = vi.fn();
    const stop = onSignedOut(out);
    const { sources, last } = stage({
      hasSession: () => {
        announceSignedOut();
        return Promise.resolve(false);
      },
    });
    last().breakOff();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([sources.length, out.mock.calls.length]).toEqual([1, 1]);
    announceSignedIn();
    expect(sources).toHaveLength(2);
    stop();
  });

  it('announces news of the end of the session', () => {
    const out = vi.fn();
    const stop = onSignedOut(out);
    const { sources } = stage();
    sources[0]!.say('signed-out');
    expect([out.mock.calls.length, sources[0]!.isClosed]).toEqual([1, true]);
    stop();
  });
});

describe('a feed that is given up', () => {
  it('closes and never opens again', async () => {
    const { sources, last } = stage();
    last().breakOff();
    life.abort();
    life.abort();
    await vi.advanceTimersByTimeAsync(120_000);
    dispatchEvent(new Event('online'));
    announceSignedOut();
    announceSignedIn();
    expect(sources).toHaveLength(1);
    expect(last().isClosed).toBe(true);
  });

  it('lets go while the page is in the back-forward cache', () => {
    const { sources, last } = stage();
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    expect(last().isClosed).toBe(true);
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    expect(sources).toHaveLength(2);
  });
});
