import type { Reservation } from '#contract/reservation.ts';
import type { MediaSource } from './media-source.ts';
import { WhepSource } from './whep/whep-source.ts';

/** Turns a reservation into the way of getting its pictures. */
export type SourceMaker = (reservation: Reservation) => MediaSource;

let make: SourceMaker = (reservation) => new WhepSource(reservation.whepUrl);

/** The source behind a reservation: WHEP, unless the page runs on mocks. */
export function sourceFor(reservation: Reservation): MediaSource {
  return make(reservation);
}

/** Replaces where pictures come from, for the whole page. For mocks and tests; gives back the way to undo it. */
export function replaceSources(maker: SourceMaker): () => void {
  const before = make;
  make = maker;
  return () => (make = before);
}
