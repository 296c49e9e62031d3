/**
 * Runs one thing at a time; of what is asked for meanwhile only the newest is done, as soon as the running one is
 * through. For seeking while somebody drags: what nobody will look at any more is never begun.
 */
export class LatestWins<Target> {
  readonly #run: (target: Target, signal: AbortSignal) => Promise<void>;
  readonly #isSame: (a: Target, b: Target) => boolean;
  readonly #end = new AbortController();
  #running: Target | undefined;
  #waiting: Target | undefined;

  /** `run` must settle; what it throws ends that one run and nothing else. */
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

  /** Wants this now, and no longer what waited before. */
  want(target: Target): void {
    if (this.#end.signal.aborted) return;
    if (this.#running !== undefined) {
      this.#waiting = this.#isSame(this.#running, target) ? undefined : target;
      return;
    }
    void this.#begin(target);
  }

  /** Forgets what waits. The running one goes on. */
  forget(): void {
    this.#waiting = undefined;
  }

  /** Ends the running one by its signal. Safe to call twice. */
  close(): void {
    this.#waiting = undefined;
    this.#end.abort();
  }

  async #begin(target: Target): Promise<void> {
    this.#running = target;
    try {
      await this.#run(target, this.#end.signal);
    } catch {
      // Whoever runs it knows what became of it; here it only makes room for the next.
    }
    this.#running = undefined;
    const next = this.#waiting;
    this.#waiting = undefined;
    if (next !== undefined) this.want(next);
  }
}
