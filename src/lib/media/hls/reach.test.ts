import { describe, expect, it } from 'vitest';
import { reaches, reachOf, unblocked } from './reach.ts';

const playlist = (skips: boolean, openParts: number): string =>
  [
    '#EXTM3U',
    '#EXT-X-PART-INF:PART-TARGET=0.440',
    '#EXT-X-MEDIA-SEQUENCE:40',
    ...(skips
      ? ['#EXT-X-SKIP:SKIPPED-SEGMENTS=2']
      : ['#EXTINF:1.0,', 'seg-40.mp4', '#EXTINF:1.0,', 'seg-41.mp4']),
    '#EXT-X-PART:DURATION=0.4,URI="part-42-0-2.mp4",INDEPENDENT=YES',
    '#EXTINF:0.4,',
    'seg-42.mp4',
    ...Array.from(
      { length: openParts },
      (_, i) => `#EXT-X-PART:DURATION=0.4,URI="part-43-${String(2 * i)}-2.mp4"`,
    ),
    '',
  ].join('\n');

describe('how far a playlist goes', () => {
  it.each([
    ['a whole one', false, 2],
    ['a delta update', true, 2],
    ['one that ends with a segment', false, 0],
  ])('is read out of %s', (_what, skips, parts) => {
    expect(reachOf(playlist(skips, parts))).toEqual({ msn: 43, parts, partTargetMs: 440 });
  });

  it.each([
    [{ msn: 42, part: 9 }, true],
    [{ msn: 42, part: undefined }, true],
    [{ msn: 43, part: 1 }, true],
    [{ msn: 43, part: 2 }, false],
    [{ msn: 43, part: undefined }, false],
    [{ msn: 44, part: 0 }, false],
  ])('says whether %j is in it: %s', (wanted, expected) => {
    expect(reaches(reachOf(playlist(false, 2)), wanted)).toBe(expected);
  });
});

describe('an address that does not wait', () => {
  it.each([
    [
      '/a/media.m3u8?stream=7&_HLS_msn=43&_HLS_part=2&_HLS_skip=YES',
      '/a/media.m3u8?stream=7&_HLS_skip=YES',
      { msn: 43, part: 2 },
    ],
    ['http://b/media.m3u8?_HLS_msn=43', 'http://b/media.m3u8', { msn: 43, part: undefined }],
    ['/a/media.m3u8', '/a/media.m3u8', undefined],
  ])('is made of %s', (url, expected, wanted) => {
    expect(unblocked(url)).toEqual({ url: expected, wanted });
  });
});
