import { EngineError, type EngineErrorCode } from '../error.ts';

/** Faults of the request itself, which no {@link EngineErrorCode} names more closely than `bad-offer`. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: 400 | 401 | 404 | 405 | 412 | 413 | 415 | 422 | 428;
  readonly code: EngineErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: RequestError['status'],
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = status === 404 ? 'not-found' : 'bad-offer';
    this.headers = headers;
  }
}

const statuses: Readonly<Record<EngineErrorCode, number>> = {
  'camera-offline': 409,
  'source-refused': 409,
  'codec-unsupported': 422,
  'b-frames': 422,
  'not-found': 404,
  'bad-offer': 400,
  overloaded: 503,
};

/** Seconds after which asking again makes sense. */
const retryAfterS: Partial<Readonly<Record<EngineErrorCode, number>>> = {
  'camera-offline': 2,
  'source-refused': 10,
  overloaded: 5,
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Instead of `body`: sent piece by piece, as fast as the caller takes it. Ended when the caller goes away. */
  readonly stream?: AsyncIterable<Uint8Array>;
}

/** The answer to a request that failed, RFC 9457 with our code. Undefined when the error is none of ours. */
export function problemAnswer(error: unknown): Answer | undefined {
  if (error instanceof RequestError) return problem(error.status, error.code, error.message, error.headers);
  if (!(error instanceof EngineError)) return undefined;
  const retry = retryAfterS[error.code];
  return problem(
    statuses[error.code],
    error.code,
    error.message,
    retry === undefined ? {} : { 'retry-after': String(retry) },
    retry,
  );
}

export function problem(
  status: number,
  code: EngineErrorCode | 'internal',
  title: string,
  headers: Readonly<Record<string, string>> = {},
  retry?: number,
): Answer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/problem+json' },
    body: JSON.stringify({
      type: `urn:parapet:engine:${code}`,
      code,
      title,
      status,
      ...(retry === undefined ? {} : { retryAfterS: retry }),
    }),
  };
}
