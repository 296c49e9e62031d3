import type { Reservation } from '#contract/reservation.ts';
import { HlsSource } from './hls/hls-source.ts';
import type { MediaSource, Way } from './media-source.ts';
import { WhepSource } from './whep/whep-source.ts';

/** Turns a reservation into a way of getting its pictures: the one that is asked for, or the first that is offered. */
export type SourceMaker = (reservation: Reservation, way?: Way) => MediaSource;

let make: SourceMaker = (reservation, way) => {
  const offer = reservation.ways.find((one) => one.way === way) ?? reservation.ways[0];
  if (offer?.way === 'hls') return new HlsSource(offer.url);
  return new WhepSource(offer?.url ?? reservation.whepUrl);
};

/** The source behind a reservation by one of its ways, unless the page runs on mocks. */
export function sourceFor(reservation: Reservation, way?: Way): MediaSource {
  return make(reservation, way);
}

/** Replaces where pictures come from, for the whole page. For mocks and tests; gives back the way to undo it. */
export function replaceSources(maker: SourceMaker): () => void {
  const before = make;
  make = maker;
  return () => (make = before);
}
