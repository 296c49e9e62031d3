import { isNarrowLine } from '../line.ts';
import { lazily } from '../lazily.ts';
import type { MediaSession, MediaSource } from '../media-source.ts';
import { askStill, type Still } from './ask-still.ts';

export interface StillsOptions {
  readonly fetch?: typeof fetch;
  /** How long the first still may take, ms. */
  readonly timeoutMs?: number;
  /** The least between two stills, ms. */
  readonly paceMs?: number;
  /** Whether requests that wait would hold up others; else the page's own line. */
  readonly isNarrow?: () => boolean;
  /** Between 0 and 1: spreads attempts. */
  readonly random?: () => number;
}

/** A camera may have to be asked first. */
const defaultTimeoutMs = 10_000;

/** Pictures as JPEG stills, one or two a second: what passes where nothing else does. `url` as the reservation gives it. */
export class StillsSource implements MediaSource {
  readonly way = 'stills';
  readonly #url: string;
  readonly #options: StillsOptions;

  constructor(url: string, options: StillsOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<MediaSession> {
    signal.throwIfAborted();
    const { timeoutMs = defaultTimeoutMs, isNarrow = isNarrowLine } = this.#options;
    const ask = (after: Still | undefined, asking: AbortSignal, patienceMs: number) =>
      askStill({
        url: this.#url,
        fetch: this.#options.fetch ?? fetch,
        after: isNarrow() ? undefined : after?.capturedText,
        patienceMs,
        signal: asking,
      });
    // Only when needed: most pages never do.
    const [first, { StillsSession }] = await Promise.all([
      ask(undefined, signal, timeoutMs),
      lazily(import('./stills-session.ts')),
    ]);
    const session = new StillsSession(ask, {
      paceMs: this.#options.paceMs ?? 500,
      random: this.#options.random ?? Math.random,
    });
    try {
      if (first) await session.show(first);
      signal.throwIfAborted();
    } catch (error) {
      session.close();
      signal.throwIfAborted();
      throw error;
    }
    session.run(first);
    return session;
  }
}
