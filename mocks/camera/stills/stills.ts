import { readFile } from 'node:fs/promises';
import { secondsIntoLoop } from '../compose.ts';
import { parseGlyphSheet, sheets } from '../overlay/glyph-sheet.ts';
import { formats, type PictureSubject } from '../pictures.ts';
import { sceneNames, stillsUrl } from '../scenes/scenes.ts';
import { Caption, CAPTION_HEIGHT } from './caption.ts';
import { JpegEncoder } from './jpeg.ts';
import { bytesOf, prepareScene, type PreparedScene, splitJpegs, type StillSize } from './scene-stills.ts';
import { shrink } from './shrink.ts';

/** How a still is wished for; it never becomes larger than the camera's small picture. */
export interface StillWish {
  /** Px at most. */
  readonly width: number;
  /** Px at most; with `isStretched` exactly. */
  readonly height?: number;
  /** Width and height as they are, whatever becomes of the picture's shape. */
  readonly isStretched?: boolean;
  /** 1 to 100. */
  readonly quality?: number;
}

/** JPEGs of synthetic cameras: what the video shows at that moment, to the half second; caption, clock and strip to the millisecond. */
export interface CameraStills {
  has(subject: PictureSubject): boolean;
  /** Throws a RangeError for a subject without. */
  draw(subject: PictureSubject, timeMs: number, wish: StillWish): Uint8Array;
}

const usualQuality = 75;
/** Scenes made ready for captions, all sizes together. In full size one takes about 45 kB, and there are 272. */
const preparedBytes = 48 * 1024 * 1024;
const mostEncoders = 16;
const whole = formats.sub;
const lineBytes = whole.width * 4;

/** Reads all scenes' pictures, some seven megabytes. Rejects when a file is missing or not what it should be. */
export async function openStills(): Promise<CameraStills> {
  const [sheet, ...files] = await Promise.all([
    readFile(sheets.sub.url),
    ...sceneNames.map((name) => readFile(stillsUrl(name))),
  ]);
  const scenes = new Map<string, readonly Uint8Array[]>(
    sceneNames.map((name, i) => [name, splitJpegs(files[i]!)]),
  );
  return new DrawnStills(scenes, new Caption(parseGlyphSheet(sheet, 'sub')));
}

class DrawnStills implements CameraStills {
  readonly #scenes: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly #caption: Caption;
  readonly #encoders = new Map<number, JpegEncoder>();
  /** Last used last. */
  readonly #prepared = new Map<string, PreparedScene>();
  #bytes = 0;
  /** Where the lower lines are put together; nobody keeps it. */
  readonly #lower = new Uint8Array(whole.height * lineBytes);

  constructor(scenes: ReadonlyMap<string, readonly Uint8Array[]>, caption: Caption) {
    this.#scenes = scenes;
    this.#caption = caption;
  }

  has({ scene }: PictureSubject): boolean {
    return this.#scenes.has(scene);
  }

  draw(subject: PictureSubject, timeMs: number, wish: StillWish): Uint8Array {
    const pictures = this.#scenes.get(subject.scene);
    if (pictures === undefined)
      throw new RangeError(`There are no stills of a scene called ${subject.scene}`);
    const size = sizeFor(wish);
    const quality = Math.round(Math.min(100, Math.max(1, wish.quality ?? usualQuality)));
    const encoder = this.#encoder(quality);
    const second = Math.round(secondsIntoLoop(subject, timeMs)) % pictures.length;
    const scene = this.#prepare(`${subject.scene} ${second} ${size.width}x${size.height} ${quality}`, () =>
      prepareScene(pictures[second]!, size, encoder),
    );
    const captionAt = scene.rest.length / lineBytes;
    const lower = { data: this.#lower, width: whole.width, height: captionAt + CAPTION_HEIGHT };
    lower.data.set(scene.rest);
    this.#caption.draw(lower, captionAt, subject, timeMs);
    const isWhole = size.width === whole.width && size.height === whole.height;
    const top = whole.height - lower.height;
    const fitting = isWhole
      ? lower
      : shrink(lower, { top, wholeHeight: whole.height }, size, scene.height, size.height);
    return encoder.join(size.width, size.height, scene.height, [scene.scan, encoder.scan(fitting)]);
  }

  #encoder(quality: number): JpegEncoder {
    const known = this.#encoders.get(quality);
    if (known !== undefined) return known;
    const made = new JpegEncoder(quality);
    if (this.#encoders.size >= mostEncoders) this.#encoders.clear();
    this.#encoders.set(quality, made);
    return made;
  }

  #prepare(key: string, prepare: () => PreparedScene): PreparedScene {
    const known = this.#prepared.get(key);
    this.#prepared.delete(key);
    const scene = known ?? prepare();
    this.#prepared.set(key, scene);
    if (known === undefined) this.#bytes += bytesOf(scene);
    for (const [oldest, one] of this.#prepared) {
      if (this.#bytes <= preparedBytes || oldest === key) break;
      this.#prepared.delete(oldest);
      this.#bytes -= bytesOf(one);
    }
    return scene;
  }
}

/** Less leaves no room for a caption below blocks of the scene. */
const least = 32;

/** The size of a still: within the wish, never larger than the picture, as wide as high as it unless it is to be stretched. */
export function sizeFor({ width, height, isStretched = false }: StillWish): StillSize {
  const within = (wished: number | undefined, most: number): number =>
    wished === undefined || !(wished > 0) ? most : Math.max(least, Math.min(most, Math.floor(wished)));
  const [w, h] = [within(width, whole.width), within(height, whole.height)];
  if (isStretched) return { width: w, height: h };
  const share = Math.min(w / whole.width, h / whole.height);
  return {
    width: Math.max(least, Math.round(whole.width * share)),
    height: Math.max(least, Math.round(whole.height * share)),
  };
}
