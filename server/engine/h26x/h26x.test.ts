import { describe, expect, it } from 'vitest';
import { splitAnnexB } from './annexb.ts';
import { BitReader } from './bits.ts';
import { h264 } from './h264.ts';
import { h265 } from './h265.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('Annex B', () => {
  it.each([
    ['four-byte start codes', '00000001aabb00000001cc', ['aabb', 'cc']],
    ['three-byte start codes', '000001aabb000001cc', ['aabb', 'cc']],
    ['both, mixed', '00000001aabb000001cc00000001dd', ['aabb', 'cc', 'dd']],
    ['zeros behind a unit', '000001aabb0000000000000001cc0000', ['aabb', 'cc']],
    ['rubbish in front', 'ffff000001aa', ['aa']],
    ['ones that are no start code', '000001aa01000101bb', ['aa01000101bb']],
    ['an empty unit', '000001000001aa', ['aa']],
    ['no start code', 'aabbcc', []],
    ['nothing', '', []],
  ])('splits %s', (_what, bytes, units) => {
    expect(splitAnnexB(hex(bytes)).map((unit) => unit.toString('hex'))).toEqual(units);
  });
});

describe('bits', () => {
  it('reads Exp-Golomb codes as the table of H.264 9.1 has them', () => {
    // 1 | 010 | 011 | 00100 | 00101 | 00111, then signed 1 | 010 | 011
    const bits = new BitReader(hex('a642983a98'.slice(0, 6)));
    expect([bits.ue(), bits.ue(), bits.ue(), bits.ue(), bits.ue()]).toEqual([0, 1, 2, 3, 4]);
    const signed = new BitReader(Uint8Array.of(0b1_010_011_0, 0b0100_0000));
    expect([signed.se(), signed.se(), signed.se(), signed.se()]).toEqual([0, 1, -1, 2]);
  });

  it('leaves out emulation prevention bytes, but not threes that follow other bytes', () => {
    expect(new BitReader(hex('0000030100030003')).bits(32)).toBe(0x00000100);
    const bits = new BitReader(hex('000003000003ff'));
    expect([bits.bits(16), bits.bits(16), bits.bits(8)]).toEqual([0, 0, 0xff]);
  });

  it('gives zeros past the end instead of failing or running for ever', () => {
    const bits = new BitReader(hex('00'));
    bits.ue();
    expect([bits.bits(8), bits.isExhausted]).toEqual([0, true]);
  });
});

describe('H.264', () => {
  it.each([
    ['constrained baseline', '6742c01eda0280bfe5c044000003000400000300c83c58ba80', 640, 360, 66, false],
    [
      'high, cropped to 1080 lines',
      '67640028acd940780227e5c044000003000400000300c83c60c658',
      1920,
      1080,
      100,
      undefined,
    ],
    ['main, interlaced', '674d401ef2016049b011000003000100000300321f142a48', 704, 576, 77, undefined],
  ])('reads the format of a %s stream of x264', (_what, sps, width, height, profile, reorders) => {
    expect(h264.readFormat(hex(sps))).toMatchObject({ width, height, profile, reorders });
  });

  it('refuses a sequence parameter set that cannot be', () => {
    expect(() => h264.readFormat(hex('6742'))).toThrow(RangeError);
    expect(() => h264.readFormat(hex('6742c01e00000000000000000000'))).toThrow(RangeError);
  });

  it('sees B slices, and only those', () => {
    const none = (): undefined => undefined;
    expect(h264.isBidirectional(hex('419e414212fffeea'), none)).toBe(true); // x264, B
    expect(h264.isBidirectional(hex('019e62442dffbc83'), none)).toBe(true); // x264, b
    expect(h264.isBidirectional(hex('419a231888ffb8fb'), none)).toBe(false); // P
    expect(h264.isBidirectional(hex('6588840047dae398'), none)).toBe(false); // I of an IDR
  });

  it('tells the kinds apart', () => {
    const kinds = [1, 5, 6, 7, 8, 9, 12].map((type) => h264.kind(type));
    expect(kinds).toEqual([
      'slice',
      'key-slice',
      'other',
      'parameter-set',
      'parameter-set',
      'other',
      'other',
    ]);
  });
});

describe('H.265', () => {
  const plain = '420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321';
  const reordered = '42010101600000030090000003000003005da00280802d16595912930bc05a020000030002000003003210';
  const pps = hex('4401c073c189');

  it('reads size, profile and whether pictures are reordered, of streams of x265', () => {
    expect(h265.readFormat(hex(plain))).toMatchObject({
      width: 1920,
      height: 1080,
      profile: 1,
      reorders: false,
    });
    expect(h265.readFormat(hex(reordered))).toMatchObject({
      width: 1280,
      height: 720,
      level: 93,
      reorders: true,
    });
  });

  it('sees B slices, and only those', () => {
    const find = (id: number): Buffer | undefined => (id === 0 ? pps : undefined);
    expect(h265.isBidirectional(hex('0201e04497820481'), find)).toBe(true);
    expect(h265.isBidirectional(hex('0001e024ffe89029'), find)).toBe(true);
    expect(h265.isBidirectional(hex('0201d0195e20e05c'), find)).toBe(false);
    expect(h265.isBidirectional(hex('2801ac742e314d4f'), find)).toBe(false);
  });

  it('knows a slice of which nothing else is known as nothing', () => {
    expect(h265.isBidirectional(hex('0201e04497820481'), () => undefined)).toBe(false);
  });

  it('tells the kinds apart', () => {
    const kinds = [0, 1, 19, 20, 21, 32, 33, 34, 35, 39, 40].map((type) => h265.kind(type));
    const set = 'parameter-set';
    const key = 'key-slice';
    expect(kinds).toEqual(['slice', 'slice', key, key, key, set, set, set, 'other', 'other', 'other']);
  });
});
