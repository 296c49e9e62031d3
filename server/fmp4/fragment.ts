import { trackId } from './init.ts';

/** One coded picture. */
export interface Sample {
  /** NAL units without start codes or lengths; no parameter sets among them. */
  readonly units: readonly Uint8Array[];
  /** Ticks (1/90,000 s unless the initialisation segment says otherwise) until the next picture is decoded. */
  readonly duration: number;
  readonly isKeyframe: boolean;
  /** Ticks from decoding to showing, where pictures are reordered. Default 0; may be negative. */
  readonly compositionOffset?: number;
}

const durationPresent = 0x100;
const sizePresent = 0x200;
const flagsPresent = 0x400;
const offsetPresent = 0x800;
/** Depends on no other picture; a sync sample (ISO/IEC 14496-12 8.8.3.1). */
const keyframeFlags = 0x02000000;
/** Depends on others; not a sync sample. */
const otherFlags = 0x01010000;

/**
 * A fragment: `moof` and `mdat` with these pictures, in the order of decoding.
 * @param sequence counts the fragments of a track upwards, 32 bits
 * @param decodeTime when the first picture is decoded, in ticks: a whole number up to 2^53, written in 64 bits
 */
export function fragment(sequence: number, decodeTime: number, samples: readonly Sample[]): Uint8Array {
  const hasOffsets = samples.some((sample) => (sample.compositionOffset ?? 0) !== 0);
  const runLength = 20 + samples.length * (hasOffsets ? 16 : 12);
  const moofLength = 8 + 16 + 8 + 16 + 20 + runLength;
  const sizes = samples.map(({ units }) => units.reduce((sum, unit) => sum + 4 + unit.length, 0));
  const bytes = new Uint8Array(moofLength + 8 + sizes.reduce((sum, size) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  const u32 = (value: number): void => {
    view.setUint32(at, value);
    at += 4;
  };
  const begin = (length: number, type: string, versionAndFlags?: number): void => {
    u32(length);
    for (let i = 0; i < 4; i++) view.setUint8(at++, type.charCodeAt(i));
    if (versionAndFlags !== undefined) u32(versionAndFlags);
  };

  begin(moofLength, 'moof');
  begin(16, 'mfhd', 0);
  u32(sequence);
  begin(8 + 16 + 20 + runLength, 'traf');
  begin(16, 'tfhd', 0x020000); // default-base-is-moof
  u32(trackId);
  begin(20, 'tfdt', 0x01000000);
  u32(Math.floor(decodeTime / 2 ** 32));
  u32(decodeTime % 2 ** 32);
  // Version 1: offsets have a sign. The data offset is always there.
  begin(
    runLength,
    'trun',
    0x01000000 + 1 + durationPresent + sizePresent + flagsPresent + (hasOffsets ? offsetPresent : 0),
  );
  u32(samples.length);
  u32(moofLength + 8);
  samples.forEach((sample, i) => {
    u32(sample.duration);
    u32(sizes[i] ?? 0);
    u32(sample.isKeyframe ? keyframeFlags : otherFlags);
    if (hasOffsets) u32(sample.compositionOffset ?? 0);
  });
  begin(bytes.length - moofLength, 'mdat');
  for (const { units } of samples) {
    for (const unit of units) {
      u32(unit.length);
      bytes.set(unit, at);
      at += unit.length;
    }
  }
  return bytes;
}
