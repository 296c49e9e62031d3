import { type AccessUnit, formats, type Format, type PictureSubject } from '#mocks/camera/pictures.ts';
import type { Pictures } from '#mocks/camera/compose.ts';

/** Ticks of the files made here: milliseconds. */
const timescale = 1000;

/** Coded pictures in the form that the contract promises (contract/recording.ts). */
export interface FrameFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Epoch ms of the first picture, and of the one after the last. */
  readonly start: number;
  readonly end: number;
  /** RFC 6381. */
  readonly codec: string;
}

const join = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};
const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);
const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value & 0xff);
const zeros = (count: number): Uint8Array => new Uint8Array(count);
const letters = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const box = (type: string, ...content: readonly Uint8Array[]): Uint8Array => {
  const body = join(...content);
  return join(u32(body.length + 8), letters(type), body);
};
const full = (type: string, versionAndFlags: number, ...content: readonly Uint8Array[]): Uint8Array =>
  box(type, u32(versionAndFlags), ...content);
const unity = join(...[0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

const isParameterSet = (unit: Uint8Array): boolean => [7, 8].includes((unit[0] ?? 0) & 0x1f);

/**
 * The group of pictures of a synthetic camera that `timeMs` lies in, or only its keyframe, as one MP4 with one fragment.
 * ISO/IEC 14496-12 and -15; H.264 alone, because that is what the camera sends.
 */
export function frameFile(
  pictures: Pictures,
  subject: PictureSubject,
  format: Format,
  timeMs: number,
  only: 'keyframe' | 'gop',
): FrameFile {
  const first = pictures.keyframeAtOrBefore(subject, format, pictures.indexAt(subject, format, timeMs));
  const units: AccessUnit[] = [];
  let next = first;
  do units.push(pictures.at(subject, format, next++));
  while (only === 'gop' && pictures.keyframeAtOrBefore(subject, format, next) === first);
  const end = pictures.timeOf(subject, format, next);
  const { sps, pps } = pictures.parameterSets(subject, format);
  const samples = units.map((unit, i) => ({
    data: join(
      ...unit.nalUnits.filter((nal) => !isParameterSet(nal)).flatMap((nal) => [u32(nal.length), nal]),
    ),
    duration: (units[i + 1]?.timeMs ?? end) - unit.timeMs,
    flags: unit.isKeyframe ? 0x02000000 : 0x01010000,
  }));
  const start = units[0]?.timeMs ?? timeMs;
  const hex = [...sps.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const bytes = join(moov(format, sps, pps), fragment(start, samples));
  return { bytes, start, end, codec: `avc1.${hex}` };
}

function moov(format: Format, sps: Uint8Array, pps: Uint8Array): Uint8Array {
  const { width, height } = formats[format];
  const avcC = box(
    'avcC',
    Uint8Array.of(1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1),
    u16(sps.length),
    sps,
    Uint8Array.of(1),
    u16(pps.length),
    pps,
  );
  const entry = box(
    'avc1',
    ...[zeros(6), u16(1), zeros(16), u16(width), u16(height), u32(0x480000), u32(0x480000), u32(0), u16(1)],
    ...[zeros(32), u16(0x18), u16(0xffff), avcC],
  );
  const stbl = box(
    'stbl',
    full('stsd', 0, u32(1), entry),
    full('stts', 0, u32(0)),
    full('stsc', 0, u32(0)),
    full('stsz', 0, u32(0), u32(0)),
    full('stco', 0, u32(0)),
  );
  const minf = box(
    'minf',
    full('vmhd', 1, zeros(8)),
    box('dinf', full('dref', 0, u32(1), full('url ', 1))),
    stbl,
  );
  const mdia = box(
    'mdia',
    full('mdhd', 0, u32(0), u32(0), u32(timescale), u32(0), u16(0x55c4), u16(0)),
    full('hdlr', 0, u32(0), letters('vide'), zeros(12), letters('video\0')),
    minf,
  );
  const tkhd = full(
    'tkhd',
    3,
    ...[0, 0, 1, 0, 0].map(u32),
    zeros(16),
    unity,
    u32(width << 16),
    u32(height << 16),
  );
  const mvhd = full(
    'mvhd',
    0,
    ...[0, 0, timescale, 0, 0x10000].map(u32),
    u16(0x100),
    zeros(10),
    unity,
    zeros(24),
    u32(2),
  );
  return join(
    box('ftyp', letters('iso6'), u32(0), letters('iso6'), letters('mp41')),
    box('moov', mvhd, box('trak', tkhd, mdia), box('mvex', full('trex', 0, ...[1, 1, 0, 0, 0].map(u32)))),
  );
}

function fragment(
  start: number,
  samples: readonly { readonly data: Uint8Array; readonly duration: number; readonly flags: number }[],
): Uint8Array {
  const moof = (offset: number): Uint8Array =>
    box(
      'moof',
      full('mfhd', 0, u32(1)),
      box(
        'traf',
        full('tfhd', 0x020000, u32(1)),
        full('tfdt', 0x01000000, u32(Math.floor(start / 2 ** 32)), u32(start % 2 ** 32)),
        full(
          'trun',
          0x01000701,
          u32(samples.length),
          u32(offset),
          ...samples.flatMap(({ data, duration, flags }) => [u32(duration), u32(data.length), u32(flags)]),
        ),
      ),
    );
  return join(moof(moof(0).length + 8), box('mdat', ...samples.map(({ data }) => data)));
}
