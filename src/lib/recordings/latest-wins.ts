/**
 * Runs one thing at a time; of what is asked for meanwhile only the newest is done, as soon as the running one is
 * through. For seeking while somebody drags: what nobody will look at any more is never begun.
 */
export class LatestWins<Target> {
  readonly #run: (target: Target, signal: AbortSignal) => Promise<void>;
  readonly #isSame: (a: Target, b: Target) => boolean;
  #isClosed = false;
  #running: { readonly target: Target; readonly end: AbortController; readonly since: number } | undefined;
  #waiting: Target | undefined;

  /** `run` must settle, and soon once its signal is aborted; what it throws ends that one run and nothing else. */
  constructor(
    run: (target: Target, signal: AbortSignal) => Promise<void>,
    isSame: (a: Target, b: Target) => boolean = Object.is,
  ) {
    this.#run = run;
    this.#isSame = isSame;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Whether something newer waits for the running one: a long run may stop half-way. */
  get hasNewer(): boolean {
    return this.#waiting !== undefined;
  }

  /** Wants this now, and no longer what waited before. Another one that has been running for `stuckMs` gives way. */
  want(target: Target, stuckMs = Infinity): void {
    if (this.#isClosed) return;
    if (!this.#running) {
      void this.#begin(target);
      return;
    }
    const { target: running, end, since } = this.#running;
    const isSame = !end.signal.aborted && this.#isSame(running, target);
    this.#waiting = isSame ? undefined : target;
    if (!isSame && performance.now() - since >= stuckMs) end.abort();
  }

  /** Forgets what waits. The running one goes on. */
  forget(): void {
    this.#waiting = undefined;
  }

  /** Forgets what waits and ends the running one by its signal: what is wanted next need not wait for it. */
  drop(): void {
    this.#waiting = undefined;
    this.#running?.end.abort();
  }

  /** Drops everything, for good. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  async #begin(target: Target): Promise<void> {
    const end = new AbortController();
    this.#running = { target, end, since: performance.now() };
    try {
      await this.#run(target, end.signal);
    } catch {
      // Whoever runs it knows what became of it; here it only makes room for the next.
    }
    this.#running = undefined;
    const next = this.#waiting;
    this.#waiting = undefined;
    if (next !== undefined) this.want(next);
  }
}
