import type { ProblemCode } from '#contract/problem.ts';
import { NetworkError, ProblemError } from '#lib/api/errors.ts';
import { PastError, type PastErrorCode } from './past-error.ts';

/*
 * Apart from the error itself, which is thrown beside the page as well: nothing of the API is known there.
 */

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
