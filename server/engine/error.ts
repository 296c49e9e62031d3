/** Why the engine says no, or why a source gives nothing. The same words as the BFF's gateway port uses. */
export type EngineErrorCode =
  /** The camera gives no picture now. */
  | 'camera-offline'
  /** The camera or recorder refused our credentials. */
  | 'source-refused'
  | 'codec-unsupported'
  | 'b-frames'
  /** No such path or session. */
  | 'not-found'
  /** The SDP, the fragment or the request was not acceptable. */
  | 'bad-offer'
  | 'overloaded';

/** Messages are safe to show to an administrator: no URLs, no credentials. Those are in the cause, for the log. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
