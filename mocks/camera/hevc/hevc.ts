import { readFile } from 'node:fs/promises';
import { splitAnnexB } from '../bitstream/nal.ts';
import type { Format } from '../pictures.ts';

/** The scene there are H.265 clips of, and how long they are. */
export const hevcScene = 'gate';
export const hevcSeconds = 4;

export const hevcUrl = (format: Format): URL => new URL(`${hevcScene}.${format}.h265`, import.meta.url);

/** nal_unit_type, ITU-T H.265 table 7-1: up to 31 are parts of pictures, 16 to 23 of those that begin a group. */
const typeOf = (nalUnit: Uint8Array): number => ((nalUnit[0] ?? 0) >> 1) & 0x3f;

/** One picture of an H.265 clip. */
export interface HevcPicture {
  /** NAL units without start codes; VPS, SPS and PPS lead every keyframe. */
  readonly nalUnits: readonly Uint8Array[];
  readonly isKeyframe: boolean;
}

/** The pictures of the H.265 clips, in order; each clip begins with a keyframe and goes round. */
export type HevcClips = Readonly<Record<Format, readonly HevcPicture[]>>;

/** Reads both clips, some hundred kilobytes. Rejects when one cannot be read. */
export async function openHevcClips(): Promise<HevcClips> {
  const [main, sub] = await Promise.all([readFile(hevcUrl('main')), readFile(hevcUrl('sub'))]);
  return { main: cutPictures(main), sub: cutPictures(sub) };
}

/** Cuts a stream with one slice a picture. */
export function cutPictures(stream: Uint8Array): HevcPicture[] {
  const pictures: HevcPicture[] = [];
  let nalUnits: Uint8Array[] = [];
  for (const nalUnit of splitAnnexB(stream)) {
    nalUnits.push(nalUnit);
    const type = typeOf(nalUnit);
    if (type > 31) continue;
    pictures.push({ nalUnits, isKeyframe: type >= 16 && type <= 23 });
    nalUnits = [];
  }
  return pictures;
}
