import { describe, expect, it } from 'vitest';
import { EngineError } from '#server/engine/error.ts';
import { frameStream } from '#server/engine/playback/frame-stream.ts';
import type { PlayedPicture } from '#server/engine/playback/recorded-playback.ts';
import { readFrameStream } from './frame-stream-reader.ts';

const pictures: PlayedPicture[] = [
  {
    codec: 'H264',
    timeMs: 1_761_300_000_040,
    isKeyframe: true,
    units: [Buffer.of(0x67, 1), Buffer.of(0x65, 2, 3)],
  },
  { codec: 'H265', timeMs: 1_761_300_000_080, isKeyframe: false, units: [Buffer.alloc(5000, 7)] },
  { codec: 'H264', timeMs: 1_761_300_000_120, isKeyframe: false, units: [] },
];

async function bytesOf(given: AsyncIterable<PlayedPicture>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of frameStream(given)) parts.push(part);
  return Buffer.concat(parts);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* from(list: readonly PlayedPicture[], error?: Error): AsyncGenerator<PlayedPicture> {
  yield* list;
  if (error !== undefined) throw error;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('what the engine writes', () => {
  it.each([1, 3, 1000, 100_000])('is read the same in pieces of %i bytes', async (size) => {
    const bytes = await bytesOf(from(pictures));
    expect(await all(readFrameStream(inPieces(bytes, size)))).toEqual(pictures);
  });

  it('says how it broke, after what came before', async () => {
    const bytes = await bytesOf(from(pictures.slice(0, 1), new EngineError('camera-offline', 'x')));
    expect(await all(readFrameStream(inPieces(bytes, 7)))).toEqual([
      pictures[0],
      { failed: 'camera-offline' },
    ]);
  });

  it('is broken when its end is missing, wherever it is cut', async () => {
    const bytes = await bytesOf(from(pictures));
    for (const length of [0, 3, 20, bytes.length - 5, bytes.length - 1])
      await expect(all(readFrameStream(inPieces(bytes.subarray(0, length), 100)))).rejects.toThrow('no end');
  });

  it.each([
    ['a size of nothing', Buffer.from([0, 0, 0, 0])],
    ['a size beyond all measure', Buffer.from([0xff, 0, 0, 0])],
    ['an unknown kind', Buffer.from([0, 0, 0, 1, 9])],
    [
      'a NAL unit longer than its picture',
      Buffer.from([0, 0, 0, 14, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]),
    ],
  ])('is not mistaken for %s', async (_what, bytes) => {
    await expect(all(readFrameStream(inPieces(bytes, 100)))).rejects.toMatchObject({
      name: 'BrokenFrameStream',
    });
  });
});
