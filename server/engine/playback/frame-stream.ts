import { EngineError } from '../error.ts';
import type { PlayedPicture } from './recorded-playback.ts';

/*
 * Recorded pictures on the wire between engine and BFF, all numbers big-endian:
 *   uint32 length of what follows · uint8 kind
 *   kind 1, a picture: uint8 flags (1 keyframe, 2 H.265) · float64 epoch ms · per NAL unit uint32 length, bytes
 *   kind 2: the end. Without it, the stream has broken off.
 *   kind 3: it broke: JSON {"code": …}, an engine's error code
 */

export const frameStreamType = 'application/x-parapet-frames';

function pictureRecord({ codec, timeMs, isKeyframe, units }: PlayedPicture): Buffer {
  const length = 10 + units.reduce((sum, unit) => sum + 4 + unit.length, 0);
  const record = Buffer.allocUnsafe(4 + length);
  record.writeUInt32BE(length, 0);
  record.writeUInt8(1, 4);
  record.writeUInt8((isKeyframe ? 1 : 0) | (codec === 'H265' ? 2 : 0), 5);
  record.writeDoubleBE(timeMs, 6);
  let at = 14;
  for (const unit of units) {
    record.writeUInt32BE(unit.length, at);
    record.set(unit, at + 4);
    at += 4 + unit.length;
  }
  return record;
}

function smallRecord(kind: number, text = ''): Buffer {
  const body = Buffer.from(text);
  const record = Buffer.alloc(5 + body.length);
  record.writeUInt32BE(1 + body.length, 0);
  record.writeUInt8(kind, 4);
  record.set(body, 5);
  return record;
}

/** The pictures as records; whatever happens after the first, the reader is told how it ended. */
export async function* frameStream(pictures: AsyncIterable<PlayedPicture>): AsyncGenerator<Buffer> {
  try {
    for await (const picture of pictures) yield pictureRecord(picture);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    yield smallRecord(3, JSON.stringify({ code: error.code }));
    return;
  }
  yield smallRecord(2);
}
