import type { HistoryBook } from '#lib/player/quality-history.ts';
import { Historian } from './historian.ts';
import { HistoryStore } from './history-store.ts';
import type { WatchedTile } from './tally.ts';
import { QualityTeller } from './teller.ts';

/** What it needs of the page. */
export interface PageQualityParts {
  /** The page's own, the same as in its reservations. */
  readonly pageId: string;
  readonly userId: string;
  /** What is on the page now. */
  readonly tiles: () => readonly WatchedTile[];
}

/** What it is like to watch a page's tiles: told to the BFF, and kept in this browser for a day. */
export class PageQuality {
  readonly #teller: QualityTeller;
  readonly #historian: Historian;
  readonly #store: HistoryStore;

  constructor({ pageId, userId, tiles }: PageQualityParts) {
    this.#teller = new QualityTeller({ pageId, tiles });
    this.#store = new HistoryStore({ userId });
    this.#historian = new Historian({ tiles, store: this.#store });
  }

  /** Where the panel of a tile looks up how its camera was. */
  get history(): HistoryBook {
    return this.#store;
  }

  /** The same person has signed in again. */
  resume(): void {
    void this.#store.claim();
  }

  /** Ends it. Safe to call twice. */
  close(): void {
    this.#teller.close();
    this.#historian.close();
    this.#store.close();
  }
}
