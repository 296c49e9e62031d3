import { describe, expect, it } from 'vitest';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { frameFile } from '#mocks/site/frame-file.ts';
import { DemuxError, readFragment } from './demux.ts';

const pictures = await openPictures();
const [camera] = siteCameras;
const noon = Date.UTC(2026, 10, 20, 12, 0, 0, 700);
const gop = frameFile(pictures, camera!, 'sub', noon, 'gop');

describe('a group of pictures', () => {
  it('is read as it was written: every frame with its moment, to the millisecond', () => {
    const { frames, width, height, sampleEntry } = readFragment(gop.bytes);
    const first = pictures.keyframeAtOrBefore(camera!, 'sub', pictures.indexAt(camera!, 'sub', noon));
    expect(frames.map(({ time }) => time)).toEqual(
      Array.from({ length: 30 }, (_, i) => pictures.timeOf(camera!, 'sub', first + i)),
    );
    expect(frames.map(({ isKey }) => isKey)).toEqual([true, ...Array<boolean>(29).fill(false)]);
    expect([width, height, sampleEntry]).toEqual([640, 360, 'avc1']);
    expect(gop.start).toBe(frames[0]!.time);
    expect(noon).toBeLessThan(gop.end);
  });

  it('has the coded bytes themselves, behind their lengths', () => {
    const { frames } = readFragment(gop.bytes);
    const { nalUnits } = pictures.at(camera!, 'sub', pictures.indexAt(camera!, 'sub', frames[5]!.time));
    const { data } = frames[5]!;
    const length = new DataView(data.buffer, data.byteOffset).getUint32(0);
    expect(data.subarray(4, 4 + length)).toEqual(Uint8Array.from(nalUnits[0]!));
    expect(data.length).toBe(nalUnits.reduce((sum, unit) => sum + 4 + unit.length, 0));
  });

  it('brings the description for the decoder: profile and level as the codec says', () => {
    const { description } = readFragment(gop.bytes);
    expect(description[0]).toBe(1);
    expect(`avc1.${Buffer.from(description.subarray(1, 4)).toString('hex')}`).toBe(gop.codec);
  });
});

it('reads a keyframe alone', () => {
  const { bytes, start } = frameFile(pictures, camera!, 'main', noon, 'keyframe');
  const { frames } = readFragment(bytes);
  expect(frames).toHaveLength(1);
  expect(frames[0]).toMatchObject({ time: start, isKey: true });
});

describe('whatever is not as promised is refused', () => {
  const find = (bytes: Uint8Array, type: string) => Buffer.from(bytes).indexOf(type, 0, 'latin1');
  const changed = (type: string, offset: number, value: number) => {
    const bytes = new Uint8Array(gop.bytes);
    bytes[find(bytes, type) + offset] = value;
    return bytes;
  };
  it.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('<html><body>Bad gateway</body></html>')],
    ['half of it', gop.bytes.slice(0, gop.bytes.length / 2)],
    ['the last byte missing', gop.bytes.slice(0, -1)],
    ['a byte too many', Uint8Array.from([...gop.bytes, 0])],
    ['another box in front', changed('ftyp', 0, 0x78)],
    ['another codec', changed('avc1', 0, 0x76)],
    ['another timescale', changed('mdhd', 16, 1)],
    ['another version of tfdt', changed('tfdt', 4, 0)],
    ['more samples than there are', changed('trun', 11, 31)],
    ['data elsewhere', changed('trun', 15, 0)],
    ['samples larger than the data', changed('trun', 21, 0xff)],
    ['a first frame that is no keyframe', changed('trun', 25, 1)],
    ['defaults that we do not follow', changed('tfhd', 7, 0x20)],
  ])('%s', (_, bytes) => {
    expect(() => readFragment(bytes)).toThrow(DemuxError);
  });

  it('in every single byte of its headers it never throws anything else, nor hangs', () => {
    const head =
      gop.bytes.length - readFragment(gop.bytes).frames.reduce((n, { data }) => n + data.length, 0);
    for (let at = 0; at < head; at++) {
      const bytes = new Uint8Array(gop.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      try {
        readFragment(bytes);
      } catch (error) {
        if (!(error instanceof DemuxError)) throw error;
      }
    }
    expect(head).toBeGreaterThan(600);
  });
});
