import {
  type ChooseWay,
  type MediaSession,
  type MediaSource,
  type Preferred,
  StreamError,
  type Way,
} from '#lib/media/media-source.ts';
import type { Reservation } from '#contract/reservation.ts';
import type { Gate, TellPlace } from './gate.ts';
import type { Wanted } from './lease-book.ts';
import { type LeaseDesk, Leases } from './leases.ts';

/** Everything a wall needs to get pictures. */
export interface SupplyParts {
  readonly desk: LeaseDesk;
  readonly gate: Gate;
  readonly sourceFor: (reservation: Reservation, way: Way | undefined) => MediaSource;
  /** Hears how many are about to connect, while there is still nothing to connect to. */
  readonly prepare?: ((count: number) => void) | undefined;
}

/**
 * Supplies the pictures of one wall: one reservation request for all of them, then a few at a time through the gate. What a player calls for each attempt is {@link open}.
 */
export class Supply {
  readonly #gate: Gate;
  readonly #sourceFor: SupplyParts['sourceFor'];
  readonly #prepare: (count: number) => void;
  /** Pictures that wait for their reservation or their turn. */
  #coming = 0;
  #isPreparing = false;
  readonly #leases: Leases;
  /** End the running sessions of a picture whose reservation was taken away: more than one while it changes its way. */
  readonly #cuts = new Map<string, Set<(reason: StreamError) => void>>();

  constructor({ desk, gate, sourceFor, prepare }: SupplyParts) {
    this.#gate = gate;
    this.#sourceFor = sourceFor;
    this.#prepare = prepare ?? (() => undefined);
    this.#leases = new Leases(desk, (keys) => {
      for (const key of keys)
        for (const cut of [...(this.#cuts.get(key) ?? [])])
          cut(new StreamError('reservation-ended', 'The right to it has ended'));
    });
  }

  /** Says which streams the wall needs from now on. Before the pictures that need them are opened. */
  want(wanted: readonly Wanted[]): void {
    this.#leases.want(wanted);
  }

  /**
   * Opens the picture `key`, which was wanted. `urgency` says, whenever the queue moves, how soon (smaller is sooner);
   * `choose` by which of the ways it is offered by, the first if it does not say.
   * Throws a {@link StreamError}, or the signal's reason when aborted.
   */
  async open(
    key: string,
    urgency: () => number,
    signal: AbortSignal,
    tell: TellPlace,
    choose?: ChooseWay,
  ): Promise<MediaSession> {
    signal.throwIfAborted();
    const { reservation, leave } = await this.#turn(key, urgency, signal, tell);
    try {
      const way = choose?.(reservation.ways.map((offer) => offer.way));
      if (choose !== undefined && way === undefined && reservation.ways.length > 0)
        throw new StreamError('no-other-way', 'The picture is offered by no other way');
      const session = await this.#sourceFor(reservation, way).open(signal);
      return this.#severable(key, session, preferenceOf(reservation, session.way));
    } catch (error) {
      if (error instanceof StreamError && error.code === 'reservation-ended') this.#leases.lost(key);
      throw error;
    } finally {
      leave();
    }
  }

  /** The reservation first, so that nobody holds a place at the gate while the BFF thinks; then the turn. */
  async #turn(
    key: string,
    urgency: () => number,
    signal: AbortSignal,
    tell: TellPlace,
  ): Promise<{ reservation: Reservation; leave: () => void }> {
    this.#coming += 1;
    this.#prepareSoon();
    try {
      const reservation = await this.#leases.take(key, signal);
      return { reservation, leave: await this.#gate.enter(key, urgency, signal, tell) };
    } finally {
      this.#coming -= 1;
      this.#prepareSoon();
    }
  }

  /** Once for all that happens now: after the offers whose turn has come were sent. */
  #prepareSoon(): void {
    if (this.#isPreparing) return;
    this.#isPreparing = true;
    setTimeout(() => {
      this.#isPreparing = false;
      if (this.#coming > 0) this.#prepare(this.#coming);
    });
  }

  /** A session that also ends when its reservation is taken away. */
  #severable(key: string, session: MediaSession, preferred: Preferred | undefined): MediaSession {
    const { promise: severed, reject } = Promise.withResolvers<never>();
    const cut = (reason: StreamError) => {
      session.close();
      reject(reason);
    };
    const cuts = this.#cuts.get(key) ?? new Set();
    const drop = () => {
      cuts.delete(cut);
      if (cuts.size === 0 && this.#cuts.get(key) === cuts) this.#cuts.delete(key);
    };
    this.#cuts.set(key, cuts.add(cut));
    const ended = Promise.race([session.ended, severed]).finally(drop);
    // Whoever follows the session hears of it through `ended`; nobody has to.
    ended.catch(() => undefined);
    return {
      way: session.way,
      preferred,
      attach: (video, beforeBlank) => session.attach(video, beforeBlank),
      get hasConnected() {
        return session.hasConnected;
      },
      get lagMs() {
        return session.lagMs;
      },
      captureTimeOf: (video) => session.captureTimeOf(video),
      ...(session.presented ? { presented: (frame) => session.presented?.(frame) } : {}),
      ...(session.setLatency ? { setLatency: (choice) => session.setLatency?.(choice) } : {}),
      ended,
      vitals: () => session.vitals(),
      close: () => {
        drop();
        session.close();
      },
    };
  }

  /** By which ways a picture is offered; none while there is no reservation for it. */
  waysOf(key: string): readonly Way[] {
    return this.#leases.held(key)?.ways.map(({ way }) => way) ?? [];
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

/** Why the reservation puts this way before the usual one. */
function preferenceOf({ ways }: Reservation, way: Way): Preferred | undefined {
  const offer = ways.find((one) => one.way === way);
  return offer?.way === 'livekit' && offer.because !== undefined
    ? { reason: offer.because, viewers: offer.viewers }
    : undefined;
}
