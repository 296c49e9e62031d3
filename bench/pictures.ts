import { formats, type PictureSubject } from '#mocks/camera/pictures.ts';
import { sceneNames } from '#mocks/camera/scenes/scenes.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';

const CAMERAS = 36;
const SECONDS = 60;

/**
 * What making the pictures costs, without sending them: 36 cameras, each for a minute of its own time, as fast as it
 * goes. `core` is the part of one core that the same would take live. Touches no network and leaves nothing behind.
 */
export async function run(): Promise<object> {
  const opening = performance.now();
  const pictures = await openPictures();
  const openMs = performance.now() - opening;
  const cameras = Array.from({ length: CAMERAS }, (_, i): PictureSubject => ({
    number: i + 1,
    caption: `Al Wasl Rd / Gate ${i + 1} (north)`,
    scene: sceneNames[i % sceneNames.length]!,
  }));
  const results: Record<string, object> = {};
  for (const format of ['sub', 'main'] as const) {
    const { framesPerSecond } = formats[format];
    const film = (first: number, count: number) => {
      let bytes = 0;
      let overlayBytes = 0;
      for (let index = first; index < first + count; index++) {
        for (const camera of cameras) {
          const { nalUnits } = pictures.at(camera, format, index);
          for (const nalUnit of nalUnits) bytes += nalUnit.length;
          overlayBytes += nalUnits.at(-1)!.length;
        }
      }
      return { bytes, overlayBytes };
    };
    const now = pictures.indexAt(cameras[0]!, format, Date.now());
    // The first seconds fill the caches and let the compiler see the code: a camera runs for hours.
    film(now - 10 * framesPerSecond, 10 * framesPerSecond);
    const before = process.cpuUsage();
    const { bytes, overlayBytes } = film(now, SECONDS * framesPerSecond);
    const { user, system } = process.cpuUsage(before);
    const kilobits = (sum: number) => Math.round((sum * 8) / CAMERAS / SECONDS / 1000);
    results[format] = {
      core: Number(((user + system) / 1e6 / SECONDS).toFixed(4)),
      microsecondsPerPicture: Number(((user + system) / (CAMERAS * SECONDS * framesPerSecond)).toFixed(1)),
      kilobitsPerSecond: kilobits(bytes),
      overlayKilobitsPerSecond: kilobits(overlayBytes),
    };
  }
  const residentMegabytes = Math.round(process.memoryUsage.rss() / 1e6);
  return { cameras: CAMERAS, openMs: Math.round(openMs), residentMegabytes, ...results };
}
