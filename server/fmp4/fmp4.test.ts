import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { join } from './box.ts';
import { fragment, type Sample } from './fragment.ts';
import { initSegment } from './init.ts';
import { decoded, encode, hasEncoders, inFolder } from './testing/encoded.ts';
import { videoTrack } from './track.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const inHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// Of x264 and x265.
const baseline = [hex('6742c01eda0280bfe5c044000003000400000300c83c58ba80'), hex('68ce0fc8')];
const high = [hex('67640028acd940780227e5c044000003000400000300c83c60c658'), hex('68ebe3cb22c0')];
const hevc = [
  hex('40010c01ffff01600000030090000003000003003c959009'),
  hex('420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321'),
  hex('4401c173d089'),
];

/** The boxes of a file: type, content; those with boxes inside as a tree. */
function boxes(bytes: Uint8Array): [string, unknown][] {
  const view = Buffer.from(bytes);
  const found: [string, unknown][] = [];
  for (let at = 0; at < view.length;) {
    const length = view.readUInt32BE(at);
    const type = view.toString('latin1', at + 4, at + 8);
    const content = view.subarray(at + 8, at + length);
    const isTree = /^(moov|trak|mdia|minf|dinf|stbl|mvex|moof|traf)$/.test(type);
    found.push([type, isTree ? boxes(content) : content.toString('hex')]);
    expect(content.length).toBe(length - 8);
    at += length;
  }
  return found;
}

/** NAL units between the four- and three-byte start codes that x264 and x265 write. */
function units(stream: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const code = hex('000001');
  for (let at = stream.indexOf(code); at !== -1;) {
    const next = stream.indexOf(code, at + 3);
    const end = next === -1 ? stream.length : next;
    found.push(stream.subarray(at + 3, stream[end - 1] === 0 && next !== -1 ? end - 1 : end));
    at = next;
  }
  return found;
}

describe('a track', () => {
  it('of constrained baseline has the configuration of ISO/IEC 14496-15, byte by byte', () => {
    const track = videoTrack('H264', baseline);
    expect(track).toMatchObject({ codecString: 'avc1.42c01e', width: 640, height: 360, sampleEntry: 'avc1' });
    expect(inHex(track.configuration)).toBe(
      `0142c01effe10019${inHex(baseline[0] ?? new Uint8Array())}010004${inHex(baseline[1] ?? new Uint8Array())}`,
    );
  });

  it('of High tells chroma format and depths as well, and its cropped size', () => {
    const track = videoTrack('H264', high);
    expect(track).toMatchObject({ codecString: 'avc1.640028', width: 1920, height: 1080 });
    expect(inHex(track.configuration)).toMatch(/^01640028ffe1001b67.*01000668ebe3cb22c0fdf8f800$/);
  });

  it('of H.265 has its profile without emulation prevention and the sets as they came', () => {
    const track = videoTrack('H265', hevc);
    expect(track).toMatchObject({ codecString: 'hvc1.1.6.L120.90', width: 1920, height: 1080 });
    expect(inHex(track.configuration)).toBe(
      '01016000000090000000000078f000fcfdf8f800000f03' +
        hevc
          .map((set, i) => `a${String(i)}0001${set.length.toString(16).padStart(4, '0')}${inHex(set)}`)
          .join(''),
    );
  });

  it.each([
    ['no picture parameter set', 'H264', [baseline[0]]],
    ['no sequence parameter set', 'H264', [baseline[1]]],
    ['one that is cut short', 'H264', [hex('6742c01eda'), baseline[1]]],
    ['one of nothing but zeros', 'H264', [hex('6742c01e00000000000000000000000000'), baseline[1]]],
    ['no video parameter set', 'H265', hevc.slice(1)],
    ['an H.265 one that is cut short', 'H265', [hevc[0], hex('420101016000'), hevc[2]]],
  ] as [string, 'H264' | 'H265', (Buffer | undefined)[]][])('cannot be made of %s', (_what, codec, sets) => {
    expect(() =>
      videoTrack(
        codec,
        sets.filter((set) => set !== undefined),
      ),
    ).toThrow(RangeError);
  });
});

const none = (bytes: number): string => '00'.repeat(bytes);

describe('an initialisation segment', () => {
  it('says everything once, byte by byte', () => {
    const track = videoTrack('H264', baseline);
    const matrix = `00010000${none(12)}00010000${none(12)}40000000`;
    const avcC = `00000030 61766343 ${inHex(track.configuration)}`;
    const entry = `00000086 61766331 ${none(6)}0001${none(16)} 0280 0168 00480000 00480000 ${none(4)}0001${none(32)}0018 ffff ${avcC}`;
    const plain = (text: string): string => text.replaceAll(' ', '');
    expect(boxes(initSegment(track))).toEqual([
      ['ftyp', plain('69736f36 00000000 69736f36 636d6663 6d703431')],
      [
        'moov',
        [
          [
            'mvhd',
            plain(`${none(12)}00015f90 ${none(4)} 00010000 0100 ${none(10)}${matrix}${none(24)}00000002`),
          ],
          [
            'trak',
            [
              [
                'tkhd',
                plain(`00000003 ${none(8)} 00000001 ${none(8)}${none(16)}${matrix} 02800000 01680000`),
              ],
              [
                'mdia',
                [
                  ['mdhd', plain(`${none(12)} 00015f90 ${none(4)} 55c4 0000`)],
                  ['hdlr', plain(`${none(8)} 76696465 ${none(12)} 766964656f 00`)],
                  [
                    'minf',
                    [
                      ['vmhd', plain(`00000001 ${none(8)}`)],
                      ['dinf', [['dref', plain('00000000 00000001 0000000c 75726c20 00000001')]]],
                      [
                        'stbl',
                        [
                          ['stsd', plain(`00000000 00000001 ${entry}`)],
                          ['stts', none(8)],
                          ['stsc', none(8)],
                          ['stsz', none(12)],
                          ['stco', none(8)],
                        ],
                      ],
                    ],
                  ],
                ],
              ],
            ],
          ],
          ['mvex', [['trex', plain(`${none(4)} 00000001 00000001 ${none(12)}`)]]],
        ],
      ],
    ]);
  });
});

