import type { RoomVideo } from './room-link.ts';

/**
 * The video of `publisher`, or of the only one who publishes any where nobody is named; what comes from a camera before
 * anything else, and what was published last before what it replaces.
 */
export function chooseVideo(
  videos: readonly RoomVideo[],
  publisher: string | undefined,
): RoomVideo | undefined {
  const theirs = publisher === undefined ? videos : videos.filter((video) => video.publisher === publisher);
  // Between two that nobody named, any choice may be the wrong camera.
  if (new Set(theirs.map((video) => video.publisher)).size > 1) return undefined;
  return theirs.findLast(({ source }) => source === 'camera') ?? theirs.at(-1);
}
