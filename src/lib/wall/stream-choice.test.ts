import { describe, expect, it } from 'vitest';
import type { Stream, StreamName } from '#contract/camera.ts';
import { streamFor } from './stream-choice.ts';

const both: Stream[] = [
  { name: 'main', width: 1280, height: 720 },
  { name: 'sub', width: 640, height: 360 },
];

describe('which stream a tile asks for', () => {
  it.each<[string, number, number, boolean, StreamName]>([
    ['a sixteenth of a full HD screen', 480, 270, false, 'sub'],
    ['a ninth of a full HD screen', 640, 360, false, 'sub'],
    ['a quarter of a full HD screen', 960, 540, false, 'sub'],
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
    const tile = { width: 1000, height: 563 };
    expect(streamFor({ streams: both }, tile, { isFull: false, now: 'sub' })).toBe('sub');
    expect(streamFor({ streams: both }, tile, { isFull: false, now: 'main' })).toBe('main');
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
