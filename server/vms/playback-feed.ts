/** A window of a recording under a time-shifted RTSP address. Holds secrets: never logged. */
export interface PlaybackWindow {
  /** `rtsp://host[:port]/path?query` with the times in it, without user and password. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** What the address asks for, epoch ms of the recorder's clock. */
  readonly start: number;
  readonly end: number;
}

/** One recorded picture as it was stored. */
export interface FedPicture {
  readonly codec: 'H264' | 'H265';
  /** Epoch ms of the recorder's clock. */
  readonly timeMs: number;
  readonly isKeyframe: boolean;
  /** NAL units without start codes; those of a keyframe begin with its parameter sets. */
  readonly units: readonly Uint8Array[];
}

/**
 * Plays recordings for adapters that have only an RTSP address of them. Media is the gateway's business: it stands behind
 * this.
 */
export interface PlaybackFeed {
  /**
   * The pictures of the window in the order of decoding, from the keyframe that its beginning depends on, as far as the
   * server gives that. Resolves once the server has accepted. Throws `VmsError`: `no-such-stream` where nothing is
   * recorded there, `refused`, `unavailable` (also in the middle), `unexpected-answer` for what cannot be played. An
   * iterator that is left, and one whose signal is aborted, ends the session. Whoever reads slowly holds the recorder back.
   */
  open(window: PlaybackWindow, signal: AbortSignal): Promise<AsyncGenerator<FedPicture, void, undefined>>;
}
