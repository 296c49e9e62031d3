import { type Problem, type ProblemCode, problemStatus } from '#contract/problem.ts';

export interface RefusalOptions extends ErrorOptions {
  /** What exactly was wrong, for people; never upstream text, hosts or secrets. */
  readonly detail?: string;
  readonly issues?: Problem['issues'];
  readonly retryAfterS?: number;
  /** Beside the content type and Retry-After. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is answered with a problem. Whatever else is thrown counts as our own fault (`internal`). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ProblemCode;
  readonly options: RefusalOptions;

  constructor(code: ProblemCode, options: RefusalOptions = {}) {
    super(options.detail ?? code, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.options = options;
  }
}

const titles: Readonly<Record<ProblemCode, string>> = {
  'invalid-request': 'The request does not have the right form.',
  'too-large': 'The request is too large.',
  'unsupported-media-type': 'The content type is not the one expected here.',
  'signed-out': 'Nobody is signed in.',
  'wrong-credentials': 'User name or password is wrong.',
  'slow-down': 'Too many attempts.',
  'not-permitted': 'This needs a right that you do not have.',
  'cross-site': 'Requests from other sites are not taken.',
  'not-found': 'There is no such thing.',
  'method-not-allowed': 'The method is not one of this address.',
  'version-conflict': 'Somebody saved a newer version in between.',
  'reservation-ended': 'The reservation has ended.',
  'camera-offline': 'The camera gives no picture at the moment.',
  'codec-unsupported': 'The codec of the camera cannot be shown.',
  'b-frames': 'The camera sends B-frames.',
  'no-such-stream': 'The camera has no such stream.',
  'no-recording': 'Nothing is recorded at that time.',
  'not-in-edition': 'The installed edition of the recorder cannot do this.',
  'not-supported': 'This cannot be done here.',
  'wrong-state': 'This cannot be done in the state it is in.',
  'quota-exceeded': 'There is no room for this.',
  'gateway-unavailable': 'The media gateway does not answer.',
  'vms-unavailable': 'The recorder does not answer.',
  overloaded: 'Too much to do at the moment.',
  internal: 'Something went wrong here.',
};

/** The problem as an answer (RFC 9457). */
export function problemResponse(refusal: Refusal, requestId: string): Response {
  const { code } = refusal;
  const { detail, issues, retryAfterS, headers } = refusal.options;
  const status = problemStatus[code];
  const problem: Problem = {
    type: `urn:parapet:problem:${code}`,
    code,
    title: titles[code],
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(issues === undefined ? {} : { issues }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    requestId,
  };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      ...headers,
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    },
  });
}
