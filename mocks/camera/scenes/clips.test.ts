import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  clipFormats,
  clipUrl,
  keyframeSeconds,
  loopSeconds,
  sceneNames,
  scenes,
  type ClipFormat,
} from './scenes.ts';

const formats = Object.keys(clipFormats) as ClipFormat[];

/** The NAL units between the start codes of an Annex B stream. */
function nalUnits(stream: Buffer): Buffer[] {
  const units: Buffer[] = [];
  const startCode = Buffer.from([0, 0, 1]);
  for (let at = stream.indexOf(startCode); at >= 0;) {
    const next = stream.indexOf(startCode, at + 3);
    let end = next < 0 ? stream.length : next;
    while (stream[end - 1] === 0) end--;
    units.push(stream.subarray(at + 3, end));
    at = next;
  }
  return units;
}

/** Reads bits and Exp-Golomb numbers (H.264 §9.1) after the one-byte NAL header. */
function bitsOf(unit: Buffer): { bits: (count: number) => number; ue: () => number } {
  const bytes = unit.toString('latin1').replaceAll('\x00\x00\x03', '\x00\x00');
  let position = 8;
  const bit = (): number => (bytes.charCodeAt(position >> 3) >> (7 - (position++ & 7))) & 1;
  const bits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + bit();
    return value;
  };
  const ue = (): number => {
    let zeros = 0;
    while (bit() === 0) zeros++;
    return 2 ** zeros - 1 + bits(zeros);
  };
  return { bits, ue };
}

/** The part of a sequence parameter set (H.264 §7.3.2.1.1) that Constrained Baseline with picture order type 2 needs. */
function sequence(unit: Buffer): {
  profile: number;
  isConstrained: boolean;
  references: number;
  width: number;
  height: number;
} {
  const { bits, ue } = bitsOf(unit);
  const profile = bits(8);
  const constraints = bits(8);
  bits(8);
  ue();
  ue();
  const orderType = ue();
  if (orderType !== 2) throw new Error(`picture order type ${orderType}`);
  const references = ue();
  bits(1);
  const width = (ue() + 1) * 16;
  const height = (ue() + 1) * 16;
  return { profile, isConstrained: (constraints & 0x40) !== 0, references, width, height };
}

describe.each(sceneNames)('the clips of %s', (name) => {
  it('are described under their own name', () => {
    expect(scenes[name].name).toBe(name);
  });

  it.each(formats)('loop in closed two-second groups, one slice a picture: %s', (format) => {
    const { width, height, framesPerSecond } = clipFormats[format];
    const gop = framesPerSecond * keyframeSeconds;
    const units = nalUnits(readFileSync(clipUrl(name, format)));
    const kinds = units.map((unit) => (unit[0] ?? 0) & 31);

    const group = [7, 8, 5, ...Array.from({ length: gop - 1 }, () => 1)];
    const groups = loopSeconds / keyframeSeconds;
    expect(kinds).toEqual(Array.from({ length: groups }, () => group).flat());
    // idr_pic_id must differ between neighbouring keyframes, across the seam of the loop too.
    expect(groups % 2).toBe(0);
    const idrPicIds = units.filter((_, i) => kinds[i] === 5).map(idrPicId);
    expect(idrPicIds.every((id, i) => id !== idrPicIds[(i + 1) % groups])).toBe(true);

    const slices = units.filter((_, i) => kinds[i] === 1 || kinds[i] === 5);
    expect(slices.every((slice) => bitsOf(slice).ue() === 0)).toBe(true);

    expect(sequence(units[0] ?? Buffer.alloc(0))).toEqual({
      profile: 66,
      isConstrained: true,
      references: 1,
      width,
      height,
    });
    const pps = bitsOf(units[1] ?? Buffer.alloc(0));
    pps.ue();
    pps.ue();
    expect(pps.bits(1), 'CAVLC').toBe(0);
  });
});

function idrPicId(slice: Buffer): number {
  const { bits, ue } = bitsOf(slice);
  ue();
  ue();
  ue();
  // frame_num is 4 bits wide in every stream x264 makes with groups this short and one reference.
  bits(4);
  return ue();
}

it('keeps all clips together small enough to clone', () => {
  const bytes = sceneNames.flatMap((name) => formats.map((format) => statSync(clipUrl(name, format)).size));
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(45_000_000);
});
