import type { MediaSession } from '#lib/media/media-source.ts';
import { Meter } from './meter.ts';
import { isPagePainted } from './painting.ts';
import { FrameWatch } from './watchdog.ts';

/** Which of the video elements: one is in front, one gets the next session ready, one an attempt by another way. */
export type Slot = 0 | 1 | 2;

/** One video element and the reception it shows. */
export class Screen {
  readonly slot: Slot;
  /** Counters of the session, and what they say. */
  readonly meter = new Meter();
  readonly #newWatch: () => FrameWatch;
  readonly #onPlayRefused: () => void;
  readonly #onBlank: () => void;
  #video: HTMLVideoElement | undefined;
  #isInView = true;
  #session: MediaSession | undefined;
  #detach: (() => void) | undefined;
  #watch: FrameWatch;

  /**
   * `onFrame` hears of each picture, as of {@link FrameWatch}; `onPlayRefused` that the browser plays nothing before
   * somebody has touched the page; `onBlank`, before it happens, that the element loses its picture for a moment.
   */
  constructor(
    slot: Slot,
    now: () => number,
    onFrame: (screen: Screen, isFirst: boolean, intervalMs?: number) => void,
    onPlayRefused: () => void,
    onBlank: (screen: Screen) => void,
  ) {
    this.slot = slot;
    this.#onPlayRefused = onPlayRefused;
    this.#onBlank = () => onBlank(this);
    this.#newWatch = () =>
      new FrameWatch(
        now,
        (isFirst, intervalMs) => onFrame(this, isFirst, intervalMs),
        (frame) => this.#session?.presented?.(frame),
      );
    this.#watch = this.#newWatch();
  }

  get video(): HTMLVideoElement | undefined {
    return this.#video;
  }

  get session(): MediaSession | undefined {
    return this.#session;
  }

  get watch(): FrameWatch {
    return this.#watch;
  }

  /** Whether pictures are painted: not on a page that is hidden or covered, nor in a tile that is scrolled away. */
  get isPainted(): boolean {
    return this.#video !== undefined && this.#isInView && isPagePainted();
  }

  /** Takes an element into use; gives the way to let go of it. */
  mount(video: HTMLVideoElement): () => void {
    this.#video = video;
    const sight = new IntersectionObserver((entries) => {
      this.#isInView = entries.at(-1)?.isIntersecting ?? true;
    });
    sight.observe(video);
    // A decoder that fails leaves its last picture for as long as this; hls.js then takes the element apart by itself.
    video.addEventListener('error', this.#onBlank);
    if (this.#session) this.show(this.#session);
    return () => {
      sight.disconnect();
      this.#watch.unwatch();
      // Chromium counts media players that still hold a stream against the page: let go before the element goes.
      this.#takeOff();
      this.#video = undefined;
      this.#isInView = true;
    };
  }

  /** Shows a session, as soon as there is an element. */
  show(session: MediaSession): void {
    this.#session = session;
    const video = this.#video;
    if (!video) return;
    this.#takeOff();
    this.#detach = session.attach(video, this.#onBlank);
    this.#watch.watch(video);
    this.play();
  }

  /** Plays what it shows; after a touch, what the browser refused to play before. */
  play(): void {
    this.#video?.play().catch((cause: unknown) => {
      // Muted pictures may play by themselves, but not in every browser's mode to save power.
      if (cause instanceof DOMException && cause.name === 'NotAllowedError') this.#onPlayRefused();
    });
  }

  /** Closes the session and forgets what was seen of it. */
  clear(): void {
    const session = this.#session;
    this.#watch.unwatch();
    this.#session = undefined;
    this.#watch = this.#newWatch();
    this.meter.clear();
    this.#takeOff();
    session?.close();
  }

  #takeOff(): void {
    this.#detach?.();
    this.#detach = undefined;
  }
}
