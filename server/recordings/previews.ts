import { z } from 'zod';
import { PreviewHead, previewsType, type PreviewsQuery } from '#contract/recording-previews.ts';
import { Refusal } from '#server/http/refusal.ts';
import { type Frames, type FrameWish, settledMs } from './frames.ts';
import { fileOf } from './gop.ts';
import type { RecordedStills } from './recorded-stills.ts';

/** A picture for a slot. */
interface Preview extends Omit<PreviewHead, 'slot' | 'problem'> {
  readonly start: number;
  readonly bytes: Uint8Array;
}

const none = new Uint8Array();

/** A part as the contract has it. */
function partOf(head: PreviewHead, picture: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(z.encode(PreviewHead, head)));
  const part = Buffer.alloc(8 + text.length + picture.length);
  part.writeUInt32BE(text.length, 0);
  part.set(text, 4);
  part.writeUInt32BE(picture.length, 4 + text.length);
  part.set(picture, 8 + text.length);
  return part;
}

/** Readings at a time: as many as a recorder takes of one person. */
const atOnce = 8;

/** A camera whose pictures this person may see. */
export interface PreviewedCamera {
  readonly wish: Omit<FrameWish, 'at'>;
  /** Called before each picture leaves the house; throws where it may not. */
  readonly mayLeave: (timeMs: number) => Promise<void>;
}

/**
 * Pictures of many cameras at many moments as one streamed answer. One camera is read moment by moment, several side by
 * side: a slow one does not keep the others waiting. Only what the browser has room for is read from the recorders; when it
 * turns away, nothing more.
 * @param cameras those of the query, in its order; a refusal for those that this person may not see
 */
export function previewsAnswer(
  parts: { readonly frames: Frames; readonly stills: RecordedStills; readonly now: () => number },
  cameras: readonly (PreviewedCamera | Refusal)[],
  { from, slots, form, width }: PreviewsQuery,
): Response {
  const { frames, stills, now } = parts;
  const sent = new Set<string>();
  /** In the order they are wanted. */
  let waiting = slots.map(({ camera, ms }, slot) => ({ camera, at: from + ms, slot }));
  /** By camera: the part that is being made. */
  const underWay = new Map<number, Promise<{ readonly camera: number; readonly part: Uint8Array }>>();

  async function find({ wish }: PreviewedCamera, at: number): Promise<Preview | undefined> {
    if (form === 'still') {
      const still = await stills.read({ ...wish, at }, width);
      return still && { start: still.timeMs, until: still.until, bytes: still.jpeg };
    }
    const keyframe = await frames.keyframe({ ...wish, at });
    if (keyframe === undefined) return undefined;
    const { start, end, codec } = keyframe;
    // At the end of what is recorded another keyframe may come to stand before the moment.
    const until = end === undefined || at >= now() - settledMs ? undefined : Math.max(end, at + 1);
    return { start, until, codec, bytes: fileOf(keyframe) };
  }

  async function make({ camera, at, slot }: (typeof waiting)[number]) {
    try {
      const previewed = cameras[camera];
      if (previewed === undefined || previewed instanceof Refusal)
        throw previewed ?? new Refusal('not-found');
      const found = await find(previewed, at);
      if (found === undefined) throw new Refusal('no-recording');
      await previewed.mayLeave(found.start);
      const { bytes, ...head } = found;
      const name = `${camera} ${found.start}`;
      const isKnown = sent.has(name);
      sent.add(name);
      return { camera, part: partOf({ slot, ...head }, isKnown ? none : bytes) };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      // Whatever it is but that, the camera's other slots would wait for the same.
      if (cause.code !== 'no-recording') waiting = waiting.filter((other) => other.camera !== camera);
      return { camera, part: partOf({ slot, problem: cause.code }, none) };
    }
  }

  function begin(): void {
    while (underWay.size < atOnce) {
      const next = waiting.find(({ camera }) => !underWay.has(camera));
      if (next === undefined) return;
      waiting = waiting.filter((other) => other !== next);
      underWay.set(next.camera, make(next));
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          begin();
          const { camera, part } = await Promise.race(underWay.values());
          underWay.delete(camera);
          controller.enqueue(part);
          if (underWay.size === 0 && waiting.length === 0) controller.close();
        } catch (cause) {
          controller.error(cause);
        }
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': previewsType, 'cache-control': 'no-store' } });
}
