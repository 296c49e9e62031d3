import type { Camera, Stream, StreamName } from '#contract/camera.ts';
import { isDecodedInHardware } from './hardware-decoding.ts';

/** A tile on the screen, in device pixels: CSS pixels × `devicePixelRatio`. */
export interface TileSize {
  readonly width: number;
  readonly height: number;
}

/** A main stream in use is kept until the sub stream is this much larger than the tile. */
const slack = 1.2;
/** Assumed size of a sub stream that the VMS does not describe: the usual one for walls. */
const usualSub = { width: 640, height: 360 };

/** A main stream of so many pixels is no more work in hardware than a smaller one in software: 1280 × 720. */
const lightMainPixels = 1280 * 720;

/** What of a tile, beside its size, decides which stream it asks for. */
export interface TileUse {
  readonly isFull: boolean;
  readonly isSpot?: boolean;
  /** How many tiles the wall has. */
  readonly tiles?: number;
  /** What is in use. */
  readonly now?: StreamName | undefined;
  /** Whether this browser shows what comes in that codec; all by default. */
  readonly plays?: (codec: Stream['codec']) => boolean;
}

/**
 * Which stream a tile asks for: the main one in full screen and on the wall's spot, else the smallest that is not smaller
 * than the tile; whatever there is when only one can be played. Among many tiles a sub stream too small for the graphics
 * card's decoder gives way to a light main one. A main stream in use is kept until the tile is a sixth smaller than the sub
 * stream, so that dragging a window edge does not reconnect a wall.
 */
export function streamFor(camera: Pick<Camera, 'streams'>, tile: TileSize, use: TileUse): StreamName {
  const { plays = () => true, tiles = 1 } = use;
  const playable = camera.streams.filter(({ codec }) => plays(codec));
  const streams = playable.length > 0 ? playable : camera.streams;
  const sub = streams.find((stream) => stream.name === 'sub');
  const main = streams.find((stream) => stream.name === 'main');
  // None at all: the recorder has not told yet (a thousand calls take it a while). Then both are assumed.
  const isTold = streams.length > 0;
  if (isTold && sub === undefined) return 'main';
  if (isTold && main === undefined) return 'sub';
  if (use.isFull || use.isSpot === true) return 'main';
  if (main?.width !== undefined && main.height !== undefined && !isDecodedInHardware(sub, tiles)) {
    const pixels = main.width * main.height;
    if (pixels <= lightMainPixels && isDecodedInHardware(main, tiles)) return 'main';
  }
  const width = sub?.width ?? usualSub.width;
  const height = sub?.height ?? usualSub.height;
  // The picture is contained, so the side that fits worse decides how much it is enlarged.
  const shown = Math.min(tile.width / width, tile.height / height);
  return shown > (use.now === 'main' ? 1 / slack : 1) ? 'main' : 'sub';
}

/** Assumed of a main stream that the VMS does not describe. */
const usualMain = { width: 1920, height: 1080 };

/** The pixels of one of a camera's streams, as far as the VMS tells. */
export function pixelsOf(camera: Pick<Camera, 'streams'>, name: StreamName): number {
  const usual = name === 'sub' ? usualSub : usualMain;
  const { width = usual.width, height = usual.height } =
    camera.streams.find((stream) => stream.name === name) ?? {};
  return width * height;
}

/** A tile, and the pixels of the stream it asks for and of its sub stream. */
export interface Load {
  readonly stream: StreamName;
  /** Full screen or on the spot: has its stream in any case. */
  readonly isFixed: boolean;
  readonly mainPixels: number;
  /** Undefined: there is no sub stream. */
  readonly subPixels: number | undefined;
}

/**
 * Pixels a picture that one core of a computer decodes for all tiles together: 36 of 640 × 360 at 25 a second were measured
 * on two cores without a graphics card.
 */
export const pixelsPerCore = 18 * 640 * 360;

/**
 * Leaves main streams, in the order of the tiles, to as many as `most` pixels allow; the others get their sub stream. A wall
 * of small tiles on a screen of many pixels would overwhelm its computer before the decoder budget could ease it.
 */
export function withinPixels(loads: readonly Load[], most: number): StreamName[] {
  const isFree = ({ stream, isFixed, subPixels }: Load) =>
    stream === 'main' && !isFixed && subPixels !== undefined;
  let used = loads.reduce((sum, load) => {
    const isMain = load.stream === 'main' && !isFree(load);
    return sum + (isMain ? load.mainPixels : (load.subPixels ?? load.mainPixels));
  }, 0);
  return loads.map((load) => {
    if (!isFree(load)) return load.stream;
    const more = Math.max(0, load.mainPixels - (load.subPixels ?? 0));
    if (used + more > most) return 'sub';
    used += more;
    return 'main';
  });
}

/**
 * How long another size must last before a tile changes its stream for it, ms: longer than it takes to drag a window edge
 * or to look at one tile and back. What somebody chooses to look at closely does not wait.
 */
export const dwellMs = 3_000;
