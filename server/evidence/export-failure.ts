import type { ProblemCode } from '#contract/problem.ts';
import { Refusal } from '#server/http/refusal.ts';
import { codeOf } from './growing-file.ts';
import { TranscodeError } from './watermark/transcoder.ts';

/** Whether it may go better in a while: a recorder that is away, or a fault of ours such as a database that is. */
export function isPassing(cause: unknown): boolean {
  if (cause instanceof TranscodeError) return false;
  return ['vms-unavailable', 'overloaded', 'internal'].includes(failureOf(cause));
}

/** Why an export failed, as its owner is told. */
export function failureOf(cause: unknown): ProblemCode {
  if (cause instanceof Refusal) return cause.code;
  return codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT' ? 'quota-exceeded' : 'internal';
}