describe('a fragment', () => {
  const key: Sample = { units: [hex('65aa'), hex('65bbcc')], duration: 6000, isKeyframe: true };
  const other: Sample = { units: [hex('41dd')], duration: 6001, isKeyframe: false };

  it('has sizes, durations and flags of its pictures and a 64-bit time, byte by byte', () => {
    expect(inHex(fragment(7, 2 ** 33 + 5, [key, other]))).toBe(
      inHex(
        hex(`
          00000070 6d6f6f66
            00000010 6d666864 00000000 00000007
            00000058 74726166
              00000010 74666864 00020000 00000001
              00000014 74666474 01000000 0000000200000005
              0000002c 7472756e 01000701 00000002 00000078
                00001770 0000000d 02000000
                00001771 00000006 01010000
          0000001b 6d646174
            00000002 65aa 00000003 65bbcc
            00000002 41dd`),
      ),
    );
  });

  it('tells when pictures are shown where that is another order, with a sign', () => {
    const samples = [key, { ...other, compositionOffset: -3000 }];
    expect(inHex(fragment(1, 0, samples)).slice(2 * 68, 2 * 120)).toBe(
      inHex(
        hex(`
              00000034 7472756e 01000f01 00000002 00000080
                00001770 0000000d 02000000 00000000
                00001771 00000006 01010000 fffff448`),
      ),
    );
  });

  it('of no picture is still one', () => {
    expect(boxes(fragment(1, 0, [])).map(([type]) => type)).toEqual(['moof', 'mdat']);
  });
});

describe.skipIf(!hasEncoders)('FFmpeg', () => {
  it.each(['H264', 'H265'] as const)(
    'decodes %s from our file without a warning, every picture the same and in its time',
    (codec) => {
      const stream = encode(codec);
      const all = units(stream);
      const kind = (unit: Buffer): number =>
        codec === 'H264' ? (unit[0] ?? 0) & 0x1f : ((unit[0] ?? 0) >> 1) & 0x3f;
      const isSlice = (unit: Buffer): boolean => (codec === 'H264' ? kind(unit) <= 5 : kind(unit) <= 31);
      const isKey = (unit: Buffer): boolean => (codec === 'H264' ? kind(unit) === 5 : kind(unit) >= 16);
      const startsPicture = (unit: Buffer): boolean => ((unit[codec === 'H264' ? 1 : 2] ?? 0) & 0x80) !== 0;
      const pictures: { units: Buffer[]; isKeyframe: boolean }[] = [];
      for (const unit of all.filter(isSlice)) {
        if (startsPicture(unit)) pictures.push({ units: [], isKeyframe: isKey(unit) });
        pictures.at(-1)?.units.push(unit);
      }
      expect(pictures.filter(({ isKeyframe }) => isKeyframe)).toHaveLength(2);
      const began = 2 ** 32 - 1800;
      // Every picture a little late or early, as cameras are; five to a part.
      const samples = pictures.map((picture, i) => ({
        ...picture,
        duration: 3600 + (i % 2 === 0 ? 90 : -90),
      }));
      const times: number[] = [];
      const parts: Uint8Array[] = [];
      let time = began;
      for (let at = 0; at < samples.length; at += 5) {
        const some = samples.slice(at, at + 5);
        parts.push(fragment(parts.length + 1, time, some));
        for (const { duration } of some) {
          times.push(time - began);
          time += duration;
        }
      }
      const init = initSegment(videoTrack(codec, all));
      const ours = decoded(join(init, ...parts), 'ours.mp4');
      const original = decoded(stream, codec === 'H264' ? 'original.h264' : 'original.hevc');
      expect(original).toHaveLength(50);
      expect(ours.map(({ hash }) => hash)).toEqual(original.map(({ hash }) => hash));
      expect(ours.map((picture) => picture.time - (ours[0]?.time ?? 0))).toEqual(times);
    },
  );

  it('writes the same decoder configuration of H.264', () => {
    const stream = encode('H264');
    const file = inFolder((run, folder) => {
      const input = path.join(folder, 'in.h264');
      writeFileSync(input, stream);
      run('ffmpeg', '-r', '25', '-i', input, '-c', 'copy', '-bsf:v', 'setts=ts=N', 'out.mp4');
      return readFileSync(path.join(folder, 'out.mp4'));
    });
    expect(file.includes(Buffer.from(videoTrack('H264', units(stream)).configuration))).toBe(true);
  });
});
