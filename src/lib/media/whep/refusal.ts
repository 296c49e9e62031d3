import { Problem, type ProblemCode } from '#contract/problem.ts';
import { StreamError, type StreamErrorCode } from '../media-source.ts';

/** What each of the BFF's codes means for a picture. */
const byProblem: Readonly<Partial<Record<ProblemCode, StreamErrorCode>>> = {
  'signed-out': 'signed-out',
  'not-permitted': 'not-permitted',
  'cross-site': 'not-permitted',
  'slow-down': 'overloaded',
  'not-found': 'reservation-ended',
  'reservation-ended': 'reservation-ended',
  'camera-offline': 'camera-offline',
  'codec-unsupported': 'codec-unsupported',
  'b-frames': 'b-frames',
  'no-such-stream': 'camera-offline',
  'quota-exceeded': 'quota-exceeded',
  'gateway-unavailable': 'unreachable',
  'vms-unavailable': 'unreachable',
  overloaded: 'overloaded',
  internal: 'unreachable',
};

/** What a bare status means where no problem says more; draft-ietf-wish-whep-04 forbids reading more into one. */
function byStatus(status: number): StreamErrorCode {
  if (status === 401) return 'signed-out';
  if (status === 403) return 'not-permitted';
  if (status === 404 || status === 409) return 'camera-offline';
  if (status === 410) return 'reservation-ended';
  if (status === 429 || status === 503) return 'overloaded';
  return status >= 500 ? 'unreachable' : 'protocol';
}

/**
 * Ms to wait by a `Retry-After` header (RFC 9110 §10.2.3): seconds, or a date. Undefined when there is none, or none
 * that can be read; a date that has passed is 0. At most ten minutes: a slip of the far end must not end a tile.
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 600_000) : undefined;
}

/** Why the far end does not give the picture, out of its answer to an offer. */
export function refusal(status: number, headers: Headers, body: string, now: number): StreamError {
  const problem = readProblem(headers, body);
  const code = (problem && byProblem[problem.code]) ?? byStatus(status);
  const wait = retryAfterMs(headers.get('retry-after'), now) ?? inMs(problem?.retryAfterS);
  return new StreamError(code, `The offer was answered ${status}${problem ? ` ${problem.code}` : ''}`, {
    cause: problem ?? { status },
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

const inMs = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1000;

function readProblem(headers: Headers, body: string): Problem | undefined {
  if (!/^application\/(problem\+)?json\b/i.test(headers.get('content-type') ?? '')) return undefined;
  try {
    return Problem.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
