import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { SpansQuery } from '#contract/recording.ts';
import { SpanStore } from './span-store.svelte.ts';
import { atResolution, clip, type Span } from './spans.ts';

const hour = 3_600_000;
const day = 24 * hour;
const noon = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;

let now: number;
let recorded: Span[];
let asked: SpansQuery[];
/** Whether a request gets no answer. */
let isBroken: (query: SpansQuery) => boolean;
let store: SpanStore;

beforeEach(() => {
  now = noon;
  asked = [];
  isBroken = () => false;
  recorded = [
    { start: noon - 50 * day, end: noon - 40 * day },
    { start: noon - 2 * day, end: noon - 2 * day + 60_000 },
    { start: noon - 10 * hour, end: noon - hour },
  ];
  store = new SpanStore({
    now: () => now,
    random: () => 1,
    read: async (query) => {
      asked.push(query);
      if (isBroken(query)) throw new Error('no answer');
      const { cameras, from, to, resolutionMs } = query;
      return {
        from,
        to,
        resolutionMs,
        cameras: cameras.map((cameraId) => ({
          cameraId,
          recorded: clip(atResolution(recorded, resolutionMs), { start: from, end: to }).flatMap(
            ({ start, end }) => [start - from, end - from],
          ),
          motion: [],
          isComplete: true,
        })),
      };
    },
  });
  onTestFinished(() => store.close());
});

const find = (time: number, direction: 1 | -1 = 1) => store.findRecorded(['c'], time, direction, never);

describe('the next recording', () => {
  it('is found near and far, both ways', async () => {
    expect(await find(noon - 5 * hour)).toBe(noon - 5 * hour);
    expect(await find(noon - 12 * hour)).toBe(noon - 10 * hour);
    expect(await find(noon, -1)).toBe(noon - hour - 1);
    expect(await find(noon - 11 * hour, -1)).toBe(noon - 2 * day + 59_999);
  });

  it('is none where there is none', async () => {
    expect(await find(noon - hour)).toBeUndefined();
    expect(await find(noon - 60 * day, -1)).toBeUndefined();
  });

  it('is not known while nobody answers: that is no "none"', async () => {
    isBroken = () => true;
    await expect(find(noon - hour)).rejects.toThrow('no answer');
    // So soon after it nobody is asked, and it is still not known.
    const { length } = asked;
    await expect(find(noon - hour)).rejects.toThrow('no answer');
    expect(asked).toHaveLength(length);
    isBroken = () => false;
    now += 1000;
    expect(await find(noon - hour)).toBeUndefined();
  });

  it('is not known when only what lies further off cannot be had', async () => {
    isBroken = ({ resolutionMs }) => resolutionMs > 1;
    await expect(find(noon - 12 * hour, -1)).rejects.toThrow('no answer');
    now += 1000;
    expect(await find(noon - 2 * hour)).toBe(noon - 2 * hour);
  });

  it('comes from what is here already although nobody answers now', async () => {
    await find(noon - 5 * hour);
    isBroken = () => true;
    expect(await find(noon - 5 * hour)).toBe(noon - 5 * hour);
  });

  it('ends with its signal', async () => {
    const left = new AbortController();
    const search = store.findRecorded(['c'], noon - hour, -1, left.signal);
    left.abort(new Error('left'));
    await expect(search).rejects.toThrow('left');
  });
});

describe('the edge of a recording', () => {
  const edge = (time: number, direction: 1 | -1) => store.edgeOf('c', time, direction, never);

  it('is found hours away', async () => {
    expect(await edge(noon - 5 * hour, 1)).toBe(noon - hour);
    expect(await edge(noon - 5 * hour, -1)).toBe(noon - 10 * hour);
    expect(await edge(noon - 20 * hour, 1)).toBe(noon - 20 * hour);
  });

  it('is not the moment one is at because nobody answers', async () => {
    isBroken = () => true;
    await expect(edge(noon - 5 * hour, 1)).rejects.toThrow('no answer');
  });
});

describe('what is known already', () => {
  it('answers for recordings and short gaps, and for nothing beyond it', async () => {
    store.want('test', ['c'], { start: noon - 4 * hour, end: noon }, 1);
    await expect.poll(() => store.isRecorded('c', noon - 2 * hour)).toBe(true);
    expect(store.isRecorded('c', noon - 1)).toBe(false);
    expect(store.isRecorded('c', noon - 5 * hour)).toBeUndefined();
    expect(store.knownRecorded(['c'], noon - 2 * hour, 1)).toBe(noon - 2 * hour);
    expect(store.knownRecorded(['c'], noon - hour + 5, -1)).toBe(noon - hour - 1);
    expect(store.knownRecorded(['c'], noon - hour, 1)).toBe('unknown');
  });
});
