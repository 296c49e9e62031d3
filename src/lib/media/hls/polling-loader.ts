import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderContext,
  LoaderStats,
  PlaylistLoaderContext,
} from 'hls.js';
import { reaches, reachOf, unblocked, type Reach } from './reach.ts';

/** Waits for the next part no longer than this, ms: then the player is told that nothing has come. */
const patienceMs = 5000;
/** Where a playlist has no parts, ms. */
const usualPartMs = 1000;
/** A poll that came too early is repeated after this share of a part… */
const againAfter = 0.35;
/** …and the next one comes so much sooner than a part is long, ms: else what is late stays late. */
const hastenMs = 30;
const leastMs = 60;

/** When to ask next, for one playlist. Times are monotonic ms. */
export class PollPace {
  #partMs = usualPartMs;
  #newest: Reach | undefined;
  #advancedAt = 0;

  /** Says how far the playlist went that came at `now`. */
  saw(reach: Reach, now: number): void {
    const { msn, parts } = this.#newest ?? { msn: -1, parts: 0 };
    this.#partMs = reach.partTargetMs ?? usualPartMs;
    if (reach.msn > msn || (reach.msn === msn && reach.parts > parts)) this.#advancedAt = now;
    this.#newest = reach;
  }

  /** Whether the playlist was seen at all. */
  get isKnown(): boolean {
    return this.#newest !== undefined;
  }

  /** How long to wait, ms, before asking for what comes next. */
  waitMs(now: number, isAgain: boolean): number {
    if (isAgain) return Math.max(leastMs, this.#partMs * againAfter);
    return Math.max(0, this.#advancedAt + this.#partMs - hastenMs - now);
  }
}

/**
 * A playlist loader that waits here instead of at the server. A request that blocks until the next part is there
 * (RFC 8216bis 6.2.5.2) holds one of the six connections that HTTP/1.1 has for a server; with a dozen tiles the pieces
 * come to wait behind the playlists. hls.js goes on asking as it does, and is answered when the part is there.
 * `grain`: has so many parts listed as one, for fewer requests; by the engine alone.
 */
export function pollingLoader(Base: HlsConfig['loader'], grain: number): NonNullable<HlsConfig['pLoader']> {
  const pace = new PollPace();

  return class PollingLoader implements Loader<PlaylistLoaderContext> {
    context: PlaylistLoaderContext | null = null;
    readonly #config: HlsConfig;
    #base: Loader<LoaderContext>;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(config: HlsConfig) {
      this.#config = config;
      this.#base = new Base(config);
    }

    get stats(): LoaderStats {
      return this.#base.stats;
    }

    load(
      context: PlaylistLoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      this.context = context;
      // The multivariant playlist names the others, and waits for nothing that comes again and again.
      if (context.levelOrTrack === null) {
        this.#base.load(context, config, callbacks as LoaderCallbacks<LoaderContext>);
        return;
      }
      const { url: asked, wanted } = unblocked(context.url);
      const url = `${asked}${asked.includes('?') ? '&' : '?'}grain=${String(grain)}`;
      const until = performance.now() + patienceMs;
      const ask = (): void => {
        this.#base.load({ ...context, url }, config, {
          ...(callbacks as LoaderCallbacks<LoaderContext>),
          onSuccess: (response, stats, _, details) => {
            const reach = reachOf(response.data as string);
            const now = performance.now();
            pace.saw(reach, now);
            if (wanted === undefined || reaches(reach, wanted) || now > until) {
              callbacks.onSuccess(response, stats, context, details);
            } else this.#later(ask, pace.waitMs(now, true));
          },
        });
      };
      if (wanted !== undefined && pace.isKnown)
        this.#later(ask, pace.waitMs(performance.now(), false), false);
      else ask();
    }

    abort(): void {
      clearTimeout(this.#timer);
      this.#base.abort();
    }

    destroy(): void {
      clearTimeout(this.#timer);
      this.#base.destroy();
      this.context = null;
    }

    getCacheAge(): number | null {
      return this.#base.getCacheAge?.() ?? null;
    }

    getResponseHeader(name: string): string | null {
      return this.#base.getResponseHeader?.(name) ?? null;
    }

    #later(ask: () => void, ms: number, isUsed = true): void {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        // hls.js's loaders load once.
        if (isUsed) {
          this.#base.destroy();
          this.#base = new Base(this.#config);
        }
        ask();
      }, ms);
    }
  };
}
