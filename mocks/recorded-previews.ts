import { z } from 'zod';
import { mostKeyframes, PreviewHead } from '#contract/recording-previews.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import type { Format } from '#mocks/camera/pictures.ts';
import { previewPart } from './preview-part.ts';
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

/** The part of one slot. `sent`: the pictures that are in the answer already; takes this one in. */
export function recordedPart(
  pictures: Pictures,
  camera: SiteCamera,
  stream: Format,
  { slot, at }: { readonly slot: number; readonly at: number },
  now: number,
  sent: Set<string>,
): Uint8Array<ArrayBuffer> {
  const moment = recordedMoment(camera, at, now);
  if (moment === undefined) return previewPart({ slot, problem: 'no-recording' });
  const { bytes, start, codec } = frameFile(pictures, camera, stream, moment, 'keyframe');
  const name = `${camera.id} ${start}`;
  const isKnown = sent.has(name);
  sent.add(name);
  return previewPart(z.encode(PreviewHead, { slot, start, codec }), isKnown ? undefined : bytes);
}
