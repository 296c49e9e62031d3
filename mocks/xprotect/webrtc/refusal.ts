/** Why a session is not made or not found. Statuses and words are our guesses: nothing official says more than "400 or 500". */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 500;

  constructor(status: Refusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** The words of .NET for what went wrong in another task. */
export const aggregated = (reason: string): string =>
  `System.AggregateException: One or more errors occurred. (${reason})`;
