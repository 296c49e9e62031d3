/**
 * Paints at most once in each picture of the screen, however often something changes in between. Goes on for one more
 * picture after each: what changes while the page makes a picture is then painted in it, not in the next one.
 */
export class OnceAFrame {
  readonly #paint: () => void;
  #isDue = false;
  #frame: number | undefined;

  constructor(paint: () => void) {
    this.#paint = paint;
  }

  /** Something that is painted has changed. */
  readonly due = (): void => {
    this.#isDue = true;
    this.#frame ??= requestAnimationFrame(this.#beat);
  };

  /** Nothing is painted any more. Safe to call twice. */
  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#isDue = false;
  }

  readonly #beat = (): void => {
    this.#frame = undefined;
    if (!this.#isDue) return;
    this.#frame = requestAnimationFrame(this.#beat);
    this.#isDue = false;
    this.#paint();
  };
}
