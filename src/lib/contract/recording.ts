import { z } from 'zod';
import { CameraId, StreamName } from './camera.ts';
import { Instant } from './instant.ts';

/*
 * The past as browser and server speak of it. Times are the recorder's clock; spans exclude their end.
 */

/** A whole number that travels in a query. */
export const QueryInt = z.codec(z.string().regex(/^\d{1,15}$/, 'is not a whole number'), z.int(), {
  decode: Number,
  encode: String,
});

/** Cameras in a query, separated by commas. At most 36: the largest wall. */
export const CameraIdList = z.codec(
  z.string().min(1),
  z
    .array(CameraId)
    .min(1)
    .max(36)
    .refine((ids) => new Set(ids).size === ids.length, 'names a camera twice'),
  { decode: (text) => text.split(','), encode: (ids) => ids.join(',') },
);

/** The longest stretch of time one request for spans may cover, ms: 90 days of retention and what is just falling out. */
export const longestSpanWindowMs = 92 * 86_400_000;

const inOrder = ({ from, to }: { from: number; to: number }): boolean => from < to;
const notInOrder = { message: 'is not after `from`', path: ['to'] };

export const SpansQuery = z
  .object({
    cameras: CameraIdList,
    from: Instant,
    to: Instant,
    /**
     * Spans shorter than, and gaps narrower than this are merged into what is beside them, so that 90 days of a
     * camera on motion are a small answer. A short span that stands alone stays, lengthened to it. 1: everything.
     */
    resolutionMs: QueryInt.pipe(z.int().min(1).max(86_400_000)),
  })
  .refine(inOrder, notInOrder)
  .refine(({ from, to }) => to - from <= longestSpanWindowMs, {
    message: 'is more than 92 days after `from`',
    path: ['to'],
  });
export type SpansQuery = z.output<typeof SpansQuery>;

/** Spans as `start, end, start, end, …`: ms since the answer's `from`, ascending, apart from each other. */
export const FlatSpans = z
  .array(z.int().nonnegative())
  .max(200_000)
  .refine(
    (flat) => flat.length % 2 === 0 && flat.every((value, i) => i === 0 || value > (flat[i - 1] ?? Infinity)),
    'are not ascending pairs',
  );

/** What is recorded of one camera in the window asked for, clipped to it. */
export const CameraSpans = z.object({
  cameraId: CameraId,
  /** The oldest moment that is kept; absent when nothing is. */
  oldest: Instant.optional(),
  recorded: FlatSpans,
  /** Where motion was seen; empty where the VMS does not tell. */
  motion: FlatSpans,
  /** False: the recorder did not answer for all of the window. Worth asking again in a while. */
  isComplete: z.boolean(),
});
export type CameraSpans = z.output<typeof CameraSpans>;

export const SpansAnswer = z.object({
  from: Instant,
  to: Instant,
  resolutionMs: z.int().positive(),
  /** In the order asked for. */
  cameras: z.array(CameraSpans),
});
export type SpansAnswer = z.output<typeof SpansAnswer>;

/** What a VMS lets people do with its recordings, found out by probing it. */
export const RecordingAbility = z.object({
  vmsId: z.string(),
  cameraIds: z.array(CameraId),
  /** Coded frames at a time: exact seek, stepping, reverse and native export. */
  nativeFrames: z.boolean(),
  /** JPEG stills at a time. */
  stills: z.boolean(),
  motion: z.boolean(),
  bookmarks: z.enum(['write', 'none']),
  /** `not-in-edition`: the VMS knows evidence locks, the installed edition has none. */
  evidenceLocks: z.enum(['write', 'not-in-edition', 'none']),
  /** It makes films of recordings by itself: what is exported where there are no native frames. */
  makesFilms: z.literal(true).optional(),
});
export type RecordingAbility = z.infer<typeof RecordingAbility>;

export const RecordingAbilities = z.object({ vms: z.array(RecordingAbility) });
export type RecordingAbilities = z.infer<typeof RecordingAbilities>;

export const FramesQuery = z.object({
  at: Instant,
  /** A VMS that records one stream only gives that one for both. */
  stream: StreamName.default('main'),
  /**
   * `keyframe`: just the keyframe at or before `at`, the cheapest picture there is. `gop`: that keyframe and every
   * frame up to the next keyframe, which is not part of it.
   */
  only: z.enum(['keyframe', 'gop']).default('gop'),
});
export type FramesQuery = z.output<typeof FramesQuery>;

/**
 * What an answer of frames says about itself beside its bytes (`video/mp4`). The body is one fragmented MP4: `ftyp`,
 * `moov` with one video track, one `moof`, one `mdat`, nothing else. Times count from the epoch, in a timescale of
 * 1000 or 90,000, so that every millisecond is a whole number: `baseMediaDecodeTime` (tfdt version 1) is when the first
 * frame was taken. That frame is a sync sample. Composition offsets only where the camera reorders pictures.
 */
export const frameHeaders = {
  /** ISO: when the first frame was taken. */
  start: 'Parapet-Start',
  /** ISO: when the frame after the last one sent begins; absent at the end of what is recorded. May lie across a gap. */
  end: 'Parapet-End',
  /** RFC 6381, such as `avc1.640028` or `hvc1.1.6.L93.B0`. */
  codec: 'Parapet-Codec',
} as const;

/** What a recorded still says about itself beside its bytes (`image/jpeg`). */
export const recordedStillHeaders = {
  /** ISO: when it was taken. */
  start: 'Parapet-Start',
  /** ISO: it is the picture of every moment from its start up to here, excluded. Absent: of the one asked for. */
  until: 'Parapet-Until',
} as const;

export const StillQuery = z.object({ at: Instant, width: QueryInt.pipe(z.int().min(16).max(3840)) });
export type StillQuery = z.output<typeof StillQuery>;

/** A window of playlist, for players that want HLS. No longer than six hours: it has an entry per segment. */
export const PlaylistQuery = z
  .object({ from: Instant, to: Instant, stream: StreamName.default('main') })
  .refine(inOrder, notInOrder)
  .refine(({ from, to }) => to - from <= 6 * 3_600_000, {
    message: 'is more than 6 h after `from`',
    path: ['to'],
  });
export type PlaylistQuery = z.output<typeof PlaylistQuery>;

/** The longest segment that is sent, ms: playlists have none that is longer, and recordings to take away are exports. */
export const longestSegmentMs = 10 * 60_000;

/**
 * A segment of a recorded playlist: the GOPs that begin in [`start`, `end`), or, where none does, the one that is still
 * shown at `start`. `init` is the track's header alone.
 */
export const SegmentQuery = z
  .object({
    stream: StreamName.default('main'),
    part: z.enum(['init', 'media']),
    start: Instant,
    end: Instant,
  })
  .refine(({ start, end }) => start < end, { message: 'is not after `start`', path: ['end'] })
  .refine(({ start, end }) => end - start <= longestSegmentMs, {
    message: 'is more than 10 min after `start`',
    path: ['end'],
  });
export type SegmentQuery = z.output<typeof SegmentQuery>;
