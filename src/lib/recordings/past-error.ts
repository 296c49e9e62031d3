export type PastErrorCode =
  /** Nothing is recorded at or before that moment. */
  | 'no-recording'
  /** No answer, or a broken one on the way. */
  | 'unreachable'
  /** What came is not what the contract promises, or does not decode. */
  | 'damaged'
  /** This browser has no decoder for it. */
  | 'codec'
  | 'not-permitted'
  | 'not-found'
  /** The recorder does not give pictures of the past this way. */
  | 'not-supported'
  | 'signed-out'
  | 'vms-unavailable'
  | 'overloaded';

/** Why a picture of the past could not be had. `code` is what code and words act on. */
export class PastError extends Error {
  override readonly name = 'PastError';
  readonly code: PastErrorCode;

  constructor(code: PastErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Worth another attempt without anybody changing anything. */
  get isTransient(): boolean {
    return ['unreachable', 'vms-unavailable', 'overloaded', 'damaged'].includes(this.code);
  }
}
