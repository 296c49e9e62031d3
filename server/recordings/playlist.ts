import { longestSegmentMs } from '#contract/recording.ts';
import type { RecordedSpan } from '#server/vms/recordings.ts';

/** A piece of a playlist: the GOPs that begin in [start, end). */
export interface PlaylistSegment {
  readonly start: number;
  readonly end: number;
  /** What the player is told it lasts, ms. The GOP that begins last may reach beyond. */
  readonly lastsMs: number;
}

/** Segments between two gaps. */
export interface PlaylistStretch {
  /** When its first picture was taken. */
  readonly begins: number;
  readonly segments: readonly PlaylistSegment[];
}

/** Segments of about so long: short enough to begin soon, long enough not to ask all the time. */
const leastSegmentMs = 6000;
/**
 * A span begins with the group of pictures that its first one depends on, and that has begun before it. How long groups
 * are is known of one of them only, and not of one that was cut short: as long as anybody sets them.
 */
const usualGopMs = 10_000;
/** A segment may take in half of another one, and what lies before its span. */
const mostSegmentMs = longestSegmentMs / 2;
const mostBeforeMs = longestSegmentMs / 4;

/** How long segments are when GOPs last so long: a whole number of them, so that cuts meet keyframes. */
export const segmentMsFor = (gopMs: number): number => {
  const steady = Math.max(1, Math.round(gopMs));
  const many = steady * Math.max(steady > leastSegmentMs ? 2 : 1, Math.ceil(leastSegmentMs / steady));
  return Math.min(many, mostSegmentMs);
};

/**
 * What a playlist of these spans is made of.
 * @param firstKeyframe the keyframe that the first span's first picture depends on
 * @param gopMs how long its group of pictures is
 */
export function planStretches(
  spans: readonly RecordedSpan[],
  firstKeyframe: number,
  gopMs: number,
): PlaylistStretch[] {
  const segmentMs = segmentMsFor(gopMs);
  const beforeMs = Math.min(Math.max(gopMs, usualGopMs), mostBeforeMs);
  return spans.map((span, i) => {
    const before = spans[i - 1]?.end ?? -Infinity;
    const begins = i === 0 ? Math.min(span.start, firstKeyframe) : span.start;
    const segments: PlaylistSegment[] = [];
    for (let start = begins; start < span.end; start += segmentMs) {
      const left = span.end - start;
      // No crumbs: what is left of a span goes with the segment before it.
      const isLast = left < segmentMs * 1.5;
      const end = isLast ? span.end : start + segmentMs;
      segments.push({
        start: start === begins && i > 0 ? Math.max(before, start - beforeMs) : start,
        end,
        lastsMs: end - start,
      });
      if (isLast) break;
    }
    return { begins, segments };
  });
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The playlist (RFC 8216) of stretches; addresses are relative to its own. */
export function playlistOf(stretches: readonly PlaylistStretch[], stream: string, gopMs: number): string {
  const address = (part: string, { start, end }: PlaylistSegment): string =>
    `segment.mp4?${new URLSearchParams({ stream, part, start: iso(start), end: iso(end) }).toString()}`;
  const longest = Math.max(...stretches.flatMap(({ segments }) => segments.map(({ lastsMs }) => lastsMs)));
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.ceil((longest + gopMs) / 1000)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
  ];
  stretches.forEach(({ begins, segments }, i) => {
    const [first] = segments;
    if (first === undefined) return;
    if (i > 0) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(`#EXT-X-MAP:URI="${address('init', first)}"`, `#EXT-X-PROGRAM-DATE-TIME:${iso(begins)}`);
    for (const segment of segments)
      lines.push(`#EXTINF:${(segment.lastsMs / 1000).toFixed(3)},`, address('media', segment));
  });
  return [...lines, '#EXT-X-ENDLIST', ''].join('\n');
}
