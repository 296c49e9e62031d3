import { otherRoutes, stillHeaders } from '#contract/routes.ts';

/** A picture of the past: what it shows, and when it was taken, epoch ms. */
export interface KnownStill {
  readonly picture: CanvasImageSource & { readonly width: number; readonly height: number };
  readonly takenAt: number;
}

/** What is known of how one camera looked last. */
export interface CameraStills {
  /** The newest picture that this page has seen of it; of one that plays elsewhere on the page, the picture of now. */
  kept(): KnownStill | undefined;
  /** Remembers what the element shows; not while it shows nothing. `takenAt`: epoch ms. */
  keep(video: HTMLVideoElement | undefined, takenAt: number): void;
  /** Another tile may take over its picture from here, until the given way to end that is called. */
  lend(picture: () => KnownStill | undefined): () => void;
  /**
   * Asks the server for the last picture it knows, `width` device pixels wide or a little more. Undefined where there is
   * none, or none can be had: it is a help until the live one comes, and nothing to complain about. Throws only the
   * signal's reason.
   */
  ask(width: number, signal: AbortSignal): Promise<KnownStill | undefined>;
  /** It may no longer be seen. */
  forget(): void;
}

/** Pictures kept at once, and how wide: 64 × 320 × 180 × 4 bytes are 15 MB. */
const most = 64;
const keptWidth = 320;
/** Asked for in steps, so that tiles of nearly one size share an answer in the caches on the way. */
const widths = [320, 640, 1280, 1920] as const;
/** Asked for at once, over the page. Where it has six connections in all, two are left to what brings live pictures. */
const mostAtOnce = { usual: 12, narrow: 4 } as const;

/** Whether the page came by HTTP/1.1, whose connections are few. */
function isHttp1(): boolean {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  return entry?.nextHopProtocol.startsWith('http/1') ?? false;
}

/**
 * The last picture of each camera that this page has shown, small: what a tile shows, dimmed and with its age, until the
 * live picture comes. In memory only, for one person at a time.
 */
export class LastPictures {
  readonly #fetch: typeof fetch;
  /** The longest unused first. */
  readonly #kept = new Map<string, KnownStill>();
  readonly #lenders = new Map<string, Set<() => KnownStill | undefined>>();
  #owner: string | undefined;
  #asking = 0;
  readonly #isNarrow: () => boolean;
  /** How to wake each that waits, and how urgent it is. */
  readonly #waiting = new Map<() => void, () => number>();

  constructor(ask: typeof fetch = (input, init) => fetch(input, init), isNarrow = isHttp1) {
    this.#fetch = ask;
    this.#isNarrow = isNarrow;
  }

  /** How many cameras it remembers. */
  get size(): number {
    return this.#kept.size;
  }

  /** Whose pictures they are from now on; another person begins with none. */
  belongTo(userId: string): void {
    if (this.#owner !== userId) this.#kept.clear();
    this.#owner = userId;
  }

  /** What is known of one camera. `urgency`: of several that wait to be asked for, the smallest goes first. */
  of(cameraId: string, urgency: () => number = () => 0): CameraStills {
    return {
      kept: () => this.#newest(cameraId),
      keep: (video, takenAt) => this.#keep(cameraId, video, takenAt),
      lend: (picture) => this.#lend(cameraId, picture),
      ask: (width, signal) => this.#ask(cameraId, width, urgency, signal),
      forget: () => void this.#kept.delete(cameraId),
    };
  }

  #newest(cameraId: string): KnownStill | undefined {
    for (const lender of this.#lenders.get(cameraId) ?? []) {
      const lent = lender();
      if (lent) return lent;
    }
    return this.#kept.get(cameraId);
  }

  #keep(cameraId: string, video: HTMLVideoElement | undefined, takenAt: number): void {
    if (!video || video.videoWidth === 0) return;
    const width = Math.min(keptWidth, video.videoWidth);
    const height = Math.max(1, Math.round((width * video.videoHeight) / video.videoWidth));
    const picture = document.createElement('canvas');
    [picture.width, picture.height] = [width, height];
    picture.getContext('2d', { alpha: false })?.drawImage(video, 0, 0, width, height);
    this.#kept.delete(cameraId);
    this.#kept.set(cameraId, { picture, takenAt });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > most && oldest !== undefined) this.#kept.delete(oldest);
  }

  #lend(cameraId: string, picture: () => KnownStill | undefined): () => void {
    const lenders = this.#lenders.get(cameraId) ?? new Set();
    this.#lenders.set(cameraId, lenders.add(picture));
    return () => {
      lenders.delete(picture);
      if (lenders.size === 0 && this.#lenders.get(cameraId) === lenders) this.#lenders.delete(cameraId);
    };
  }

  async #ask(
    cameraId: string,
    atLeast: number,
    urgency: () => number,
    signal: AbortSignal,
  ): Promise<KnownStill | undefined> {
    const width = widths.find((one) => one >= atLeast) ?? widths.at(-1);
    const path = otherRoutes.lastStill.path.replace(':cameraId', encodeURIComponent(cameraId));
    const leave = await this.#turn(urgency, signal);
    try {
      // Low: on HTTP/1.1 the offers that bring live pictures must not queue behind stills.
      const answer = await this.#fetch(`${path}?width=${String(width)}`, { signal, priority: 'low' });
      const takenAt = Date.parse(answer.headers.get(stillHeaders.captured) ?? '');
      if (!answer.ok || Number.isNaN(takenAt)) return undefined;
      const picture = await createImageBitmap(await answer.blob());
      signal.throwIfAborted();
      return { picture, takenAt };
    } catch {
      signal.throwIfAborted();
      return undefined;
    } finally {
      leave();
    }
  }

  /** Waits until fewer than {@link mostAtOnce} are asked for. Gives the way to end the turn. Rejects with the signal's reason. */
  async #turn(urgency: () => number, signal: AbortSignal): Promise<() => void> {
    const most = this.#isNarrow() ? mostAtOnce.narrow : mostAtOnce.usual;
    while (this.#asking >= most) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wake = (): void => resolve(undefined);
      this.#waiting.set(wake, urgency);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
      this.#waiting.delete(wake);
      if (signal.aborted && this.#asking < most) this.#wakeNext();
      signal.throwIfAborted();
    }
    this.#asking += 1;
    return () => {
      this.#asking -= 1;
      this.#wakeNext();
    };
  }

  #wakeNext(): void {
    let [next, least]: [(() => void) | undefined, number] = [undefined, Infinity];
    for (const [wake, urgency] of this.#waiting) {
      const now = urgency();
      if (now < least) [next, least] = [wake, now];
    }
    next?.();
  }
}

/** The page's own. */
export const lastPictures = new LastPictures();
