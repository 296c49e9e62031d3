import { join } from '#server/fmp4/box.ts';
import { fragment, type Sample } from '#server/fmp4/fragment.ts';
import { initSegment } from '#server/fmp4/init.ts';
import { videoTrack, type VideoTrack } from '#server/fmp4/track.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { RecordedFrame } from '#server/vms/recordings.ts';

/** Recorded times are whole milliseconds; so are those of our files. */
export const ticksPerSecond = 1000;

/** A keyframe and some or all of the pictures that depend on it, as one fragmented MP4. */
export interface Gop {
  /** When the keyframe was taken. */
  readonly start: number;
  /** When the frame after the last one here was: of a whole GOP the next keyframe. Undefined at the end of the recording. */
  readonly end: number | undefined;
  /** When the frame after the keyframe was. */
  readonly second: number | undefined;
  /** When the last picture ceases to be shown. */
  readonly shownUntil: number;
  readonly codec: string;
  readonly pictures: number;
  /** The initialisation segment. */
  readonly init: Uint8Array;
  /** `moof` and `mdat`. */
  readonly media: Uint8Array;
}

/** How long a picture is shown whose successor comes `deltaMs` later: a gap is not shown as a picture standing still. */
export const shownFor = (deltaMs: number | undefined, usualMs: number): number =>
  deltaMs !== undefined && deltaMs <= Math.max(2000, 4 * usualMs) ? Math.max(0, deltaMs) : usualMs;

/** When there is only one picture and nothing after it. */
const someMs = 40;

/** The track a keyframe begins. Throws a {@link Refusal} `codec-unsupported` for what browsers cannot be given. */
export function trackOf(keyframe: RecordedFrame): VideoTrack {
  if (keyframe.codec === 'MJPEG')
    throw new Refusal('codec-unsupported', { detail: 'The recording is MJPEG: it has stills only.' });
  try {
    return videoTrack(keyframe.codec, keyframe.units);
  } catch (cause) {
    throw new Refusal('codec-unsupported', { detail: 'The recording does not say how it is coded.', cause });
  }
}

/** Parameter sets are in the track, delimiters and filler of no use in a file (ISO/IEC 14496-15 5.3.2, 8.3.2). */
function isPicture(codec: RecordedFrame['codec'], unit: Uint8Array): boolean {
  const first = unit[0] ?? 0;
  if (codec === 'H265') return ![32, 33, 34, 35, 38].includes((first >> 1) & 0x3f);
  return ![7, 8, 9, 12].includes(first & 0x1f);
}

/**
 * The frames as samples of a file in ms. Within the GOP every picture keeps its time, whatever lies between.
 * @param nextMs when the frame after the last one was taken
 */
export function samplesOf(frames: readonly RecordedFrame[], nextMs: number | undefined): Sample[] {
  let usualMs = someMs;
  return frames.map((frame, i) => {
    const following = frames[i + 1]?.timeMs;
    const duration =
      following === undefined
        ? shownFor(nextMs === undefined ? undefined : nextMs - frame.timeMs, usualMs)
        : Math.max(0, following - frame.timeMs);
    if (duration > 0) usualMs = duration;
    return {
      units: frame.units.filter((unit) => isPicture(frame.codec, unit)),
      duration,
      isKeyframe: frame.isKeyframe,
    };
  });
}

/**
 * Frames that begin with a keyframe as one GOP. Times in it are epoch ms.
 * @param end when the frame after the last one was taken
 */
export function gopOf(
  frames: readonly RecordedFrame[],
  end: number | undefined = frames.at(-1)?.nextMs,
): Gop {
  const keyframe = frames[0];
  if (keyframe === undefined) throw new RangeError('a GOP has a keyframe');
  const track = trackOf(keyframe);
  const samples = samplesOf(frames, end);
  return {
    start: keyframe.timeMs,
    end,
    second: frames[1]?.timeMs ?? end,
    shownUntil: samples.reduce((sum, { duration }) => sum + duration, keyframe.timeMs),
    codec: track.codecString,
    pictures: samples.length,
    init: initSegment(track, ticksPerSecond),
    media: fragment(1, keyframe.timeMs, samples),
  };
}

/** The GOP's keyframe alone. */
export function keyframeOf(gop: Gop): Gop {
  if (gop.pictures === 1) return gop;
  // `moof` has the length it says; in `trun`, duration and size of the first sample stand 20 bytes in (fragment.ts).
  const media = Buffer.from(gop.media.buffer, gop.media.byteOffset, gop.media.byteLength);
  const moofLength = media.readUInt32BE(0);
  const trun = media.indexOf('trun', 0, 'latin1') - 4;
  const duration = media.readUInt32BE(trun + 20);
  const end = moofLength + 8 + media.readUInt32BE(trun + 24);
  const units: Uint8Array[] = [];
  for (let at = moofLength + 8; at < end;) {
    const length = media.readUInt32BE(at);
    units.push(media.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return {
    ...gop,
    end: gop.second,
    pictures: 1,
    shownUntil: gop.start + duration,
    media: fragment(1, gop.start, [{ units, duration, isKeyframe: true }]),
  };
}

/** The GOP as a file. */
export const fileOf = ({ init, media }: Gop): Uint8Array => join(init, media);
