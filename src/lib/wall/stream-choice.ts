import type { Camera, StreamName } from '#contract/camera.ts';
import { isDecodedInHardware } from './hardware-decoding.ts';

/** A tile on the screen, in device pixels: CSS pixels × `devicePixelRatio`. */
export interface TileSize {
  readonly width: number;
  readonly height: number;
}

/** The sub stream may be enlarged this much before the main stream is worth its bandwidth. */
const enlargement = 1.5;
/** Assumed size of a sub stream that the VMS does not describe: the usual one for walls. */
const usualSub = { width: 640, height: 360 };

/** A main stream of so many pixels is no more work in hardware than a smaller one in software: 1280 × 720. */
const lightMainPixels = 1280 * 720;

/**
 * Which stream a tile asks for: the main one in full screen, on the wall's spot, or when the sub stream would be visibly
 * enlarged; the sub stream otherwise, and whatever there is when there is only one. Among many `tiles` a sub stream too
 * small for the graphics card's decoder gives way to a light main one. `now` adds hysteresis: a stream in use is
 * kept until the size is a fifth past the border, so that dragging a window edge does not reconnect a wall.
 */
export function streamFor(
  camera: Pick<Camera, 'streams'>,
  tile: TileSize,
  options: { isFull: boolean; isSpot?: boolean; tiles?: number; now?: StreamName | undefined },
): StreamName {
  const sub = camera.streams.find((stream) => stream.name === 'sub');
  const main = camera.streams.find((stream) => stream.name === 'main');
  // None at all: the recorder has not told yet (a thousand calls take it a while). Then both are assumed.
  const isTold = camera.streams.length > 0;
  if (isTold && sub === undefined) return 'main';
  if (isTold && main === undefined) return 'sub';
  if (options.isFull || options.isSpot === true) return 'main';
  const { tiles = 1 } = options;
  if (main?.width !== undefined && main.height !== undefined && !isDecodedInHardware(sub, tiles)) {
    const pixels = main.width * main.height;
    if (pixels <= lightMainPixels && isDecodedInHardware(main, tiles)) return 'main';
  }
  const width = sub?.width ?? usualSub.width;
  const height = sub?.height ?? usualSub.height;
  // The picture is contained, so the side that fits worse decides how much it is enlarged.
  const shown = Math.min(tile.width / width, tile.height / height);
  const border = enlargement * (options.now === undefined ? 1 : options.now === 'sub' ? 1.2 : 1 / 1.2);
  return shown > border ? 'main' : 'sub';
}

/**
 * How long another size must last before a tile changes its stream for it, ms: longer than it takes to drag a window edge
 * or to look at one tile and back. What somebody chooses to look at closely does not wait.
 */
export const dwellMs = 3_000;
