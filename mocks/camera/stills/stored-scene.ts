import { formats } from '../pictures.ts';
import { clipFormats, loopSeconds } from '../scenes/scenes.ts';
import { huffmanSegment, type Quantisation } from './jpeg.ts';
import { zigzag } from './jpeg-tables.ts';

/** What a scene's file of stills should be and is not. */
export class StillsError extends Error {
  override readonly name = 'StillsError';
  readonly code = 'bad-stills';
}

/** A scene's picture as it lies in its file. */
export interface StoredScene {
  readonly jpeg: Uint8Array;
  /** The coded units alone: luma at full, chroma at half resolution, with the usual Huffman tables. */
  readonly scan: Uint8Array;
  readonly quantisation: Quantisation;
}

const marker = {
  start: 0xd8,
  end: 0xd9,
  frame: 0xc0,
  huffman: 0xc4,
  scan: 0xda,
  quantisation: 0xdb,
} as const;

/**
 * The JPEGs that stand one behind the other in a scene's file, as views of it. Throws a {@link StillsError} for a file
 * that is not whole, and for pictures that nothing could be joined to.
 */
export function readScenes(file: Uint8Array): StoredScene[] {
  const scenes: StoredScene[] = [];
  let at = 0;
  while (at < file.length) {
    const scene = readScene(file, at);
    scenes.push(scene);
    at += scene.jpeg.length;
  }
  if (scenes.length !== loopSeconds)
    throw new StillsError(`There are ${scenes.length} pictures for a loop of ${loopSeconds} seconds`);
  return scenes;
}

/** Segments carry their lengths; in coded data 0xff is followed by nought and by nothing else before the end. */
function readScene(file: Uint8Array, start: number): StoredScene {
  if (file[start] !== 0xff || file[start + 1] !== marker.start)
    throw new StillsError('No picture begins here');
  const segments = new Map<number, Uint8Array>();
  let at = start + 2;
  let kind: number | undefined;
  while (kind !== marker.scan) {
    kind = file[at + 1];
    if (file[at] !== 0xff || kind === undefined) throw new StillsError('A picture has no data');
    const end = at + 2 + ((file[at + 2] ?? 0) << 8) + (file[at + 3] ?? 0);
    segments.set(kind, file.subarray(at, end));
    at = end;
  }
  for (let end = at; end < file.length - 1; end++)
    if (file[end] === 0xff && file[end + 1] === marker.end) {
      checkShape(segments);
      return {
        jpeg: file.subarray(start, end + 2),
        scan: file.subarray(at, end),
        quantisation: quantisationIn(segments.get(marker.quantisation)),
      };
    }
  throw new StillsError('A picture has no end');
}

function checkShape(segments: ReadonlyMap<number, Uint8Array>): void {
  const frame = Buffer.from(segments.get(marker.frame) ?? []);
  const { width } = formats.sub;
  const { height } = clipFormats.sub;
  // Precision, size, three components, the first of which has four samples for one of the others.
  const isFitting =
    frame.length === 19 &&
    frame.readUInt16BE(5) === height &&
    frame.readUInt16BE(7) === width &&
    frame[9] === 3 &&
    [frame[11], frame[14], frame[17]].join() === [0x22, 0x11, 0x11].join();
  if (!isFitting) throw new StillsError('A picture is not of the size or kind that stills have');
  if (!huffmanSegment.equals(segments.get(marker.huffman) ?? Buffer.alloc(0)))
    throw new StillsError('A picture has Huffman tables of its own');
}

/** FFmpeg has one table for all components. */
function quantisationIn(segment: Uint8Array | undefined): Quantisation {
  if (segment?.length !== 69 || segment[4] !== 0)
    throw new StillsError('A picture has other quantisation tables than one');
  const steps = new Array<number>(64).fill(1);
  zigzag.forEach((place, i) => (steps[place] = segment[5 + i] ?? 1));
  return { luma: steps, chroma: steps };
}
