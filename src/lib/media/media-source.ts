/** How a tile is being watched. `test-card` is drawn in the page and needs no server. */
export type Way = 'whep' | 'test-card';

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
  readonly stream: MediaStream;
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
  readonly framesDropped?: number;
  readonly bytesReceived?: number;
  readonly packetsLost?: number;
  readonly packetsReceived?: number;
  readonly codec?: string;
  readonly width?: number;
  readonly height?: number;
  readonly roundTripMs?: number;
  readonly jitterMs?: number;
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
  | 'protocol';

/** Why a picture could not be had. `code` is for us, `cause` for the log. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: StreamErrorCode;
  /** When the far end named a time to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(code: StreamErrorCode, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
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
