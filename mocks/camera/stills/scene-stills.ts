import { decode } from 'jpeg-js';
import { formats } from '../pictures.ts';
import { clipFormats, loopSeconds } from '../scenes/scenes.ts';
import { BLOCK, type JpegEncoder } from './jpeg.ts';
import { shrink, sourceLine } from './shrink.ts';

/** What a scene's file of stills should be and is not. */
export class StillsError extends Error {
  override readonly name = 'StillsError';
  readonly code = 'bad-stills';
}

/** The JPEGs that stand one behind the other in a file, as views of it. Throws a {@link StillsError}. */
export function splitJpegs(file: Uint8Array): Uint8Array[] {
  const pictures: Uint8Array[] = [];
  let at = 0;
  while (at < file.length) {
    const end = endOfJpeg(file, at);
    pictures.push(file.subarray(at, end));
    at = end;
  }
  if (pictures.length !== loopSeconds)
    throw new StillsError(`There are ${pictures.length} pictures for a loop of ${loopSeconds} seconds`);
  return pictures;
}

/** Segments carry their lengths; in coded data 0xff is followed by nought or a restart, and by nothing else before the end. */
function endOfJpeg(file: Uint8Array, start: number): number {
  if (file[start] !== 0xff || file[start + 1] !== 0xd8) throw new StillsError('No picture begins here');
  let at = start + 2;
  while (file[at + 1] !== 0xda) {
    if (file[at] !== 0xff) throw new StillsError('A picture has no data');
    at += 2 + ((file[at + 2] ?? 0) << 8) + (file[at + 3] ?? 0);
  }
  for (at += 2; at < file.length - 1; at++) if (file[at] === 0xff && file[at + 1] === 0xd9) return at + 2;
  throw new StillsError('A picture has no end');
}

export interface StillSize {
  readonly width: number;
  readonly height: number;
}

/** A scene at one second of its loop, ready to have a caption put under it: coded as far as no caption reaches. */
export interface PreparedScene {
  /** Lines of the coded part. */
  readonly height: number;
  readonly scan: Uint8Array;
  /** Lines of the scene, in full size, that share blocks with the caption; often none. */
  readonly rest: Uint8Array;
}

const whole = formats.sub;

/** Decodes a scene's picture and codes it again, smaller, up to the last block that is the scene's alone. */
export function prepareScene(
  jpeg: Uint8Array,
  { width, height }: StillSize,
  encoder: JpegEncoder,
): PreparedScene {
  const { data, ...size } = decode(jpeg, { useTArray: true });
  const sceneHeight = clipFormats.sub.height;
  if (size.width !== whole.width || size.height !== sceneHeight)
    throw new StillsError(`A still is ${size.width} × ${size.height}`);
  const codedHeight = Math.floor(Math.floor((sceneHeight * height) / whole.height) / BLOCK) * BLOCK;
  const scene = { data, width: whole.width, height: sceneHeight };
  const isWhole = width === whole.width && height === whole.height;
  const coded = isWhole
    ? { ...scene, height: codedHeight }
    : shrink(scene, { top: 0, wholeHeight: whole.height }, { width, height }, 0, codedHeight);
  const from = sourceLine(codedHeight, height, whole.height);
  return {
    height: codedHeight,
    scan: encoder.scan(coded),
    rest: data.slice(from * whole.width * 4, sceneHeight * whole.width * 4),
  };
}

/** Bytes that a prepared scene holds. */
export const bytesOf = ({ scan, rest }: PreparedScene): number => scan.length + rest.length;
