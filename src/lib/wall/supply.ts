import { type MediaSession, type MediaSource, StreamError } from '#lib/media/media-source.ts';
import type { Reservation } from '#contract/reservation.ts';
import type { Gate, TellPlace } from './gate.ts';
import type { Wanted } from './lease-book.ts';
import { type LeaseDesk, Leases } from './leases.ts';

/** Everything a wall needs to get pictures. */
export interface SupplyParts {
  readonly desk: LeaseDesk;
  readonly gate: Gate;
  readonly sourceFor: (reservation: Reservation) => MediaSource;
}

/**
 * Supplies the pictures of one wall: one reservation request for all of them, then one after the other through the
 * gate. What a player calls for each attempt is {@link open}.
 */
export class Supply {
  readonly #gate: Gate;
  readonly #sourceFor: SupplyParts['sourceFor'];
  readonly #leases: Leases;
  /** Ends a running session whose reservation was taken away. */
  readonly #cuts = new Map<string, (reason: StreamError) => void>();

  constructor({ desk, gate, sourceFor }: SupplyParts) {
    this.#gate = gate;
    this.#sourceFor = sourceFor;
    this.#leases = new Leases(desk, (keys) => {
      for (const key of keys)
        this.#cuts.get(key)?.(new StreamError('reservation-ended', 'The right to it has ended'));
    });
  }

  /** Says which streams the wall needs from now on. Before the pictures that need them are opened. */
  want(wanted: readonly Wanted[]): void {
    this.#leases.want(wanted);
  }

  /**
   * Opens the picture `key`, which was wanted. `urgency` says, whenever the queue moves, how soon (smaller is sooner).
   * Throws a {@link StreamError}, or the signal's reason when aborted.
   */
  async open(
    key: string,
    urgency: () => number,
    signal: AbortSignal,
    tell: TellPlace,
  ): Promise<MediaSession> {
    const leave = await this.#gate.enter(key, urgency, signal, tell);
    try {
      const reservation = await this.#leases.take(key, signal);
      const session = await this.#sourceFor(reservation).open(signal);
      return this.#severable(key, session);
    } catch (error) {
      if (error instanceof StreamError && error.code === 'reservation-ended') this.#leases.lost(key);
      throw error;
    } finally {
      leave();
    }
  }

  /** A session that also ends when its reservation is taken away. */
  #severable(key: string, session: MediaSession): MediaSession {
    const { promise: severed, reject } = Promise.withResolvers<never>();
    const cut = (reason: StreamError) => {
      session.close();
      reject(reason);
    };
    const drop = () => {
      if (this.#cuts.get(key) === cut) this.#cuts.delete(key);
    };
    this.#cuts.set(key, cut);
    const ended = Promise.race([session.ended, severed]).finally(drop);
    // Whoever follows the session hears of it through `ended`; nobody has to.
    ended.catch(() => undefined);
    return {
      way: session.way,
      stream: session.stream,
      ended,
      vitals: () => session.vitals(),
      close: () => {
        drop();
        session.close();
      },
    };
  }

  /** Somebody selected another tile, or scrolled: who waits may change places. */
  reconsider(): void {
    this.#gate.reconsider();
  }

  /** The BFF says that these reservations have ended by force. */
  ended(ids: readonly string[]): void {
    this.#leases.ended(ids);
  }

  /** The BFF is back, or somebody signed in again. */
  hurry(): void {
    this.#leases.hurry();
  }

  /** The page is being left: lets go of every reservation, by requests that outlive it. */
  leave(): void {
    this.#leases.leave();
  }

  /** Ends it. Safe to call twice. */
  close(): void {
    this.#leases.close();
  }
}
