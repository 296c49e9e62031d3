const find = (): HTMLElement | null => document.querySelector<HTMLElement>('body > [data-cover]');

/** Takes away what the start script has laid, where there is no wall under it. */
export function liftCover(): void {
  find()?.remove();
}

/** The cover that the start script has laid, until it is lifted. By itself it goes after ten seconds. */
export class Cover {
  readonly #layer = find();

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
    this.#layer?.remove();
  }
}
