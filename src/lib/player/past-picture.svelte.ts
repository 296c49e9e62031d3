import type { CameraStills, KnownStill } from './last-pictures.ts';
import { StandIn } from './stand-in.svelte.ts';

/** A picture of this page that is younger than this needs no other from the server, ms. */
const freshMs = 5000;

/** What a tile knows of the past of its camera: looks for what can stand in until a live picture comes, and remembers. */
export class PastPicture {
  readonly standIn = new StandIn();
  /** Whether an earlier picture was looked for and there is none: then the tile says so. */
  isMissing = $state.raw(false);
  readonly #stills: CameraStills | undefined;
  readonly #isSeeking: boolean;
  readonly #epochNow: () => number;
  #asking: AbortController | undefined;

  /** `isSeeking` false: only remembers. */
  constructor(stills: CameraStills | undefined, isSeeking: boolean, epochNow: () => number) {
    this.#stills = stills;
    this.#isSeeking = isSeeking;
    this.#epochNow = epochNow;
  }

  /** An attempt begins. What the page has is shown at once; the server is asked once for each attempt. */
  seek(): void {
    const stills = this.#stills;
    if (!stills || !this.#isSeeking) return;
    const kept = stills.kept();
    if (kept) this.standIn.show(kept, 'page');
    this.#asking?.abort();
    if (kept && this.#epochNow() - kept.takenAt < freshMs) return;
    const asking = new AbortController();
    this.#asking = asking;
    void this.#ask(stills, asking.signal);
  }

  /** The live picture is there, or nobody wants one any more: what was asked for is not. Safe to call twice. */
  end(): void {
    this.#asking?.abort();
    this.#asking = undefined;
    this.isMissing = false;
  }

  /** Remembers what a live element shows, for whichever tile of the page shows the camera next. */
  keep(video: HTMLVideoElement | undefined, takenAt: number): void {
    this.#stills?.keep(video, takenAt);
  }

  /** Lets other tiles begin with the picture of this one. */
  lend(video: () => { readonly video: HTMLVideoElement; readonly takenAt: number } | undefined): () => void {
    return this.#stills?.lend(() => copyOf(video())) ?? (() => undefined);
  }

  /** It may no longer be seen: leaves nothing of it. */
  forbid(): void {
    this.#stills?.forget();
    this.end();
    this.standIn.clear();
  }

  async #ask(stills: CameraStills, signal: AbortSignal): Promise<void> {
    try {
      const width = await this.standIn.deviceWidth();
      signal.throwIfAborted();
      const still = await stills.ask(width, signal);
      if (still) this.standIn.show(still, 'server');
      this.isMissing = still === undefined && this.standIn.shown === undefined;
    } catch {
      // Only ever aborted.
    }
  }
}

function copyOf(
  live: { readonly video: HTMLVideoElement; readonly takenAt: number } | undefined,
): KnownStill | undefined {
  if (!live || live.video.videoWidth === 0) return undefined;
  const { video, takenAt } = live;
  const picture = document.createElement('canvas');
  [picture.width, picture.height] = [video.videoWidth, video.videoHeight];
  picture.getContext('2d', { alpha: false })?.drawImage(video, 0, 0);
  return { picture, takenAt };
}
