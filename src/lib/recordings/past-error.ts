import type { ProblemCode } from '#contract/problem.ts';
import { NetworkError, ProblemError } from '#lib/api/errors.ts';

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

/** What the API's problems mean for a picture. */
export function pastCodeOf(problem: ProblemCode): PastErrorCode {
  switch (problem) {
    case 'no-recording':
    case 'not-permitted':
    case 'not-found':
    case 'not-supported':
    case 'signed-out':
    case 'vms-unavailable':
    case 'overloaded':
      return problem;
    case 'slow-down':
      return 'overloaded';
    case 'codec-unsupported':
      return 'codec';
    default:
      return 'vms-unavailable';
  }
}

/** What the API's own errors mean for a picture. */
export function pastErrorOf(cause: unknown): PastError {
  if (cause instanceof PastError) return cause;
  if (cause instanceof ProblemError) return new PastError(pastCodeOf(cause.code), cause.message, { cause });
  if (cause instanceof NetworkError) return new PastError('unreachable', cause.message, { cause });
  return new PastError('damaged', 'The recording cannot be read', { cause });
}
