import { Bits, unescape } from './bits.ts';
import { join, u16 } from './box.ts';
import type { VideoTrack } from './track.ts';

interface Format {
  readonly width: number;
  readonly height: number;
  readonly chroma: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
}

/** VPS, SPS and PPS, in the order a decoder wants them. */
const kinds = [32, 33, 34];

/** See `videoTrack`. */
export function h265Track(units: readonly Uint8Array[]): VideoTrack {
  const arrays = kinds.map((type) => units.filter((unit) => (((unit[0] ?? 0) >> 1) & 0x3f) === type));
  const first = arrays[1]?.[0];
  if (first === undefined || arrays.some((sets) => sets.length === 0))
    throw new RangeError('a parameter set is missing');
  const sps = unescape(first);
  // The general part of profile_tier_level: 12 whole bytes behind the header and four small fields (7.3.2.2, 7.3.3).
  const profile = sps.subarray(3, 15);
  if (profile.length < 12) throw new RangeError('the parameter set is cut short');
  const subLayers = ((sps[2] ?? 0) >> 1) & 7;
  const isNested = (sps[2] ?? 0) & 1;
  const format = readSps(sps, subLayers);
  return {
    codecString: codecString(profile),
    width: format.width,
    height: format.height,
    sampleEntry: 'hvc1',
    configuration: join(
      Uint8Array.of(1),
      profile,
      Uint8Array.of(0xf0, 0, 0xfc, 0xfc | format.chroma, 0xf8 | format.lumaDepth, 0xf8 | format.chromaDepth),
      // No word on the frame rate; lengths of four bytes.
      Uint8Array.of(0, 0, ((subLayers + 1) << 3) | (isNested << 2) | 3, arrays.length),
      ...arrays.flatMap((sets, i) => [
        // All of this kind are here, none among the pictures.
        Uint8Array.of(0x80 | (kinds[i] ?? 0)),
        u16(sets.length),
        ...sets.flatMap((set) => [u16(set.length), set]),
      ]),
    ),
  };
}

/** `hvc1.…` as ISO/IEC 14496-15 annex E writes it. */
function codecString(profile: Uint8Array): string {
  const space = ['', 'A', 'B', 'C'][(profile[0] ?? 0) >> 6] ?? '';
  const tier = ((profile[0] ?? 0) & 0x20) === 0 ? 'L' : 'H';
  // The compatibility flags, first flag in the lowest bit.
  let compatibility = 0;
  for (let i = 0; i < 32; i++)
    if ((((profile[1 + (i >> 3)] ?? 0) << (i & 7)) & 0x80) !== 0) compatibility += 2 ** i;
  const constraints = [...profile.subarray(5, 11)];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    `hvc1.${space}${String((profile[0] ?? 0) & 0x1f)}`,
    compatibility.toString(16),
    `${tier}${String(profile[11] ?? 0)}`,
    ...constraints.map((byte) => byte.toString(16)),
  ].join('.');
}

/** seq_parameter_set_rbsp (ITU-T H.265 7.3.2.2.1) from the profile on, as far as the bit depths. */
function readSps(sps: Uint8Array, subLayers: number): Format {
  const bits = new Bits(sps, 15);
  const present = Array.from({ length: subLayers }, () => [bits.take(1), bits.take(1)] as const);
  if (subLayers > 0) bits.take(2 * (8 - subLayers));
  for (const [hasProfile, hasLevel] of present) {
    for (let i = 0; i < hasProfile * 11 + hasLevel; i++) bits.take(8);
  }
  bits.ue(); // sps_seq_parameter_set_id
  const chroma = bits.ue();
  const separatePlanes = chroma === 3 ? bits.take(1) : 0;
  let width = bits.ue();
  let height = bits.ue();
  if (bits.take(1) === 1) {
    const subsampling = separatePlanes === 1 ? 0 : chroma;
    width -= (bits.ue() + bits.ue()) * (subsampling === 1 || subsampling === 2 ? 2 : 1);
    height -= (bits.ue() + bits.ue()) * (subsampling === 1 ? 2 : 1);
  }
  if (width <= 0 || height <= 0 || width > 0xffff || height > 0xffff || chroma > 3)
    throw new RangeError('the sequence parameter set gives no possible size');
  return { width, height, chroma, lumaDepth: bits.ue() & 7, chromaDepth: bits.ue() & 7 };
}
