/** What did not come by then would not look better under an old picture, ms. */
const longestMs = 10_000;

/** The cover that the start script has laid, until it is lifted. */
export class Cover {
  readonly #layer: HTMLElement | null = document.querySelector<HTMLElement>('body > [data-cover]');
  readonly #timer: ReturnType<typeof setTimeout> | undefined = this.#layer
    ? setTimeout(() => this.close(), longestMs)
    : undefined;

  /** Whether something is covered still. */
  get isLaid(): boolean {
    return this.#layer?.isConnected === true;
  }

  /** A tile has its picture, or something to say: uncovers it. */
  lift(tile: number): void {
    this.#layer?.querySelector(`[data-for="${tile}"]`)?.remove();
    if (this.#layer?.childElementCount === 0) this.close();
  }

  /** Takes away what is left. Safe to call twice. */
  close(): void {
    clearTimeout(this.#timer);
    this.#layer?.remove();
  }
}
