import { readdir } from 'node:fs/promises';
import { type Clip, readClip } from './clip.ts';
import { readGlyphSheet } from './overlay/glyph-sheet.ts';
import { Overlay } from './overlay/overlay.ts';
import { type AccessUnit, formats, type Format, type PictureSubject } from './pictures.ts';

/**
 * Coded pictures of synthetic cameras. Everything is a function of camera and time: any picture of any day can be
 * asked for, in any order, and comes out the same to the byte.
 */
export interface Pictures {
  /** Index of the latest picture taken at or before a moment (epoch ms). */
  indexAt(subject: PictureSubject, format: Format, timeMs: number): number;
  /** When a picture is taken, epoch ms, rounded up to a whole one. */
  timeOf(subject: PictureSubject, format: Format, index: number): number;
  /** The coded picture. Throws a {@link PictureError} for a scene that there is not. */
  at(subject: PictureSubject, format: Format, index: number): AccessUnit;
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

const clipsFolder = new URL('clips/', import.meta.url);
/** The part of the golden ratio after the point: its multiples spread evenly however many there are. */
const GOLDEN = 0.6180339887498949;

/**
 * Reads the clips of all scenes and the glyphs, once for all cameras: some megabytes, shared by every picture.
 * Rejects when a clip cannot be read or breaks the rules of clip.ts.
 */
export async function openPictures(folder: URL = clipsFolder): Promise<Pictures> {
  const [main, sub] = await Promise.all([openFormat('main', folder), openFormat('sub', folder)]);
  const both = { main, sub };
  return {
    indexAt: (_subject, format, timeMs) => indexAt(format, timeMs),
    timeOf: (_subject, format, index) => timeOf(format, index),
    at: (subject, format, index) => both[format].at(subject, index),
    keyframeAtOrBefore: (subject, format, index) =>
      index -
      (placeOf(subject, both[format].clipOf(subject), index) % both[format].clipOf(subject).gopLength),
    parameterSets(subject, format) {
      const { spsNal, ppsNal } = both[format].clipOf(subject);
      return { sps: spsNal, pps: ppsNal };
    },
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

/** Where in its scene's clip a camera is. Cameras start at different places, so they differ in keyframes and traffic. */
function placeOf(subject: PictureSubject, clip: Clip, index: number): number {
  const length = clip.pictures.length;
  const start = Math.floor(((subject.number * GOLDEN) % 1) * length);
  return (((index + start) % length) + length) % length;
}

async function openFormat(format: Format, folder: URL) {
  const suffix = `.${format}.h264`;
  const names = (await readdir(folder)).filter((name) => name.endsWith(suffix));
  const clips = new Map(
    await Promise.all(
      names.map(
        async (name) =>
          [name.slice(0, -suffix.length), await readClip(new URL(name, folder), format)] as const,
      ),
    ),
  );
  const overlay = new Overlay(format, await readGlyphSheet(format));
  const clipOf = (subject: PictureSubject): Clip => {
    const clip = clips.get(subject.scene);
    if (!clip) throw new PictureError(`There is no clip of a scene called ${subject.scene}`);
    return clip;
  };
  return {
    clipOf,
    at(subject: PictureSubject, index: number): AccessUnit {
      const clip = clipOf(subject);
      const place = placeOf(subject, clip, index);
      const { nalUnit, header } = clip.pictures[place]!;
      const timeMs = timeOf(format, index);
      const slice = overlay.slice({
        number: subject.number,
        caption: subject.caption,
        timeMs,
        previousTimeMs: timeOf(format, index - 1),
        scene: header,
        sps: clip.sps,
        pps: clip.pps,
      });
      const isKeyframe = place % clip.gopLength === 0;
      const nalUnits = isKeyframe ? [clip.spsNal, clip.ppsNal, nalUnit, slice] : [nalUnit, slice];
      return { nalUnits, isKeyframe, timeMs, index };
    },
  };
}
