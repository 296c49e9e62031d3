import type { Shortage, WayReason } from '#contract/reservation.ts';

/** How a tile is being watched. `test-card` is drawn in the page and needs no server. */
export type Way = 'whep' | 'livekit' | 'hls' | 'stills' | 'test-card';

/** Chooses one of the ways that are offered, best first; undefined when none of them will do. */
export type ChooseWay = (offered: readonly Way[]) => Way | undefined;

/**
 * What a viewer prefers where the two cannot be had together: `lowest` for following by camera control, `smooth` for watching
 * over an uneven network.
 */
export type LatencyChoice = 'lowest' | 'balanced' | 'smooth';

/** Why a way comes before the usual one. */
export interface Preferred {
  readonly reason: WayReason;
  /** How many watched the camera, where that is why. */
  readonly viewers?: number | undefined;
}

/** A way of getting pictures. One instance can be opened many times. */
export interface MediaSource {
  readonly way: Way;
  /**
   * Resolves once the far end has agreed to send; pictures follow. Aborting `signal` cancels the attempt and frees
   * what it had acquired. Throws a {@link StreamError}, or the signal's reason when aborted.
   */
  open(signal: AbortSignal): Promise<MediaSession>;
}

/** One running reception. */
export interface MediaSession {
  readonly way: Way;
  /** Why it comes by this way and not by the usual one; absent where nobody has ordered it so. */
  readonly preferred?: Preferred | undefined;
  /**
   * Shows the pictures in this element, and no longer in one before it. Gives the way to let go of it, which leaves the
   * element without a source; safe to call twice. Playing is the caller's. `beforeBlank` is called before the element loses
   * its picture for a moment, where the way mends itself so.
   */
  attach(video: HTMLVideoElement, beforeBlank?: () => void): () => void;
  /** Whether media has found its way through the network at least once. Signalling that went well says nothing of it. */
  readonly hasConnected: boolean;
  /**
   * When the camera took what the element shows now, epoch ms on the server's clock; undefined where the way does not
   * know it. Where it is not known a picture can only be said to have been received.
   */
  captureTimeOf(video: HTMLVideoElement): number | undefined;
  /**
   * How much older than is usual for its way the picture on the screen is, ms: pictures that keep moving may be seconds
   * behind where they are played from a buffer. Absent where there is none.
   */
  readonly lagMs?: number | undefined;
  /** Is told of each picture as it is painted, where the way reads its lag from that. */
  presented?(frame: VideoFrameCallbackMetadata): void;
  /** Buffers less or more from now on. Absent where the way cannot choose. */
  setLatency?(choice: LatencyChoice): void;
  /** Resolves when the far end ends it in order; rejects with a {@link StreamError} when it breaks. */
  readonly ended: Promise<void>;
  /** The counters behind the picture; undefined where the way has none. Cheap enough for once a second. */
  vitals(): Promise<Vitals | undefined>;
  /** Releases everything `open` acquired. Safe to call twice. */
  close(): void;
}

/** Raw counters of one reception, straight from the browser; missing where the browser has no such field. */
export interface Vitals {
  readonly framesDecoded?: number;
  /**
   * Counts what arrives, where pictures are not decoded while nobody sees them: browsers pause a hidden element that plays
   * from a buffer.
   */
  readonly arrivals?: number;
  /** From the camera to the screen, ms, where the way knows it. */
  readonly latencyMs?: number;
  readonly framesDropped?: number;
  readonly bytesReceived?: number;
  readonly packetsLost?: number;
  readonly packetsReceived?: number;
  readonly codec?: string;
  readonly width?: number;
  readonly height?: number;
  readonly roundTripMs?: number;
  readonly jitterMs?: number;
  /** Lost packets that were asked for again and came. */
  readonly packetsRepaired?: number;
  /** Pictures asked for anew because none could be decoded (RTCP PLI and FIR), and packets asked for again (NACK). */
  readonly keyframesAsked?: number;
  readonly packetsAsked?: number;
  readonly keyframesDecoded?: number;
  /** Packets that came too late, or twice, and were thrown away. */
  readonly packetsDiscarded?: number;
  /** Times that the picture stood for more than five seconds, and for how long together, ms. */
  readonly pauses?: number;
  readonly pausesMs?: number;
  /** Times that the picture stood longer than it should, as the browser counts them, and for how long together, ms. */
  readonly freezes?: number;
  readonly freezesMs?: number;
  /** How long all pictures together waited to be shown, ms, and how many of them there were. */
  readonly bufferedMs?: number;
  readonly framesBuffered?: number;
  /** How long decoding took for all pictures together, ms. */
  readonly decodedMs?: number;
  /** The decoder, where the browser tells: most tell only pages that use a camera themselves. */
  readonly decoder?: string;
  /** How the packets come: kinds of candidate here and there (host, srflx, prflx, relay), and what carries them. */
  readonly path?: string;
}

export type StreamErrorCode =
  /** No answer, or the connection broke. Worth another attempt. */
  | 'unreachable'
  /** The camera gives no picture now. */
  | 'camera-offline'
  /** The reservation behind it has ended: reserve again. */
  | 'reservation-ended'
  | 'signed-out'
  | 'not-permitted'
  | 'codec-unsupported'
  | 'b-frames'
  /** As many streams are in use as the agency, or the site, may use at once. */
  | 'quota-exceeded'
  /** The server is full or starting. */
  | 'overloaded'
  /** This page may not create more peer connections (Chromium stops at 500): it has to reload. */
  | 'exhausted'
  /** The far end broke the protocol. */
  | 'protocol'
  /** Asked for another way, and there is none. */
  | 'no-other-way';

/** Why a picture could not be had. `code` is for us, `cause` for the log. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: StreamErrorCode;
  /** When the far end named a time to wait. */
  readonly retryAfterMs: number | undefined;
  /** With `quota-exceeded`: whose quota, and who uses it up. */
  readonly shortage: Shortage | undefined;

  constructor(
    code: StreamErrorCode,
    message: string,
    options?: ErrorOptions & { retryAfterMs?: number; shortage?: Shortage | undefined },
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
    this.shortage = options?.shortage;
  }

  /** Worth another attempt without the viewer changing anything. */
  get isTransient(): boolean {
    return [
      'unreachable',
      'camera-offline',
      'quota-exceeded',
      'overloaded',
      'protocol',
      'reservation-ended',
    ].includes(this.code);
  }
}
