import { z } from 'zod';
import { StreamName } from './camera.ts';
import { Instant } from './instant.ts';
import { ProblemCode } from './problem.ts';
import { CameraIdList, longestSpanWindowMs, QueryInt } from './recording.ts';

/*
 * Where keyframes are, and many pictures in one answer: for a hand that drags through the past.
 */

/** The longest window whose keyframes are told, ms, and how many of them. */
export const longestKeyframeWindowMs = 15 * 60_000;
export const mostKeyframes = 1000;

export const KeyframesQuery = z
  .object({ from: Instant, to: Instant, stream: StreamName.default('main') })
  .refine(({ from, to }) => from < to, { message: 'is not after `from`', path: ['to'] })
  .refine(({ from, to }) => to - from <= longestKeyframeWindowMs, {
    message: 'is more than 15 min after `from`',
    path: ['to'],
  });
export type KeyframesQuery = z.output<typeof KeyframesQuery>;

/** The keyframes of a window. */
export const KeyframesAnswer = z.object({
  /** From here on all are told: later than asked for where there are too many, or where looking costs too much. */
  from: Instant,
  to: Instant,
  /** ms since `from`, ascending. */
  keyframes: z.array(z.int().nonnegative()).max(mostKeyframes),
});
export type KeyframesAnswer = z.output<typeof KeyframesAnswer>;

/** Pictures in one answer. */
export const mostPreviews = 64;

/** A picture that is wanted: of which of the query's cameras, and how long after its `from`, ms. */
const PreviewSlot = z.object({
  camera: z.int().nonnegative(),
  ms: z.int().nonnegative().max(longestSpanWindowMs),
});

/** `camera.ms` of each, separated by commas; the most wanted first. */
const Slots = z.codec(
  z.string().regex(/^\d{1,2}\.\d{1,10}(,\d{1,2}\.\d{1,10})*$/, {
    error: 'is not a list of camera.ms',
    abort: true,
  }),
  z.array(PreviewSlot).min(1).max(mostPreviews),
  {
    decode: (text) =>
      text.split(',').map((slot) => {
        const [camera = 0, ms = 0] = slot.split('.').map(Number);
        return { camera, ms };
      }),
    encode: (slots) => slots.map(({ camera, ms }) => `${camera}.${ms}`).join(','),
  },
);

export const PreviewsQuery = z
  .object({
    cameras: CameraIdList,
    from: Instant,
    slots: Slots,
    stream: StreamName.default('sub'),
    /** `keyframe`: as coded, see {@link previewsType}. `still`: JPEG, where the VMS makes any. */
    form: z.enum(['keyframe', 'still']).default('keyframe'),
    /** Of stills. */
    width: QueryInt.pipe(z.int().min(16).max(1920)).default(320),
  })
  .refine(({ cameras, slots }) => slots.every(({ camera }) => camera < cameras.length), {
    message: 'names a camera that is not there',
    path: ['slots'],
  });
export type PreviewsQuery = z.output<typeof PreviewsQuery>;

/**
 * The media type of an answer of previews. One part for each slot, sent as each is found: those of one camera in the order
 * they were asked for, those of several side by side. Four bytes with the length of the head (big-endian), the head
 * ({@link PreviewHead}, JSON), four bytes with the length of the picture, the picture: a keyframe at or before the moment as
 * fragmented MP4 (as frames are), or a JPEG. A picture of no length is the one of that camera with that `start` that came
 * before in the same answer. Nobody reads on: the request is to be aborted.
 */
export const previewsType = 'application/vnd.parapet.previews';

export const PreviewHead = z.object({
  /** Which of the slots asked for. */
  slot: z.int().nonnegative(),
  /** When the picture was taken; absent where there is a problem. */
  start: Instant.optional(),
  /** It is the picture of every moment up to here, excluded; absent where that is not known. */
  until: Instant.optional(),
  /** RFC 6381; of keyframes. */
  codec: z.string().optional(),
  /** `no-recording`: nothing is there, others follow. Any other is the last part of that camera. */
  problem: ProblemCode.optional(),
});
export type PreviewHead = z.output<typeof PreviewHead>;
