import { describe, expect, it } from 'vitest';
import type { Stream, StreamName } from '#contract/camera.ts';
import { pixelsPerCore, streamFor, withinPixels } from './stream-choice.ts';

const both: Stream[] = [
  { name: 'main', width: 1280, height: 720 },
  { name: 'sub', width: 640, height: 360 },
];

describe('which stream a tile asks for', () => {
  it.each<[string, number, number, boolean, StreamName]>([
    ['a sixteenth of a full HD screen', 480, 270, false, 'sub'],
    ['a ninth of a full HD screen', 640, 360, false, 'sub'],
    ['a quarter of a full HD screen', 960, 540, false, 'main'],
    ['a quarter of an HD screen', 640, 360, false, 'sub'],
    ['a sixteenth of a 4K screen', 960, 540, false, 'main'],
    ['the large tile of 1+5', 1280, 720, false, 'main'],
    ['a small tile in full screen', 480, 270, true, 'main'],
    ['a wide but low tile', 1900, 300, false, 'sub'],
  ])('%s', (_, width, height, isFull, stream) => {
    expect(streamFor({ streams: both }, { width, height }, { isFull })).toBe(stream);
  });

  it('is the main one on the spot, however small the window', () => {
    const tile = { width: 700, height: 394 };
    expect(streamFor({ streams: both }, tile, { isFull: false, isSpot: true })).toBe('main');
    expect(streamFor({ streams: [both[1]!] }, tile, { isFull: false, isSpot: true })).toBe('sub');
  });

  it('is a light main one among many tiles when the sub stream is too small for hardware', () => {
    const tiny: Stream = { name: 'sub', width: 320, height: 180 };
    const tile = { width: 320, height: 180 };
    const choose = (main: Stream, tiles: number) =>
      streamFor({ streams: [main, tiny] }, tile, { isFull: false, tiles });
    expect(choose(both[0]!, 8)).toBe('sub');
    expect(choose(both[0]!, 9)).toBe('main');
    expect(choose({ name: 'main', width: 1920, height: 1080 }, 36)).toBe('sub');
  });

  it('keeps what it has near the border', () => {
    const tile = { width: 600, height: 338 };
    expect(streamFor({ streams: both }, tile, { isFull: false, now: 'sub' })).toBe('sub');
    expect(streamFor({ streams: both }, tile, { isFull: false, now: 'main' })).toBe('main');
  });

  it('never enlarges the sub stream, whatever is in use', () => {
    const tile = { width: 650, height: 366 };
    for (const now of ['sub', 'main', undefined] as const)
      expect(streamFor({ streams: both }, tile, { isFull: false, now })).toBe('main');
  });

  it('is one that this browser can play', () => {
    const streams: Stream[] = [
      { ...both[0]!, codec: 'H265' },
      { ...both[1]!, codec: 'H264' },
    ];
    const tile = { width: 1280, height: 720 };
    const plays = (codec: Stream['codec']) => codec !== 'H265';
    expect(streamFor({ streams }, tile, { isFull: true })).toBe('main');
    expect(streamFor({ streams }, tile, { isFull: true, plays })).toBe('sub');
    expect(streamFor({ streams: streams.slice(0, 1) }, tile, { isFull: true, plays })).toBe('main');
  });

  it('takes what there is', () => {
    const tile = { width: 2000, height: 1000 };
    expect(streamFor({ streams: [both[1]!] }, tile, { isFull: true })).toBe('sub');
    expect(streamFor({ streams: [both[0]!] }, { width: 100, height: 50 }, { isFull: false })).toBe('main');
  });

  it('assumes both while the recorder has told of none', () => {
    expect(streamFor({ streams: [] }, { width: 480, height: 270 }, { isFull: false })).toBe('sub');
    expect(streamFor({ streams: [] }, { width: 480, height: 270 }, { isFull: true })).toBe('main');
  });

  it('assumes the usual size where the recorder does not tell', () => {
    const untold: Stream[] = [{ name: 'main' }, { name: 'sub' }];
    expect(streamFor({ streams: untold }, { width: 480, height: 270 }, { isFull: false })).toBe('sub');
    expect(streamFor({ streams: untold }, { width: 1920, height: 1080 }, { isFull: false })).toBe('main');
  });
});

describe('main streams that tiles ask for by their size', () => {
  const load = { stream: 'main', isFixed: false, mainPixels: 1280 * 720, subPixels: 640 * 360 } as const;
  const mains = (count: number, more: object = {}) =>
    withinPixels(
      Array.from({ length: count }, () => ({ ...load, ...more })),
      2 * pixelsPerCore,
    ).filter((stream) => stream === 'main').length;

  it('are left to as many as two cores can bear', () => {
    expect(mains(4)).toBe(4);
    expect(mains(16)).toBeGreaterThan(3);
    expect(mains(16)).toBeLessThan(10);
    expect(mains(36)).toBe(0);
  });

  it('are left to the full tile and to cameras without another', () => {
    expect(mains(36, { isFixed: true })).toBe(36);
    expect(mains(36, { subPixels: undefined })).toBe(36);
  });
});
