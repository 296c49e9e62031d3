import type { StreamName } from '#contract/camera.ts';

/** A stretch of recorded time, end excluded, epoch ms of the recorder's clock. */
export interface RecordedSpan {
  readonly start: number;
  readonly end: number;
}

/** What a VMS lets us do with its recordings. Asked for once by probing, never derived from a product name. */
export interface RecordingAbilities {
  /** Native coded frames at a time: exact seek, stepping, reverse, export without re-encoding. */
  readonly nativeFrames: boolean;
  /** JPEG stills at a time. */
  readonly stills: boolean;
  readonly motion: boolean;
  readonly bookmarks: 'write' | 'none';
  /** `not-in-edition`: the installed edition has no evidence lock. */
  readonly evidenceLocks: 'write' | 'not-in-edition' | 'none';
}

/** One recorded coded picture as the recorder stored it. */
export interface RecordedFrame {
  readonly codec: 'H264' | 'H265' | 'MJPEG';
  readonly timeMs: number;
  readonly isKeyframe: boolean;
  /** NAL units without start codes (H.264, H.265), or one JPEG. */
  readonly units: readonly Uint8Array[];
  /** The neighbours' times as the recorder tells them, undefined at the ends. */
  readonly previousMs: number | undefined;
  readonly nextMs: number | undefined;
}

/** A cursor over one camera's recording. One request at a time is sent; calls queue. */
export interface RecordingCursor {
  /** The frame at or before `timeMs`; with `keyframe` the keyframe at or before it. Undefined before the first recording. */
  at(timeMs: number, options: { keyframe: boolean }, signal: AbortSignal): Promise<RecordedFrame | undefined>;
  /** The following frame; may lie across a gap. Undefined at the end of what is recorded. */
  next(signal: AbortSignal): Promise<RecordedFrame | undefined>;
  previous(signal: AbortSignal): Promise<RecordedFrame | undefined>;
  /** Gives the connection back. Safe to call twice. */
  close(): void;
}

export interface Still {
  readonly timeMs: number;
  readonly jpeg: Uint8Array;
  /** When the recorded picture after it was taken, where the recorder tells: until then this is the one. */
  readonly nextMs?: number;
}

/** A file of a recording as the VMS itself has made it, in whatever form it makes them. */
export interface VmsFilm {
  /** As the VMS calls it, such as `video/mp4`; `application/octet-stream` where it says nothing. */
  readonly mediaType: string;
  /** How long it is, where the VMS says. */
  readonly bytes: number | undefined;
  /** Read it once. Leaving it ends the connection; breaking off throws `VmsError`. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** A bookmark as people make it. Times in epoch ms. */
export interface VmsBookmark {
  readonly id: string;
  readonly cameraId: string;
  readonly start: number;
  readonly end: number;
  readonly at: number;
  readonly title: string;
  readonly description: string;
}

export interface VmsEvidenceLock {
  readonly id: string;
  readonly cameraIds: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly title: string;
  readonly description: string;
  readonly expiresAt: number | undefined;
}

/**
 * Hears of cameras whose recording or motion has changed. `everywhere`: each process that follows hears the same from the
 * VMS. `here`: this one has found it out by itself, for those who look through it.
 */
export type OnRecordingChange = (cameraIds: readonly string[], heard: 'everywhere' | 'here') => void;

/** The past of a VMS. Every method throws VmsError and aborts with its signal. */
export interface VmsRecordings {
  /**
   * Names the machine that holds this camera's recordings, where that is known by now. Says nothing to people; whoever
   * asks for many frames takes turns by it.
   */
  recorderOf?(cameraId: string): string | undefined;
  abilities(signal: AbortSignal): Promise<RecordingAbilities>;
  /**
   * Recorded and motion spans that touch `within`, clipped to it, ascending, merged where they touch. With a
   * `resolutionMs` above 1 an outline is enough: edges may lie up to half of it outside of where they are, and gaps
   * narrower than it may be missing. An adapter that has no cheaper way gives the spans themselves.
   */
  spans(
    cameraId: string,
    within: RecordedSpan,
    signal: AbortSignal,
    resolutionMs?: number,
  ): Promise<{ recorded: readonly RecordedSpan[]; motion: readonly RecordedSpan[] }>;
  /**
   * Tells of cameras whose recording or motion has just begun or ended, until the signal ends it. A hint, not a record:
   * what is recorded has to be read. Never rejects.
   */
  followChanges?(onChange: OnRecordingChange, signal: AbortSignal): Promise<void>;
  /** The oldest moment that is still kept. */
  oldest(cameraId: string, signal: AbortSignal): Promise<number | undefined>;
  cursor(cameraId: string, stream: StreamName, signal: AbortSignal): Promise<RecordingCursor>;
  /**
   * Has the VMS make a file of a recording, for where it gives no frames (`nativeFrames`). There where it offers that. Waits
   * until it is made; whoever leaves the file unread has to abort the signal.
   */
  exportFilm?(cameraId: string, within: RecordedSpan, signal: AbortSignal): Promise<VmsFilm>;
  /** `false` where a keyframe costs as much as all the pictures up to the next one. */
  readonly hasKeyframesAlone?: boolean;
  /** A JPEG no wider than `width` of the frame at or before `timeMs`; undefined when nothing is recorded within 5 s of it. */
  still(cameraId: string, timeMs: number, width: number, signal: AbortSignal): Promise<Still | undefined>;
  /** The newest recorded picture as a JPEG no wider than `width`; undefined where nothing is recorded. */
  newestStill?(cameraId: string, width: number, signal: AbortSignal): Promise<Still | undefined>;
  listBookmarks(
    cameraIds: readonly string[],
    within: RecordedSpan,
    signal: AbortSignal,
  ): Promise<readonly VmsBookmark[]>;
  /** One bookmark, where the VMS can be asked for it by its id; else it is looked for in lists. */
  readBookmark?(id: string, signal: AbortSignal): Promise<VmsBookmark | undefined>;
  /** Makes a bookmark, or changes the one with this id. The answer's id may be another: a bookmark of another camera is a new one. */
  saveBookmark(
    bookmark: Omit<VmsBookmark, 'id'> & { id?: string },
    signal: AbortSignal,
  ): Promise<VmsBookmark>;
  deleteBookmark(id: string, signal: AbortSignal): Promise<void>;
  listEvidenceLocks(within: RecordedSpan, signal: AbortSignal): Promise<readonly VmsEvidenceLock[]>;
  /** One lock by its id. There where locks can be written, as the two below. */
  readEvidenceLock?(id: string, signal: AbortSignal): Promise<VmsEvidenceLock | undefined>;
  /** Makes a lock, or changes the one with this id. The answer's id may be another: some systems replace a lock. */
  saveEvidenceLock(
    lock: Omit<VmsEvidenceLock, 'id'> & { id?: string },
    signal: AbortSignal,
  ): Promise<VmsEvidenceLock>;
  /** Lifts it; one that is gone already is fine. */
  deleteEvidenceLock?(id: string, signal: AbortSignal): Promise<void>;
}
