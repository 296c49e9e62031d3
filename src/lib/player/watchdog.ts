/**
 * When a reception last gave a picture. `requestVideoFrameCallback` says it while the picture is on the screen; where
 * nothing is painted (hidden page, tile scrolled away) it stays silent by design, and the decoder's own count has to
 * do. Media events, `currentTime`, `readyState` and `connectionState` are not asked: all of them stay healthy on a
 * dead stream.
 */
export class FrameWatch {
  readonly #now: () => number;
  readonly #onFrame: (isFirst: boolean, intervalMs?: number) => void;
  readonly #onPainted: ((frame: VideoFrameCallbackMetadata) => void) | undefined;
  #video: HTMLVideoElement | undefined;
  #pending = 0;
  #lastFrameAt: number | undefined;
  #decoded: number | undefined;

  /**
   * `onFrame` is called for each picture that is shown or, where nothing is painted, decoded; `intervalMs`: how long after
   * the one before it was shown. `onPainted` hears before it what the browser says of a picture that is shown.
   */
  constructor(
    now: () => number,
    onFrame: (isFirst: boolean, intervalMs?: number) => void,
    onPainted?: (frame: VideoFrameCallbackMetadata) => void,
  ) {
    this.#now = now;
    this.#onFrame = onFrame;
    this.#onPainted = onPainted;
  }

  /** When the last picture came, on the clock given in; undefined before the first. */
  get lastFrameAt(): number | undefined {
    return this.#lastFrameAt;
  }

  /** Watches what this element shows from now on, instead of another. */
  watch(video: HTMLVideoElement): void {
    this.unwatch();
    this.#video = video;
    const again = (): void => {
      this.#pending = video.requestVideoFrameCallback((_, frame) => {
        const now = this.#now();
        const before = this.#lastFrameAt;
        again();
        this.#onPainted?.(frame);
        this.#saw(now, before === undefined ? undefined : now - before);
      });
    };
    again();
  }

  /** Stops watching. What was seen stays known. Safe to call twice. */
  unwatch(): void {
    this.#video?.cancelVideoFrameCallback(this.#pending);
    this.#video = undefined;
  }

  /** Tells how many pictures have been decoded so far. Growth counts as a picture only where nothing is painted. */
  count(framesDecoded: number, isPainted: boolean): void {
    const before = this.#decoded;
    this.#decoded = framesDecoded;
    if (isPainted || framesDecoded <= (before ?? 0)) return;
    this.#saw(this.#now());
  }

  #saw(now: number, intervalMs?: number): void {
    const isFirst = this.#lastFrameAt === undefined;
    this.#lastFrameAt = now;
    this.#onFrame(isFirst, intervalMs);
  }
}
