import { formats, type AccessUnit, type Format, type PictureSubject } from '#mocks/camera/pictures.ts';
import type { LivePictures } from '../image-server/live-feed.ts';

const keyframeSeconds = 2;
const intervalMs = (format: Format) => 1000 / formats[format].framesPerSecond;

function nal(type: number, text: string, length: number): Uint8Array {
  const bytes = Buffer.alloc(length, 0xa5);
  bytes[0] = type;
  bytes.write(text, 1, 'latin1');
  return bytes;
}

function coded(subject: PictureSubject, format: Format, index: number, isKeyframe: boolean): AccessUnit {
  const text = `${subject.number} ${format} ${index}`;
  return {
    nalUnits: isKeyframe
      ? [nal(0x67, 'sps', 16), nal(0x68, 'pps', 8), nal(0x65, text, 12_000)]
      : [nal(0x41, text, 2_000)],
    isKeyframe,
    timeMs: plainPictures.timeOf(subject, format, index),
    index,
  };
}

/**
 * Pictures that nobody can look at but everybody can tell apart: their NAL units say camera, format and index in plain
 * letters. Timing, keyframes and sizes are those of the real ones. For tests of what carries pictures.
 */
export const plainPictures: LivePictures = {
  indexAt: (_subject, format, timeMs) => Math.floor(timeMs / intervalMs(format) + 1e-9),
  timeOf: (_subject, format, index) => Math.ceil(index * intervalMs(format) - 1e-6),
  keyframeAtOrBefore: (_subject, format, index) => {
    const every = formats[format].framesPerSecond * keyframeSeconds;
    return Math.floor(index / every) * every;
  },
  at: (subject, format, index) =>
    coded(subject, format, index, plainPictures.keyframeAtOrBefore(subject, format, index) === index),
  asKeyframe: (subject, format, index) => coded(subject, format, index, true),
};
