import type { Reservation, WayOffer } from '#contract/reservation.ts';
import { HlsSource } from './hls/hls-source.ts';
import { lazily } from './lazily.ts';
import { LiveKitSource } from './livekit/livekit-source.ts';
import { StreamError, type MediaSource, type Way } from './media-source.ts';
import { WhepSource } from './whep/whep-source.ts';

/** Turns a reservation into a way of getting its pictures: the one that is asked for, or the first that is offered. */
export type SourceMaker = (reservation: Reservation, way?: Way) => MediaSource;

/** What of a browser decides which ways it can go. */
export type Abilities = Partial<
  Record<'RTCPeerConnection' | 'MediaSource' | 'ManagedMediaSource' | 'HTMLCanvasElement', unknown>
>;

function can(way: WayOffer['way'], page: Abilities): boolean {
  switch (way) {
    case 'whep':
    case 'livekit':
      return page.RTCPeerConnection !== undefined;
    case 'hls':
      return page.MediaSource !== undefined || page.ManagedMediaSource !== undefined;
    case 'stills':
      return page.HTMLCanvasElement !== undefined;
  }
}

/** The ways on offer that this page can go, best first: none of WebRTC where a policy has turned it off, for one. */
export function offersHere(reservation: Reservation, page: Abilities = globalThis): WayOffer[] {
  return reservation.ways.filter(({ way }) => can(way, page));
}

/** Stills, loaded when a page first needs them: most never do. */
function lateStills(url: string): MediaSource {
  return {
    way: 'stills',
    open: async (signal) => {
      const { StillsSource } = await lazily(import('./stills/stills-source.ts'));
      return new StillsSource(url).open(signal);
    },
  };
}

let make: SourceMaker = (reservation, way) => {
  const offers = offersHere(reservation);
  const offer = offers.find((one) => one.way === way) ?? offers[0];
  switch (offer?.way) {
    case 'whep':
      return new WhepSource(offer.url);
    case 'livekit':
      return new LiveKitSource(offer.url);
    case 'hls':
      return new HlsSource(offer.url);
    case 'stills':
      return lateStills(offer.url);
    case undefined:
      // A server from before there were several ways.
      if (can('whep', globalThis)) return new WhepSource(reservation.whepUrl);
      throw new StreamError('no-other-way', 'This browser can go none of the ways that are offered');
  }
};

/** The source behind a reservation by one of its ways, unless the page runs on mocks. Throws a {@link StreamError}. */
export function sourceFor(reservation: Reservation, way?: Way): MediaSource {
  return make(reservation, way);
}

/** Replaces where pictures come from, for the whole page. For mocks and tests; gives back the way to undo it. */
export function replaceSources(maker: SourceMaker): () => void {
  const before = make;
  make = maker;
  return () => (make = before);
}
