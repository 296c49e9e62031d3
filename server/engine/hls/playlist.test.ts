import { describe, expect, it } from 'vitest';
import { videoTrack } from '#server/fmp4/track.ts';
import { mediaPlaylist, multivariantPlaylist, type Listing } from './playlist.ts';
import type { Segment } from './segmenter.ts';
import { parameterSets } from './testing/pictures.ts';

const epoch = Date.UTC(2026, 10, 20, 8, 30);

/** A segment of whole parts of 200 ms, the first of them independent. */
function segment(msn: number, seconds: number, overrides: Partial<Segment> = {}): Segment {
  const count = Math.round(seconds * 5);
  return {
    msn,
    discontinuity: 3,
    init: 40,
    startMs: epoch + (msn - 40) * 2000,
    parts: Array.from({ length: count }, (_, i) => ({
      bytes: new Uint8Array(),
      duration: 18_000,
      isIndependent: i === 0,
    })),
    duration: count * 18_000,
    isComplete: true,
    ...overrides,
  };
}
const open = (msn: number, seconds: number, overrides: Partial<Segment> = {}): Segment =>
  segment(msn, seconds, { isComplete: false, ...overrides });
const listing = (segments: Segment[], overrides: Partial<Listing> = {}): Listing => ({
  segments,
  next: { msn: segments.at(-1)?.msn ?? 0, part: segments.at(-1)?.parts.length ?? 0 },
  targetS: 2,
  partTarget: 19_800,
  ...overrides,
});
const lines = (text: string): string[] => text.trimEnd().split('\n');

describe('the media playlist', () => {
  it('lists segments, parts and what comes next, line by line', () => {
    expect(lines(mediaPlaylist(listing([segment(40, 1), open(41, 0.4)]), false))).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.100,CAN-SKIP-UNTIL=12.0',
      '#EXT-X-PART-INF:PART-TARGET=0.220',
      '#EXT-X-MEDIA-SEQUENCE:40',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-MAP:URI="init-40.mp4"',
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:30:00.000Z',
      '#EXT-X-PART:DURATION=0.20000,URI="part-40-0.mp4",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.20000,URI="part-40-1.mp4"',
      '#EXT-X-PART:DURATION=0.20000,URI="part-40-2.mp4"',
      '#EXT-X-PART:DURATION=0.20000,URI="part-40-3.mp4"',
      '#EXT-X-PART:DURATION=0.20000,URI="part-40-4.mp4"',
      '#EXTINF:1.00000,',
      'seg-40.mp4',
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-20T08:30:02.000Z',
      '#EXT-X-PART:DURATION=0.20000,URI="part-41-0.mp4",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.20000,URI="part-41-1.mp4"',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-41-2.mp4"',
    ]);
  });

  it('tells a discontinuity with the initialisation that goes with it, and counts those gone by', () => {
    const text = lines(
      mediaPlaylist(
        listing([
          segment(40, 2),
          segment(41, 2, { discontinuity: 4, init: 41 }),
          open(42, 1, { discontinuity: 5, init: 41 }),
        ]),
        false,
      ),
    );
    expect(text).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:3');
    expect(text.filter((line) => /DISCONTINUITY$|MAP|seg/.test(line))).toEqual([
      '#EXT-X-MAP:URI="init-40.mp4"',
      'seg-40.mp4',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="init-41.mp4"',
      'seg-41.mp4',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="init-41.mp4"',
    ]);
  });

  it('lists parts of the last three target durations only', () => {
    const text = mediaPlaylist(listing([40, 41, 42, 43, 44].map((msn) => segment(msn, 2))), false);
    const withParts = [...text.matchAll(/part-(\d+)-0\.mp4"/g)].map(([, msn]) => Number(msn));
    expect(withParts).toEqual([42, 43, 44]);
  });

  it('leaves out what the player has, but nothing within six target durations', () => {
    const segments = [...[40, 41, 42, 43, 44, 45, 46].map((msn) => segment(msn, 2)), open(47, 1)];
    const text = lines(mediaPlaylist(listing(segments), true));
    expect(text).toContain('#EXT-X-MEDIA-SEQUENCE:40');
    expect(text).toContain('#EXT-X-SKIP:SKIPPED-SEGMENTS=2');
    expect(text.filter((line) => line.startsWith('seg-'))[0]).toBe('seg-42.mp4');
    expect(text).toContain('#EXT-X-MAP:URI="init-40.mp4"');
    expect(text).not.toContain('#EXT-X-DISCONTINUITY');
    expect(mediaPlaylist(listing(segments.slice(3)), true)).not.toContain('SKIP:');
    expect(mediaPlaylist(listing(segments), false)).not.toContain('SKIP:');
  });

  it('promises independent segments only where all are', () => {
    const parts = [{ bytes: new Uint8Array(), duration: 18_000, isIndependent: false }];
    const text = mediaPlaylist(listing([segment(40, 2), open(41, 0.2, { parts })]), false);
    expect(text).not.toContain('INDEPENDENT-SEGMENTS');
  });

  it('keeps players at least three parts back, however long parts are', () => {
    const text = mediaPlaylist(listing([segment(40, 2)], { partTarget: 90_000 }), false);
    expect(text).toContain('PART-HOLD-BACK=5.000');
    expect(text).toContain('PART-TARGET=1.000');
  });

  it('lists several parts as one where that is asked for, and holds players back by three of those', () => {
    const text = lines(mediaPlaylist(listing([segment(40, 1), open(41, 1.6)]), false, 3));
    expect(text.filter((line) => /PART|INF|seg/.test(line))).toEqual([
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.980,CAN-SKIP-UNTIL=12.0',
      '#EXT-X-PART-INF:PART-TARGET=0.660',
      '#EXT-X-PART:DURATION=0.60000,URI="part-40-0-3.mp4",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.40000,URI="part-40-3-2.mp4"',
      '#EXTINF:1.00000,',
      'seg-40.mp4',
      '#EXT-X-PART:DURATION=0.60000,URI="part-41-0-3.mp4",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.60000,URI="part-41-3-3.mp4"',
    ]);
  });

  it('names a last part that is alone as it always is, and no segment that has none yet', () => {
    const text = lines(mediaPlaylist(listing([segment(40, 0.8), open(41, 0.4)]), false, 3));
    expect(text.slice(-3)).toEqual([
      '#EXT-X-PART:DURATION=0.20000,URI="part-40-3.mp4"',
      '#EXTINF:0.80000,',
      'seg-40.mp4',
    ]);
  });

  it('names nothing but files beside it', () => {
    const text = mediaPlaylist(listing([segment(40, 2), open(41, 1)]), false);
    const uris = lines(text).flatMap(
      (line) => /URI="([^"]*)"/.exec(line)?.[1] ?? (line.startsWith('#') ? [] : [line]),
    );
    expect(uris.length).toBeGreaterThan(15);
    expect(uris.every((uri) => /^[a-z]+-[\d-]+\.mp4$/.test(uri))).toBe(true);
  });
});

it('the multivariant playlist says what a player needs to choose by', () => {
  const text = multivariantPlaylist(17, videoTrack('H264', parameterSets.large), {
    pictures: 25,
    average: 900_000,
    peak: 1_200_000,
  });
  expect(lines(text)).toEqual([
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-STREAM-INF:BANDWIDTH=1200000,AVERAGE-BANDWIDTH=900000,CODECS="avc1.640028",RESOLUTION=1920x1080,FRAME-RATE=25.000',
    'media.m3u8?stream=17',
  ]);
});
