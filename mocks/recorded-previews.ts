import { z } from 'zod';
import { mostKeyframes, PreviewHead } from '#contract/recording-previews.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import type { Format } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from './site/cameras.ts';
import { frameFile } from './site/frame-file.ts';
import { recordedSpans, sequencesAround, type SiteSpan } from './site/recordings.ts';

/** The moment, or the last recorded one before it; undefined before the first recording. */
export function recordedMoment(camera: SiteCamera, at: number, now: number): number | undefined {
  const [here] = recordedSpans(camera, { start: at, end: at + 1 }, now);
  const previous = here ?? sequencesAround(camera, at, now).previous;
  return previous && (here ? at : previous.end - 1);
}

/** When the keyframes of a window were taken, epoch ms: the newest ones, where there are too many. */
export function keyframeTimes(
  pictures: Pictures,
  camera: SiteCamera,
  stream: Format,
  window: SiteSpan,
  now: number,
): number[] {
  const times: number[] = [];
  for (const { start, end } of recordedSpans(camera, window, now)) {
    let index = pictures.indexAt(camera, stream, start);
    for (; pictures.timeOf(camera, stream, index) < end; index++)
      if (pictures.keyframeAtOrBefore(camera, stream, index) === index) {
        const time = pictures.timeOf(camera, stream, index);
        if (time >= start) times.push(time);
      }
  }
  return times.slice(-mostKeyframes);
}

const none = new Uint8Array();

/** All parts of an answer of previews, see contract/recording-previews.ts. */
export function previewParts(
  pictures: Pictures,
  camera: SiteCamera,
  stream: Format,
  moments: readonly number[],
  now: number,
): Uint8Array<ArrayBuffer>[] {
  const sent = new Set<number>();
  return moments.map((at, slot) => {
    const moment = recordedMoment(camera, at, now);
    if (moment === undefined) return partOf({ slot, problem: 'no-recording' }, none);
    const { bytes, start, codec } = frameFile(pictures, camera, stream, moment, 'keyframe');
    const isKnown = sent.has(start);
    sent.add(start);
    return partOf({ slot, start, codec }, isKnown ? none : bytes);
  });
}

function partOf(head: PreviewHead, picture: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(z.encode(PreviewHead, head)));
  const part = new Uint8Array(8 + text.length + picture.length);
  const view = new DataView(part.buffer);
  view.setUint32(0, text.length);
  part.set(text, 4);
  view.setUint32(4 + text.length, picture.length);
  part.set(picture, 8 + text.length);
  return part;
}
