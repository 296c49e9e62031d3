import { formats } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { RecordedFrames } from './image-server/recorded-frames.ts';
import { xprotectTime } from './odd-json.ts';
import type { RecorderCommandParts } from './recorder-command.ts';

/** A `JPEGData`, or nothing where there is no picture. */
type JpegData = string | undefined;

const jpegData = (timeMs: number, picture: Uint8Array | undefined): JpegData =>
  picture && `<Time>${xprotectTime(timeMs)}</Time><Data>${Buffer.from(picture).toString('base64')}</Data>`;

/** `JPEGGetAt…`: the nearest picture, or its neighbour on the side that is allowed. In full size: there is no wish for another. */
export function recordedStill(
  camera: SiteCamera,
  at: number,
  { pictures, stills }: RecorderCommandParts,
  isAllowed: (timeMs: number, at: number) => boolean,
): JpegData {
  const now = Date.now();
  const frames = new RecordedFrames(camera, 'main', pictures);
  let found = frames.nearest(at, now);
  if (found !== undefined && !isAllowed(frames.timeOf(found), at))
    found = frames.timeOf(found) > at ? frames.previous(found, now) : frames.next(found, now);
  const timeMs = found === undefined ? undefined : frames.timeOf(found);
  return timeMs === undefined ? undefined : jpegData(timeMs, stills.draw(camera, timeMs, Infinity));
}

/** A number without limit is nought. */
const limit = (px: number): number | undefined => (px > 0 ? px : undefined);

/**
 * `JPEGGetLive`: the newest picture, within the size that is asked for. Nothing of a camera that sends nothing. What a
 * real recorder says of such a camera is not on record.
 */
export function liveStill(
  camera: SiteCamera,
  { maxWidth, maxHeight }: { readonly maxWidth: number; readonly maxHeight: number },
  { pictures, stills, faults }: RecorderCommandParts,
): JpegData {
  const fault = faults.camera(camera.number);
  if (fault === 'offline' || fault === 'silent') return undefined;
  const timeMs = pictures.timeOf(camera, 'main', pictures.indexAt(camera, 'main', Date.now()));
  const shown = fault === 'frozen' ? faults.frozenAt(camera.number, timeMs) : timeMs;
  const height = limit(maxHeight);
  const picture = stills.draw(
    camera,
    shown,
    limit(maxWidth) ?? formats.main.width,
    height === undefined ? {} : { height },
  );
  return jpegData(timeMs, picture);
}
