import { describe, expect, it } from 'vitest';
import { hasKeyframe, splitAnnexB } from './annex-b.ts';
import { readRecordedPacket } from './recorded-packet.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const jpeg = hex('ffd8 ffe0 0102 ffd9');

/** GenericByteData as the table of the protocol has it. */
function generic(payload: Buffer, { type = 0x10, codec = 0x0a, flags = 1 } = {}): Buffer {
  const header = Buffer.alloc(32);
  header.writeUInt16BE(type, 0);
  header.writeUInt32BE(32 + payload.length, 2);
  header.writeUInt16BE(codec, 6);
  header.writeUInt16BE(flags, 10);
  header.writeBigUInt64BE(1_700_000_000_123n, 20);
  return Buffer.concat([header, payload]);
}

/** A video block: only its codec and the number of extra bytes are known, all else is noise here. */
function block(payload: Buffer, { codec = 0x0a, extra = 0 } = {}): Buffer {
  const header = Buffer.alloc(36 + extra, 0xee);
  header.writeUInt16BE(codec, 0);
  header.writeUInt16BE(extra, 2);
  return Buffer.concat([header, payload]);
}

describe('Annex B', () => {
  it.each([
    ['short and long start codes', '000001 65aa 00000001 41bb', ['65aa', '41bb']],
    [
      'zeros within and after a unit',
      '00000001 650001 000003 02 0000 000001 4100',
      ['6500010000 0302', '41'],
    ],
    ['padding before the first', '000000000001 67', ['67']],
    ['nothing', '', []],
    ['no start code', '6541', []],
    ['empty units', '000001 000001 65', ['65']],
  ])('with %s', (_what, stream, units) => {
    expect(splitAnnexB(hex(stream)).map((unit) => unit.toString('hex'))).toEqual(
      units.map((unit) => unit.replaceAll(' ', '')),
    );
  });
});

describe('a recorded picture', () => {
  const idr = hex('00000001 67aa 00000001 68bb 00000001 65cc');
  const other = hex('00000001 41dd');

  it('comes as GenericByteData', () => {
    expect(readRecordedPacket(generic(idr))).toEqual({
      codec: 'H264',
      isKeyframe: true,
      timeMs: 1_700_000_000_123,
      units: [hex('67aa'), hex('68bb'), hex('65cc')],
    });
    expect(readRecordedPacket(generic(other, { flags: 0, codec: 0x0e }))).toMatchObject({
      codec: 'H265',
      isKeyframe: false,
    });
  });

  it.each([0, 4, 28])('comes as a video block with %i extra bytes, and its units tell keyframes', (extra) => {
    expect(readRecordedPacket(block(idr, { extra }))).toMatchObject({
      codec: 'H264',
      isKeyframe: true,
      timeMs: undefined,
      units: [hex('67aa'), hex('68bb'), hex('65cc')],
    });
    expect(readRecordedPacket(block(other, { extra }))).toMatchObject({
      isKeyframe: false,
      units: [hex('41dd')],
    });
    const hevc = hex('00000001 4001 00000001 2601aa');
    expect(readRecordedPacket(block(hevc, { extra, codec: 0x0e }))).toMatchObject({
      codec: 'H265',
      isKeyframe: true,
    });
  });

  it('comes as JPEG, bare or wrapped', () => {
    const picture = { codec: 'MJPEG', isKeyframe: true, units: [jpeg] };
    expect(readRecordedPacket(jpeg)).toMatchObject(picture);
    expect(readRecordedPacket(generic(jpeg, { codec: 1 }))).toMatchObject(picture);
    expect(readRecordedPacket(block(jpeg, { codec: 1 }))).toMatchObject(picture);
  });

  it.each([
    ['a codec nobody here knows', generic(idr, { codec: 0x0f })],
    ['a block of such a codec', block(idr, { codec: 0x0b })],
    ['sound', generic(idr, { type: 0x20 })],
    ['a block without a picture', block(Buffer.alloc(0))],
    ['a block whose extra bytes go beyond its end', block(idr, { extra: 0 }).fill(0xff, 2, 4)],
    ['a JPEG that is none', generic(idr, { codec: 1 })],
    ['another form', hex('1234'.repeat(20))],
    ['too few bytes', hex('0010 00')],
  ])('is refused when it is %s', (_what, data) => {
    expect(() => readRecordedPacket(data)).toThrow(
      expect.objectContaining({ name: 'VmsError', code: 'unexpected-answer' }),
    );
  });
});

it('knows pictures that need no other', () => {
  expect(hasKeyframe('H264', [hex('09f0'), hex('65')])).toBe(true);
  expect(hasKeyframe('H264', [hex('61'), hex('06')])).toBe(false);
  expect([16, 19, 21].map((type) => hasKeyframe('H265', [Buffer.of(type << 1, 1)]))).toEqual([
    true,
    true,
    true,
  ]);
  expect([1, 22, 32].map((type) => hasKeyframe('H265', [Buffer.of(type << 1, 1)]))).toEqual([
    false,
    false,
    false,
  ]);
});
