import { ServerError } from 'livekit-server-sdk';

export type LiveKitErrorCode =
  /** Does not answer, or said that it cannot now. */
  | 'unavailable'
  | 'timeout'
  /** No such room or participant. */
  | 'not-found'
  /** It does not take our key. */
  | 'denied'
  | 'invalid'
  /** An answer that is none of LiveKit's, or a fault of its own. */
  | 'internal';

/** Whatever goes wrong with LiveKit. Messages are ours and name no address; what LiveKit said is in the cause, for the log. */
export class LiveKitError extends Error {
  override readonly name = 'LiveKitError';
  readonly code: LiveKitErrorCode;

  constructor(code: LiveKitErrorCode, options?: ErrorOptions) {
    super(words[code], options);
    this.code = code;
  }

  /** Whether it says that LiveKit as a whole is in trouble, and the same may work later. */
  get isOutage(): boolean {
    return this.code === 'unavailable' || this.code === 'timeout' || this.code === 'internal';
  }
}

const words: Readonly<Record<LiveKitErrorCode, string>> = {
  unavailable: 'LiveKit does not answer.',
  timeout: 'LiveKit takes too long to answer.',
  'not-found': 'LiveKit knows no such room or participant.',
  denied: 'LiveKit does not take our key.',
  invalid: 'LiveKit does not take the request.',
  internal: 'LiveKit answered with a fault.',
};

const byTwirpCode: Readonly<Record<string, LiveKitErrorCode>> = {
  not_found: 'not-found',
  unauthenticated: 'denied',
  permission_denied: 'denied',
  invalid_argument: 'invalid',
  malformed: 'invalid',
  failed_precondition: 'invalid',
  already_exists: 'invalid',
  unavailable: 'unavailable',
  resource_exhausted: 'unavailable',
  deadline_exceeded: 'timeout',
};

/**
 * One family out of three: the SDK throws `ServerError` for what LiveKit answers, `DOMException` when time runs out, and
 * whatever `fetch` and `JSON.parse` throw for the rest.
 */
export function asLiveKitError(cause: unknown): LiveKitError {
  if (cause instanceof LiveKitError) return cause;
  if (cause instanceof ServerError) {
    const known = byTwirpCode[cause.code ?? ''];
    if (known !== undefined) return new LiveKitError(known, { cause });
    // A proxy in between answers without a code.
    if (cause.status === 401 || cause.status === 403) return new LiveKitError('denied', { cause });
    if (cause.status === 404) return new LiveKitError('not-found', { cause });
    return new LiveKitError([502, 503, 504].includes(cause.status) ? 'unavailable' : 'internal', { cause });
  }
  if (cause instanceof DOMException && cause.name === 'TimeoutError')
    return new LiveKitError('timeout', { cause });
  if (cause instanceof TypeError) return new LiveKitError('unavailable', { cause });
  return new LiveKitError('internal', { cause });
}
