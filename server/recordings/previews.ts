import { z } from 'zod';
import { PreviewHead, previewsType, type PreviewsQuery } from '#contract/recording-previews.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Frames, FrameWish } from './frames.ts';
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

/**
 * Pictures at many moments as one streamed answer. Only what the browser has room for is read from the recorder; when it
 * turns away, nothing more.
 * @param mayLeave called before each picture leaves the house; throws where it may not
 */
export function previewsAnswer(
  parts: { readonly frames: Frames; readonly stills: RecordedStills },
  wish: Omit<FrameWish, 'at'>,
  { from, slots, form, width }: PreviewsQuery,
  mayLeave: (timeMs: number) => Promise<void>,
): Response {
  const { frames, stills } = parts;
  const sent = new Set<number>();
  let slot = 0;

  async function find(at: number): Promise<Preview | undefined> {
    if (form === 'still') {
      const still = await stills.read({ ...wish, at }, width);
      return still && { start: still.timeMs, until: still.until, bytes: still.jpeg };
    }
    const keyframe = await frames.keyframe({ ...wish, at });
    return keyframe && { start: keyframe.start, codec: keyframe.codec, bytes: fileOf(keyframe) };
  }

  /** The next slot's part, and whether it is the last one. */
  async function next(): Promise<{ readonly part: Uint8Array; readonly isLast: boolean }> {
    const own = slot++;
    const isLast = slot >= slots.length;
    try {
      const found = await find(from + (slots[own] ?? 0));
      if (found === undefined) throw new Refusal('no-recording');
      await mayLeave(found.start);
      const { bytes, ...head } = found;
      const isKnown = sent.has(found.start);
      sent.add(found.start);
      return { part: partOf({ slot: own, ...head }, isKnown ? none : bytes), isLast };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      // Whatever it is but that, the other slots would wait for the same.
      const isOver = cause.code !== 'no-recording';
      return { part: partOf({ slot: own, problem: cause.code }, none), isLast: isLast || isOver };
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { part, isLast } = await next();
          controller.enqueue(part);
          if (isLast) controller.close();
        } catch (cause) {
          controller.error(cause);
        }
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': previewsType, 'cache-control': 'no-store' } });
}
