import { z } from 'zod';
import { mostKeyframes, PreviewHead } from '#contract/recording-previews.ts';
import type { ProblemCode } from '#contract/problem.ts';
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

/** The part of one slot. `sent`: the pictures that are in the answer already; takes this one in. */
export function previewPart(
  pictures: Pictures,
  camera: SiteCamera,
  stream: Format,
  { slot, at }: { readonly slot: number; readonly at: number },
  now: number,
  sent: Set<string>,
): Uint8Array<ArrayBuffer> {
  const moment = recordedMoment(camera, at, now);
  if (moment === undefined) return problemPart(slot, 'no-recording');
  const { bytes, start, codec } = frameFile(pictures, camera, stream, moment, 'keyframe');
  const name = `${camera.id} ${start}`;
  const isKnown = sent.has(name);
  sent.add(name);
  return partOf({ slot, start, codec }, isKnown ? none : bytes);
}

/** The part of a slot that has no picture. */
export const problemPart = (slot: number, problem: ProblemCode): Uint8Array<ArrayBuffer> =>
  partOf({ slot, problem }, none);

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
