import { box, fullBox, join, letters, u16, u32 } from './box.ts';
import type { VideoTrack } from './track.ts';

/** Ticks per second of our files unless somebody says otherwise: what RTP counts video in. */
export const timescale = 90_000;
/** The one track of a file. */
export const trackId = 1;

const zeros = (count: number): Uint8Array => new Uint8Array(count);
/** No rotation, no shift: 1, 1 in 16.16 and 1 in 2.30 (ISO/IEC 14496-12 6.2.2). */
const unity = join(...[0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

/**
 * The initialisation segment: `ftyp` and a `moov` without any picture (ISO/IEC 14496-12 8.16.3). Every fragment of the
 * same track can follow it.
 * @param ticksPerSecond what durations and times of the fragments count in
 */
export function initSegment(track: VideoTrack, ticksPerSecond: number = timescale): Uint8Array {
  return join(
    box('ftyp', letters('iso6'), u32(0), letters('iso6'), letters('cmfc'), letters('mp41')),
    box(
      'moov',
      // Times of creation and change, timescale, no duration; speed and volume 1, reserved, matrix, next track.
      fullBox(
        'mvhd',
        0,
        0,
        ...[0, 0, ticksPerSecond, 0, 0x10000].map(u32),
        u16(0x100),
        zeros(10),
        unity,
        zeros(24),
        u32(trackId + 1),
      ),
      trak(track, ticksPerSecond),
      box('mvex', fullBox('trex', 0, 0, ...[trackId, 1, 0, 0, 0].map(u32))),
    ),
  );
}

function trak(track: VideoTrack, ticksPerSecond: number): Uint8Array {
  const { width, height } = track;
  return box(
    'trak',
    // Enabled, in the presentation; layer, group, volume and what is reserved are nothing.
    fullBox(
      'tkhd',
      0,
      3,
      ...[0, 0, trackId, 0, 0].map(u32),
      zeros(16),
      unity,
      u32(width * 0x10000),
      u32(height * 0x10000),
    ),
    box(
      'mdia',
      // 0x55c4 is `und`: no language.
      fullBox('mdhd', 0, 0, ...[0, 0, ticksPerSecond, 0].map(u32), u16(0x55c4), u16(0)),
      fullBox('hdlr', 0, 0, u32(0), letters('vide'), zeros(12), letters('video'), zeros(1)),
      box(
        'minf',
        fullBox('vmhd', 0, 1, zeros(8)),
        // The media is in this very file.
        box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
        box(
          'stbl',
          fullBox('stsd', 0, 0, u32(1), sampleEntry(track)),
          fullBox('stts', 0, 0, u32(0)),
          fullBox('stsc', 0, 0, u32(0)),
          fullBox('stsz', 0, 0, u32(0), u32(0)),
          fullBox('stco', 0, 0, u32(0)),
        ),
      ),
    ),
  );
}

/** VisualSampleEntry (ISO/IEC 14496-12 12.1.3): 72 dpi, one picture a sample, 24 bits. */
function sampleEntry(track: VideoTrack): Uint8Array {
  return box(
    track.sampleEntry,
    zeros(6),
    u16(1),
    zeros(16),
    u16(track.width),
    u16(track.height),
    u32(0x480000),
    u32(0x480000),
    u32(0),
    u16(1),
    zeros(32),
    u16(0x18),
    u16(0xffff),
    box(track.sampleEntry === 'avc1' ? 'avcC' : 'hvcC', track.configuration),
  );
}
