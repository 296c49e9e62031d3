import { Problem, type ProblemCode } from '#contract/problem.ts';

/** The BFF said no, and why. `code` is what code acts on; people read the app's own words for it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string | undefined;
  readonly issues: NonNullable<Problem['issues']>;
  /** Seconds to wait before the same request may succeed. */
  readonly retryAfterS: number | undefined;
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.issues = problem.issues ?? [];
    this.retryAfterS = problem.retryAfterS;
    this.requestId = problem.requestId;
  }
}

export type NetworkErrorCode =
  /** No answer at all: no network, no server, or the connection broke. */
  | 'unreachable'
  /** No answer in time. */
  | 'too-slow'
  /** An answer that is not what the contract says: another version of the server, or a proxy's own page. */
  | 'unreadable';

/** The request, or its answer, got lost on the way. The BFF did not refuse anything. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly code: NetworkErrorCode;
  /** The HTTP status where there was an answer. */
  readonly status: number | undefined;

  constructor(code: NetworkErrorCode, message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.code = code;
    this.status = options?.status;
  }
}

/** Reads an error answer. Anything but our problem+json, such as a proxy's page, becomes an `unreadable` {@link NetworkError}. */
export async function readProblem(response: Response): Promise<ProblemError | NetworkError> {
  const status = response.status;
  try {
    const type = response.headers.get('content-type') ?? '';
    if (!/^application\/(problem\+)?json\b/i.test(type)) throw new TypeError(`content type ${type}`);
    return new ProblemError(Problem.parse(await response.json()));
  } catch (cause) {
    return new NetworkError('unreadable', `The server answered ${status} without saying why`, {
      cause,
      status,
    });
  }
}

/** Whether asking again, unchanged, may help. For loops that do. */
export function mayRetry(error: unknown): boolean {
  if (error instanceof ProblemError) return error.status === 429 || error.status >= 500;
  if (error instanceof NetworkError) return error.code !== 'unreadable' || (error.status ?? 0) >= 500;
  return false;
}
