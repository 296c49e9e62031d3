import { readFile } from 'node:fs/promises';
import { secondsIntoLoop } from '../compose.ts';
import { parseGlyphSheet, sheets } from '../overlay/glyph-sheet.ts';
import { formats, type PictureSubject } from '../pictures.ts';
import { sceneNames, stillsUrl } from '../scenes/scenes.ts';
import { Caption, CAPTION_HEIGHT } from './caption.ts';
import { JpegEncoder, type Pixels, type Quantisation, quantisationOf } from './jpeg.ts';
import { bytesOf, prepareScene, type PreparedScene, type StillSize } from './scene-stills.ts';
import { shrink } from './shrink.ts';
import { readScenes, type StoredScene } from './stored-scene.ts';

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
/** Scenes made ready for captions in other sizes and qualities, all together; one takes some 40 kB, and there are 272. */
const preparedBytes = 48 * 1024 * 1024;
const mostEncoders = 16;
const whole = formats.sub;
const lineBytes = whole.width * 4;
const nothing = new Uint8Array(0);

/** Reads all scenes' pictures, some seven megabytes. Rejects when a file is missing or not what it should be. */
export async function openStills(): Promise<CameraStills> {
  const [sheet, ...files] = await Promise.all([
    readFile(sheets.sub.url),
    ...sceneNames.map((name) => readFile(stillsUrl(name))),
  ]);
  const scenes = new Map<string, readonly StoredScene[]>(
    sceneNames.map((name, i) => [name, readScenes(files[i]!)]),
  );
  return new DrawnStills(scenes, new Caption(parseGlyphSheet(sheet, 'sub')));
}

class DrawnStills implements CameraStills {
  readonly #scenes: ReadonlyMap<string, readonly StoredScene[]>;
  readonly #caption: Caption;
  readonly #encoders = new Map<string, JpegEncoder>();
  /** By size and quality. */
  readonly #prepared = new Map<StoredScene, Map<string, PreparedScene>>();
  #bytes = 0;
  /** Where the lower lines are put together; nobody keeps it. */
  readonly #lower = new Uint8Array(whole.height * lineBytes);

  constructor(scenes: ReadonlyMap<string, readonly StoredScene[]>, caption: Caption) {
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
    const stored = pictures[Math.round(secondsIntoLoop(subject, timeMs)) % pictures.length]!;
    const size = sizeFor(wish);
    const isWhole = size.width === whole.width && size.height === whole.height;
    if (isWhole && wish.quality === undefined) {
      // Nothing of the scene is coded again, nor even decoded.
      const encoder = this.#encoder(stored.quantisation, 'half');
      const caption = encoder.scan(this.#lowerLines(nothing, subject, timeMs));
      const sceneHeight = whole.height - CAPTION_HEIGHT;
      return encoder.join(whole.width, whole.height, sceneHeight, [stored.scan, caption]);
    }
    const quality = Math.round(Math.min(100, Math.max(1, wish.quality ?? usualQuality)));
    const encoder = this.#encoder(quantisationOf(quality), 'full');
    const scene = this.#prepare(`${size.width}x${size.height} ${quality}`, stored, () =>
      prepareScene(stored.jpeg, size, encoder),
    );
    const lower = this.#lowerLines(scene.rest, subject, timeMs);
    const top = whole.height - lower.height;
    const fitting = isWhole
      ? lower
      : shrink(lower, { top, wholeHeight: whole.height }, size, scene.height, size.height);
    return encoder.join(size.width, size.height, scene.height, [scene.scan, encoder.scan(fitting)]);
  }

  /** Lines of a scene and the caption below them. The next call writes over them. */
  #lowerLines(scene: Uint8Array, subject: PictureSubject, timeMs: number): Pixels {
    const captionAt = scene.length / lineBytes;
    const lower = { data: this.#lower, width: whole.width, height: captionAt + CAPTION_HEIGHT };
    lower.data.set(scene);
    this.#caption.draw(lower, captionAt, subject, timeMs);
    return lower;
  }

  #encoder(quantisation: Quantisation, chroma: 'full' | 'half'): JpegEncoder {
    const key = `${chroma} ${quantisation.luma.join()}`;
    const known = this.#encoders.get(key);
    if (known !== undefined) return known;
    const made = new JpegEncoder(quantisation, chroma);
    if (this.#encoders.size >= mostEncoders) this.#encoders.clear();
    this.#encoders.set(key, made);
    return made;
  }

  #prepare(look: string, stored: StoredScene, prepare: () => PreparedScene): PreparedScene {
    let looks = this.#prepared.get(stored);
    if (looks === undefined) this.#prepared.set(stored, (looks = new Map<string, PreparedScene>()));
    const known = looks.get(look);
    const scene = known ?? prepare();
    if (known === undefined) {
      looks.set(look, scene);
      this.#bytes += bytesOf(scene);
    }
    // Last used last.
    this.#prepared.delete(stored);
    this.#prepared.set(stored, looks);
    for (const [oldest, its] of this.#prepared) {
      if (this.#bytes <= preparedBytes) break;
      for (const one of its.values()) this.#bytes -= bytesOf(one);
      this.#prepared.delete(oldest);
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
