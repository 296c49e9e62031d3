import { randomUUID } from 'node:crypto';
import { record } from '#server/audit/audit.ts';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Db } from '#server/store/store.ts';
import type { StreamKey } from './paths.ts';

/** How often the reservations behind running viewings are looked at. With upkeep's second, an end is felt within two. */
const lookEveryMs = 500;
/** A player that has asked for nothing for so long is gone; it asks several times a second. */
const idleMs = 10_000;
/** Requests of one viewing at once: a blocking playlist, parts and what is being fetched, for a few pages' tiles. */
const mostRequests = 24;

interface Viewing {
  readonly id: string;
  readonly reservationId: string;
  readonly key: StreamKey;
  readonly principal: Principal;
  readonly requests: Set<AbortController>;
  /** Monotonic ms. */
  lastAt: number;
}

/** A request that may go on until `signal` says that the right to it has ended. */
export interface Pass {
  readonly key: StreamKey;
  readonly signal: AbortSignal;
  /** Safe to call twice. */
  leave(): void;
}

export interface HlsViewingsParts {
  readonly db: Db;
  /** Epoch ms, for the record. */
  readonly now: () => number;
  /** What fails while nobody waits for it. */
  readonly failed: (cause: unknown) => void;
  readonly lookEveryMs?: number;
  readonly idleMs?: number;
}

/**
 * Who watches by HLS now. There is no session at the far end that could be closed, only requests, some of which wait for
 * many seconds: so those of a reservation are kept together, cut when it ends (here or by another BFF), and recorded
 * as one viewing from the first to the last.
 */
export class HlsViewings {
  readonly #parts: HlsViewingsParts;
  readonly #viewings = new Map<string, Viewing>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: HlsViewingsParts) {
    this.#parts = parts;
  }

  /** How many viewings run. */
  get size(): number {
    return this.#viewings.size;
  }

  /**
   * Lets a request in. `check` looks the reservation up and throws when it is not this session's; it is called for the
   * first request of a viewing, after that the regular look stands in for it. Throws a {@link Refusal}.
   */
  async enter(reservationId: string, principal: Principal, check: () => Promise<StreamKey>): Promise<Pass> {
    let viewing = this.#viewings.get(reservationId);
    if (viewing?.principal.sessionId !== principal.sessionId)
      do {
        const key = await check();
        viewing = this.#viewings.get(reservationId) ?? (await this.#begin(reservationId, key, principal));
        // One that has ended while its begin was recorded cuts nothing any more.
      } while (this.#viewings.get(reservationId) !== viewing);
    if (viewing.requests.size >= mostRequests) throw new Refusal('slow-down', { retryAfterS: 1 });
    const request = new AbortController();
    const { requests, key } = viewing;
    requests.add(request);
    viewing.lastAt = performance.now();
    return {
      key,
      signal: request.signal,
      leave: () => {
        if (requests.delete(request)) viewing.lastAt = performance.now();
      },
    };
  }

  /** Cuts every request and records the ends. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all([...this.#viewings.values()].map((viewing) => this.#end(viewing)));
  }

  async #begin(reservationId: string, key: StreamKey, principal: Principal): Promise<Viewing> {
    if (this.#isClosed) throw new Refusal('gateway-unavailable', { retryAfterS: 1 });
    const viewing: Viewing = {
      id: randomUUID(),
      reservationId,
      key,
      principal,
      requests: new Set(),
      lastAt: performance.now(),
    };
    this.#viewings.set(reservationId, viewing);
    this.#lookLater();
    await this.#record('viewing-began', viewing);
    return viewing;
  }

  #lookLater(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#viewings.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch(this.#parts.failed)
        .finally(() => {
          this.#looking = undefined;
          this.#timer = undefined;
          this.#lookLater();
        });
    }, this.#parts.lookEveryMs ?? lookEveryMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const ids = [...this.#viewings.keys()];
    const rows = await this.#parts.db
      .selectFrom('reservations')
      .select(['id', 'session_id'])
      .where('id', 'in', ids)
      .execute();
    const sessionOf = new Map(rows.map(({ id, session_id }) => [id, session_id]));
    const now = performance.now();
    const over = ids.flatMap((id) => {
      const viewing = this.#viewings.get(id);
      if (viewing === undefined) return [];
      const isIdle = viewing.requests.size === 0 && now - viewing.lastAt >= (this.#parts.idleMs ?? idleMs);
      return isIdle || sessionOf.get(id) !== viewing.principal.sessionId ? [viewing] : [];
    });
    await Promise.all(over.map((viewing) => this.#end(viewing)));
  }

  async #end(viewing: Viewing): Promise<void> {
    this.#viewings.delete(viewing.reservationId);
    for (const request of viewing.requests) request.abort(new Refusal('reservation-ended'));
    await this.#record('viewing-ended', viewing);
  }

  async #record(kind: 'viewing-began' | 'viewing-ended', viewing: Viewing): Promise<void> {
    const { db, now } = this.#parts;
    const { id, key, principal } = viewing;
    await record(db, now(), {
      kind,
      user: { id: principal.user.id, name: principal.user.name },
      cameraId: key.cameraId,
      details: { viewing: id, stream: key.stream },
    });
  }
}
