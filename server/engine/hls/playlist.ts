import { timescale } from '#server/fmp4/init.ts';
import type { VideoTrack } from '#server/fmp4/track.ts';
import type { Part, Segment } from './segmenter.ts';

/** What a media playlist is made of. */
export interface Listing {
  readonly segments: readonly Segment[];
  /** The part that comes next. */
  readonly next: { readonly msn: number; readonly part: number };
  readonly targetS: number;
  /** In ticks of 1/90,000 s. */
  readonly partTarget: number;
}

/** Where each thing is, relative to the playlist. */
export const names = {
  media: (stream: number) => `media.m3u8?stream=${String(stream)}`,
  init: (init: number) => `init-${String(init)}.mp4`,
  segment: (msn: number) => `seg-${String(msn)}.mp4`,
  /** `count`: so many parts in one, from `part` on. */
  part: (msn: number, part: number, count = 1) =>
    `part-${String(msn)}-${String(part)}${count === 1 ? '' : `-${String(count)}`}.mp4`,
};

/**
 * A player stays this many parts behind the newest one. Three is the least that RFC 8216bis (4.4.3.8) recommends; two more
 * take up the jitter of cameras and of a proxy on the way.
 */
const holdBackParts = 5;
/** The same where several parts are put together; what a poll comes late is within one of them. */
const holdBackGrains = 3;
/** Parts are listed for this many target durations (RFC 8216bis 4.4.4.9: no longer than needed, three at least). */
const partsForTargets = 3;
/** The least a skip boundary may be, in target durations (RFC 8216bis 4.4.3.8). */
const skipTargets = 6;

const seconds = (ticks: number): string => (ticks / timescale).toFixed(5);

/**
 * The multivariant playlist: one variant, whose bit rates are in bits per second.
 * @param stream goes into the media playlist's address, so that a player never finds another stream's segments there:
 *   hls.js 1.7.4 then neither shows nor reports anything any more
 */
export function multivariantPlaylist(
  stream: number,
  track: VideoTrack,
  rates: { readonly pictures: number; readonly average: number; readonly peak: number },
): string {
  const attributes = [
    `BANDWIDTH=${String(Math.max(1, rates.peak))}`,
    `AVERAGE-BANDWIDTH=${String(Math.max(1, rates.average))}`,
    `CODECS="${track.codecString}"`,
    `RESOLUTION=${String(track.width)}x${String(track.height)}`,
    `FRAME-RATE=${rates.pictures.toFixed(3)}`,
  ];
  return `#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:${attributes.join(',')}\n${names.media(stream)}\n`;
}

/**
 * The media playlist (draft-pantos-hls-rfc8216bis).
 * @param skips leave out what the player has from before: a delta update, where there is anything to leave out
 * @param grain so many parts are put together and listed as one: for lines on which requests are dear
 */
export function mediaPlaylist(listing: Listing, skips: boolean, grain = 1): string {
  const { segments, targetS, next } = listing;
  const partTarget = (grain * Math.ceil(listing.partTarget / (timescale / 1000))) / 1000;
  const holdBack =
    (grain === 1 ? holdBackParts : Math.max(holdBackGrains, holdBackParts / grain)) * partTarget;
  const first = segments[0];
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    `#EXT-X-TARGETDURATION:${String(targetS)}`,
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${holdBack.toFixed(3)},CAN-SKIP-UNTIL=${String(skipTargets * targetS)}.0`,
    `#EXT-X-PART-INF:PART-TARGET=${partTarget.toFixed(3)}`,
    `#EXT-X-MEDIA-SEQUENCE:${String(first?.msn ?? next.msn)}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${String(first?.discontinuity ?? 0)}`,
  ];
  if (segments.every((segment) => segment.parts[0]?.isIndependent === true))
    lines.push('#EXT-X-INDEPENDENT-SEGMENTS');

  // How long before the end of the playlist each segment ends.
  const behind: number[] = [];
  let toEnd = 0;
  for (const segment of segments.toReversed()) {
    behind.unshift(toEnd);
    toEnd += segment.duration;
  }
  const skipped = skips
    ? segments.filter((segment, i) => (behind[i] ?? 0) + segment.duration > skipTargets * targetS * timescale)
        .length
    : 0;
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${String(skipped)}`);

  let previous = segments[skipped - 1];
  let init: number | undefined;
  for (const [i, segment] of segments.entries()) {
    if (i < skipped) continue;
    const grains = grainsOf(segment, grain);
    if (grains.length === 0) continue;
    const isBreak = previous !== undefined && previous.discontinuity !== segment.discontinuity;
    if (isBreak) lines.push('#EXT-X-DISCONTINUITY');
    if (isBreak || segment.init !== init) lines.push(`#EXT-X-MAP:URI="${names.init(segment.init)}"`);
    init = segment.init;
    previous = segment;
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startMs).toISOString()}`);
    if (!segment.isComplete || (behind[i] ?? 0) < partsForTargets * targetS * timescale) {
      for (const { first, parts } of grains)
        lines.push(
          `#EXT-X-PART:DURATION=${seconds(parts.reduce((sum, { duration }) => sum + duration, 0))},URI="${names.part(segment.msn, first, parts.length)}"${parts[0]?.isIndependent === true ? ',INDEPENDENT=YES' : ''}`,
        );
    }
    if (segment.isComplete) lines.push(`#EXTINF:${seconds(segment.duration)},`, names.segment(segment.msn));
  }
  // Of several put together nobody can say yet which will be the last.
  if (grain === 1) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${names.part(next.msn, next.part)}"`);
  return `${lines.join('\n')}\n`;
}

/** The parts of a segment, `grain` at a time; fewer only at the end of a complete one. */
function grainsOf(
  segment: Segment,
  grain: number,
): { readonly first: number; readonly parts: readonly Part[] }[] {
  const grains = [];
  for (let first = 0; first < segment.parts.length; first += grain) {
    const parts = segment.parts.slice(first, first + grain);
    if (parts.length === grain || segment.isComplete) grains.push({ first, parts });
  }
  return grains;
}
