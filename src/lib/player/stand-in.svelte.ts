import { untrack } from 'svelte';
import type { KnownStill } from './last-pictures.ts';

/**
 * What stands in for a picture that is not there, and never for one that is: the last picture of a session that is gone,
 * or the last one known of the camera while the first session is on its way. `session`: the tile's own last picture;
 * `page`: another picture of this page; `server`: what the server had.
 */
export interface StandsIn {
  readonly from: 'session' | 'page' | 'server';
  /** Epoch ms; of the server's stills by the recorder's clock, else by this viewer's. */
  readonly takenAt: number;
}

/** A video that has its first picture is painted by then, ms. */
const paintedMs = 200;

/** The canvas of a tile that shows a picture of the past. */
export class StandIn {
  /** What is shown; undefined while nothing stands in. */
  shown = $state.raw<StandsIn | undefined>();
  /** What was shown lies beneath the live picture, for as long as that may take to be painted. */
  isBeneath = $state.raw(false);
  #sunkAt = 0;
  #canvas: HTMLCanvasElement | undefined;
  /** Comes before the canvas where a tile begins with it. */
  #early: KnownStill | undefined;
  #mounted = Promise.withResolvers<HTMLCanvasElement>();

  /** Attachment for the canvas. */
  readonly mount = (canvas: HTMLCanvasElement): (() => void) => {
    this.#canvas = canvas;
    this.#mounted.resolve(canvas);
    if (this.#early) this.#draw(this.#early.picture, this.#early.picture.width, this.#early.picture.height);
    this.#early = undefined;
    return () => {
      this.#canvas = undefined;
      this.#mounted = Promise.withResolvers();
    };
  };

  /** How wide the tile is drawn, device pixels; known once there is a canvas in the page. */
  async deviceWidth(): Promise<number> {
    const { clientWidth } = await this.#mounted.promise;
    return Math.ceil(clientWidth * devicePixelRatio);
  }

  /** Keeps what the element shows: Chromium blanks it with its stream. Not while it has nothing to show. */
  hold(video: HTMLVideoElement | undefined, takenAt: number): void {
    if (!video || video.videoWidth === 0 || !this.#canvas) return;
    // Its size is known before its first picture is, which would be drawn black.
    if (video.getVideoPlaybackQuality().totalVideoFrames === 0) return;
    this.#early = undefined;
    this.#draw(video, video.videoWidth, video.videoHeight);
    this.#rise({ from: 'session', takenAt });
  }

  /** Shows a still of the past, unless what is shown is newer. */
  show(still: KnownStill, from: 'page' | 'server'): void {
    const before = untrack(() => this.shown);
    if (before !== undefined && before.takenAt >= still.takenAt) return;
    if (this.#canvas) this.#draw(still.picture, still.picture.width, still.picture.height);
    else this.#early = still;
    this.#rise({ from, takenAt: still.takenAt });
  }

  /** A live picture is in front: what is shown stands in no more, but stays beneath it until {@link settle}. */
  sink(at: number): void {
    if (untrack(() => this.shown) === undefined) return;
    this.shown = undefined;
    this.isBeneath = true;
    this.#sunkAt = at;
  }

  /** Time passes: what was painted over is let go of. */
  settle(at: number): void {
    if (untrack(() => this.isBeneath) && at - this.#sunkAt >= paintedMs) this.clear();
  }

  /** Shows nothing, gives the memory back, and leaves nothing of a picture that may no longer be seen. */
  clear(): void {
    this.#early = undefined;
    this.shown = undefined;
    this.isBeneath = false;
    if (this.#canvas) [this.#canvas.width, this.#canvas.height] = [0, 0];
  }

  #rise(shown: StandsIn): void {
    this.isBeneath = false;
    this.shown = shown;
  }

  #draw(picture: CanvasImageSource, width: number, height: number): void {
    if (!this.#canvas) return;
    [this.#canvas.width, this.#canvas.height] = [width, height];
    this.#canvas.getContext('2d', { alpha: false })?.drawImage(picture, 0, 0, width, height);
  }
}
