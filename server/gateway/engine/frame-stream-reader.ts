import type { FedPicture } from '#server/vms/playback-feed.ts';

/** The stream is not what the engine sends, or ended in the middle. */
export class BrokenFrameStream extends Error {
  override readonly name = 'BrokenFrameStream';
}

/** A picture of eight megapixels as one keyframe is some MB. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Reads the engine's stream of recorded pictures (server/engine/playback/frame-stream.ts): pictures, or how it broke.
 * Throws a {@link BrokenFrameStream} when it ends without its end. Takes no more from the stream than is asked for.
 */
export async function* readFrameStream(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<FedPicture | { readonly failed: string }, void, undefined> {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let need = 4;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length < need) continue;
    let rest = Buffer.concat(chunks);
    for (;;) {
      need = 4;
      if (rest.length < need) break;
      const size = rest.readUInt32BE(0);
      if (size === 0 || size > mostBytes) throw new BrokenFrameStream('a record of impossible size');
      need = 4 + size;
      if (rest.length < need) break;
      const kind = rest.readUInt8(4);
      // Copied: a picture that is kept must not keep all that came with it.
      const record = Buffer.from(rest.subarray(5, need));
      rest = rest.subarray(need);
      if (kind === 2) return;
      if (kind === 3) {
        yield { failed: codeOf(record) };
        return;
      }
      if (kind !== 1) throw new BrokenFrameStream('a record of unknown kind');
      yield pictureOf(record);
    }
    chunks = [rest];
    length = rest.length;
  }
  throw new BrokenFrameStream('it has no end');
}

function pictureOf(record: Buffer): FedPicture {
  if (record.length < 9) throw new BrokenFrameStream('a picture without its time');
  const flags = record.readUInt8(0);
  const units: Uint8Array[] = [];
  for (let at = 9; at < record.length;) {
    const length = at + 4 <= record.length ? record.readUInt32BE(at) : Infinity;
    if (at + 4 + length > record.length) throw new BrokenFrameStream('a picture that is cut off');
    units.push(record.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return {
    codec: (flags & 2) === 0 ? 'H264' : 'H265',
    timeMs: record.readDoubleBE(1),
    isKeyframe: (flags & 1) !== 0,
    units,
  };
}

function codeOf(record: Buffer): string {
  try {
    const { code } = JSON.parse(record.toString('utf8')) as { code?: unknown };
    return typeof code === 'string' ? code : '';
  } catch {
    return '';
  }
}
