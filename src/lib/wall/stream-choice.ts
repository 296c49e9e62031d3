import type { Camera, StreamName } from '#contract/camera.ts';

/** A tile on the screen, in device pixels: CSS pixels × `devicePixelRatio`. */
export interface TileSize {
  readonly width: number;
  readonly height: number;
}

/** The sub stream may be enlarged this much before the main stream is worth its bandwidth. */
const enlargement = 1.5;
/** Assumed size of a sub stream that the VMS does not describe: the usual one for walls. */
const usualSub = { width: 640, height: 360 };

/**
 * Which stream a tile asks for: the main one in full screen or when the sub stream would be visibly enlarged, the
 * sub stream otherwise, and whatever there is when there is only one. `now` adds hysteresis: a stream in use is
 * kept until the size is a fifth past the border, so that dragging a window edge does not reconnect a wall.
 */
export function streamFor(
  camera: Pick<Camera, 'streams'>,
  tile: TileSize,
  options: { isFull: boolean; now?: StreamName | undefined },
): StreamName {
  const sub = camera.streams.find((stream) => stream.name === 'sub');
  const hasMain = camera.streams.some((stream) => stream.name === 'main');
  // None at all: the recorder has not told yet (a thousand calls take it a while). Then both are assumed.
  const isTold = camera.streams.length > 0;
  if (isTold && sub === undefined) return 'main';
  if (isTold && !hasMain) return 'sub';
  if (options.isFull) return 'main';
  const width = sub?.width ?? usualSub.width;
  const height = sub?.height ?? usualSub.height;
  // The picture is contained, so the side that fits worse decides how much it is enlarged.
  const shown = Math.min(tile.width / width, tile.height / height);
  const border = enlargement * (options.now === undefined ? 1 : options.now === 'sub' ? 1.2 : 1 / 1.2);
  return shown > border ? 'main' : 'sub';
}
