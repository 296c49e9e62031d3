import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Reservation, WayOffer } from '#contract/reservation.ts';
import { offersHere, sourceFor, type Abilities } from './open.ts';

const ways: WayOffer[] = [
  { way: 'livekit', url: '/api/livekit/r1', because: 'site' },
  { way: 'whep', url: '/api/whep/r1' },
  { way: 'hls', url: '/api/hls/r1/index.m3u8' },
  { way: 'stills', url: '/api/stills/r1' },
];
const reservation: Reservation = {
  id: '6f1c7b1e-5b0a-4c7e-9b39-0b1f0e0f7a11',
  cameraId: 'c1',
  stream: 'sub',
  expiresAt: 0,
  whepUrl: '/api/whep/r1',
  ways,
};

afterEach(() => vi.unstubAllGlobals());

/** Makes this a browser that can do what is named. */
function browser(...names: (keyof Abilities)[]): void {
  for (const name of names) vi.stubGlobal(name, () => undefined);
}

describe('the ways on offer', () => {
  it.each<[string, Abilities, string[]]>([
    [
      'all of them in a browser that can do everything',
      { RTCPeerConnection: 1, MediaSource: 1, HTMLCanvasElement: 1 },
      ['livekit', 'whep', 'hls', 'stills'],
    ],
    ['none of WebRTC where that is turned off', { MediaSource: 1, HTMLCanvasElement: 1 }, ['hls', 'stills']],
    ['HLS on a telephone that has its own buffer', { ManagedMediaSource: 1 }, ['hls']],
    [
      'no HLS without a buffer',
      { RTCPeerConnection: 1, HTMLCanvasElement: 1 },
      ['livekit', 'whep', 'stills'],
    ],
    ['none where nothing can be done', {}, []],
  ])('are %s', (_what, page, expected) => {
    expect(offersHere(reservation, page).map(({ way }) => way)).toEqual(expected);
  });
});

describe('the source of a reservation', () => {
  it('is of the way that is asked for, else of the best', () => {
    browser('RTCPeerConnection', 'MediaSource', 'HTMLCanvasElement');
    expect(
      [undefined, 'whep', 'livekit', 'hls', 'stills'].map((way) => sourceFor(reservation, way as never).way),
    ).toEqual(['livekit', 'whep', 'livekit', 'hls', 'stills']);
  });

  it('is of the best that the page can go, where it cannot go the one that is asked for', () => {
    browser('MediaSource', 'HTMLCanvasElement');
    expect(sourceFor(reservation, 'whep').way).toBe('hls');
  });

  it('is WHEP where a server knows of no other', () => {
    browser('RTCPeerConnection');
    expect(sourceFor({ ...reservation, ways: [] }).way).toBe('whep');
  });

  it('is none where the page can go none', () => {
    expect(() => sourceFor(reservation)).toThrow(expect.objectContaining({ code: 'no-other-way' }));
  });
});
