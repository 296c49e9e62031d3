import { call } from '#lib/api/call.ts';
import type { QualityReport } from '#contract/quality.ts';
import { routes } from '#contract/routes.ts';
import { Tally, type WatchedTile } from './tally.ts';

/** What a teller needs. */
export interface TellerParts {
  /** The page's own, the same as in its reservations. */
  readonly pageId: string;
  /** What is on the page now. */
  readonly tiles: () => readonly WatchedTile[];
  /** For tests. */
  readonly send?: (report: QualityReport, signal: AbortSignal) => Promise<unknown>;
  readonly everyMs?: number;
  readonly random?: () => number;
}

/** Reports are so far apart, ms, and up to this share more: the pages of a control room do not report as one. */
const usualMs = 15_000;
const spread = 0.1;
/** As many tiles as one report holds. */
const mostTiles = 64;

/** Tells the BFF what it is like to watch this page's tiles: all of them in one request, every fifteen seconds. */
export class QualityTeller {
  readonly #parts: TellerParts;
  readonly #end = new AbortController();
  readonly #tally = new Tally();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: TellerParts) {
    this.#parts = parts;
    this.#wait();
  }

  /** Ends it; the last seconds are not told. Safe to call twice. */
  close(): void {
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const { everyMs = usualMs, random = Math.random } = this.#parts;
    this.#timer = setTimeout(() => void this.#tell(), everyMs * (1 + spread * random()));
  }

  async #tell(): Promise<void> {
    const { pageId, tiles, send } = this.#parts;
    const { signal } = this.#end;
    const told = this.#tally.take(tiles()).slice(0, mostTiles);
    try {
      const report = { pageId, tiles: told };
      if (told.length > 0) await (send ?? post)(report, signal);
    } catch {
      // The numbers are a help, not a record: those of the next fifteen seconds are as good.
    }
    if (!signal.aborted) this.#wait();
  }
}

const post = (body: QualityReport, signal: AbortSignal): Promise<unknown> =>
  call(routes.reportQuality, { body, signal });
