import type { CodecName } from '../h26x/codec.ts';

/** What a source run tells its path. Buffers are views, valid during the call. */
export interface InputEvents {
  /** The source has accepted us, and sends this codec. Called once, before the first media. */
  described(codec: CodecName, parameterSets: readonly Uint8Array[]): void;
  rtp(packet: Buffer, payloadType: number, clockRate: number): void;
  /** A whole picture as NAL units, and its time in 90 kHz ticks on the source's clock. */
  accessUnit(units: readonly Buffer[], timestamp: number): void;
  /** The recorder is there, the camera is not. Pictures may come at any time; the run goes on. */
  outage(): void;
  /** The camera's wall clock, where it tells: `timestamp` on its RTP clock was at `timeMs`, epoch ms. */
  clock(timeMs: number): void;
}

/** One way of getting pictures out of a camera or recorder. */
export interface Input {
  /**
   * Gives pictures until the signal is aborted, then resolves. Rejects with an {@link EngineError} when the source
   * cannot be had or ends.
   */
  run(events: InputEvents, signal: AbortSignal): Promise<void>;
  /** A fresh token for a run under way. */
  renew(token: string): void;
}
