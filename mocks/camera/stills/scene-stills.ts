import { decode } from 'jpeg-js';
import { formats } from '../pictures.ts';
import { clipFormats } from '../scenes/scenes.ts';
import type { JpegEncoder } from './jpeg.ts';
import { shrink, sourceLine } from './shrink.ts';

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

/** Decodes a scene's picture and codes it again, smaller, up to the last unit that is the scene's alone. */
export function prepareScene(
  jpeg: Uint8Array,
  { width, height }: StillSize,
  encoder: JpegEncoder,
): PreparedScene {
  const { data } = decode(jpeg, { useTArray: true });
  const sceneHeight = clipFormats.sub.height;
  const { unit } = encoder;
  const codedHeight = Math.floor(Math.floor((sceneHeight * height) / whole.height) / unit) * unit;
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
