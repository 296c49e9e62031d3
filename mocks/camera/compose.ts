import type { Clip } from './clip.ts';
import type { GlyphSheet } from './overlay/glyph-sheet.ts';
import { Overlay } from './overlay/overlay.ts';
import { type AccessUnit, formats, type Format, type PictureSubject } from './pictures.ts';
import { loopSeconds } from './scenes/scenes.ts';

/**
 * Coded pictures of synthetic cameras. Everything is a function of camera and time: any picture of any day can be
 * asked for, in any order, and comes out the same to the byte.
 */
export interface Pictures {
  /** Index of the latest picture taken at or before a moment (epoch ms). */
  indexAt(subject: PictureSubject, format: Format, timeMs: number): number;
  /** When a picture is taken, epoch ms, to the nearest whole one. */
  timeOf(subject: PictureSubject, format: Format, index: number): number;
  /** The coded picture. Throws a {@link PictureError} for a scene that there is not, a RangeError for a number over 1023. */
  at(subject: PictureSubject, format: Format, index: number): AccessUnit;
  /**
   * The same picture as a keyframe, wherever in its group it stands: caption, clock and strip are its own, the scene is
   * that of the group's keyframe. For cameras that hang. Throws what `at` throws.
   */
  asKeyframe(subject: PictureSubject, format: Format, index: number): AccessUnit;
  /** Index of the keyframe that the picture's group begins with. */
  keyframeAtOrBefore(subject: PictureSubject, format: Format, index: number): number;
  parameterSets(
    subject: PictureSubject,
    format: Format,
  ): { readonly sps: Uint8Array; readonly pps: Uint8Array };
}

export class PictureError extends Error {
  override readonly name = 'PictureError';
  readonly code = 'unknown-scene';
}

/** What the pictures of one format are made from. */
export interface Material {
  /** By the scene's name. */
  readonly clips: ReadonlyMap<string, Clip>;
  readonly sheet: GlyphSheet;
}

/** The part of the golden ratio after the point: its multiples spread evenly however many there are. */
const GOLDEN = 0.6180339887498949;

/** Makes pictures from clips and glyphs. No I/O: the same in Node and in a page. */
export function composePictures(material: Readonly<Record<Format, Material>>): Pictures {
  const overlays = {
    main: new Overlay('main', material.main.sheet),
    sub: new Overlay('sub', material.sub.sheet),
  };
  const clipOf = (subject: PictureSubject, format: Format): Clip => {
    const clip = material[format].clips.get(subject.scene);
    if (!clip) throw new PictureError(`There is no clip of a scene called ${subject.scene}`);
    return clip;
  };
  const keyframeAtOrBefore = (subject: PictureSubject, format: Format, index: number): number => {
    const clip = clipOf(subject, format);
    return index - (placeOf(subject, clip, index) % clip.gopLength);
  };
  /** The picture `index` under the scene of the picture `sceneOf`. */
  const compose = (subject: PictureSubject, format: Format, index: number, sceneOf: number): AccessUnit => {
    const clip = clipOf(subject, format);
    const place = placeOf(subject, clip, sceneOf);
    const { nalUnit, header } = clip.pictures[place]!;
    const timeMs = timeOf(format, index);
    const previousTimeMs = timeOf(format, index - 1);
    const slice = overlays[format].slice(subject, timeMs, previousTimeMs, header, clip);
    const isKeyframe = place % clip.gopLength === 0;
    const nalUnits = isKeyframe ? [clip.spsNal, clip.ppsNal, nalUnit, slice] : [nalUnit, slice];
    return { nalUnits, isKeyframe, timeMs, index };
  };
  return {
    indexAt: (_subject, format, timeMs) => indexAt(format, timeMs),
    timeOf: (_subject, format, index) => timeOf(format, index),
    keyframeAtOrBefore,
    parameterSets(subject, format) {
      const { spsNal, ppsNal } = clipOf(subject, format);
      return { sps: spsNal, pps: ppsNal };
    },
    at: (subject, format, index) => compose(subject, format, index, index),
    asKeyframe: (subject, format, index) =>
      compose(subject, format, index, keyframeAtOrBefore(subject, format, index)),
  };
}

/** Pictures are taken at even distances since 1970; milliseconds are whole, so some are rounded. */
const timeOf = (format: Format, index: number): number =>
  Math.round((index * 1000) / formats[format].framesPerSecond);

function indexAt(format: Format, timeMs: number): number {
  const guess = Math.floor((timeMs * formats[format].framesPerSecond) / 1000);
  if (timeOf(format, guess) > timeMs) return guess - 1;
  return timeOf(format, guess + 1) <= timeMs ? guess + 1 : guess;
}

/**
 * Where in its scene's clip a camera is. Cameras start at different places, so two of the same scene never show the
 * same thing at the same time, and keyframes of many cameras do not come all at once.
 */
function placeOf(subject: PictureSubject, clip: Clip, index: number): number {
  const length = clip.pictures.length;
  const start = Math.floor(startOf(subject) * length);
  return (((index + start) % length) + length) % length;
}

/** The share of the loop by which a camera is ahead. */
const startOf = ({ number }: PictureSubject): number => (number * GOLDEN) % 1;

/** How far into its scene's loop a camera is at a moment, seconds; to less than a picture's time. */
export function secondsIntoLoop(subject: PictureSubject, timeMs: number): number {
  const seconds = timeMs / 1000 + startOf(subject) * loopSeconds;
  return ((seconds % loopSeconds) + loopSeconds) % loopSeconds;
}
