import { hash } from './chance.ts';

/** How the camera's sensor turns light into a picture. */
export interface Look {
  /** Times the scene's light. */
  readonly exposure?: number;
  /** 1 keeps colours, 0 is black and white. */
  readonly saturation?: number;
  /** Steps (of 255) the fixed-pattern noise strays. */
  readonly grain?: number;
  /** Share of light lost in the corners. */
  readonly vignette?: number;
  /** Multiplies red and blue: a white balance that is a little off, as they are. */
  readonly warmth?: number;
}

const steps = 4096;
/** Lines at the bottom that never change: the caption's rows border on them, and no motion may be foretold across. */
export const quietLines = 16;
const fadeLines = 22;
const quiet = 14;

/** Turns linear light into the bytes of a picture: exposure, tone curve, vignette, and noise that never moves. */
export class Film {
  readonly picture: Uint8ClampedArray;
  readonly #width: number;
  readonly #height: number;
  readonly #curve = new Float32Array(steps + 1);
  readonly #grain: Int8Array;
  readonly #fall: Float32Array;
  readonly #look: Required<Look>;

  constructor(width: number, height: number, look: Look) {
    this.#width = width;
    this.#height = height;
    this.#look = { exposure: 1, saturation: 0.95, grain: 2.2, vignette: 0.28, warmth: 1, ...look };
    this.picture = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let i = 0; i <= steps; i++) {
      // The table is indexed by the square root of light, so that shadows get their share of steps.
      const light = 4 * (i / steps) ** 2;
      const filmic = (light * (1.9 * light + 0.06)) / (light * (1.75 * light + 0.62) + 0.13);
      const display = filmic <= 0.0031308 ? filmic * 12.92 : 1.055 * Math.min(1, filmic) ** (1 / 2.4) - 0.055;
      this.#curve[i] = 10 + 238 * display;
    }
    this.#grain = new Int8Array(width * height);
    this.#fall = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        const sum = hash(x, y, 21) + hash(x, y, 22) + hash(x >> 1, y >> 1, 23) - 1.5;
        this.#grain[i] = Math.round(sum * this.#look.grain);
        const rx = (x - width / 2) / (width / 2);
        const ry = (y - height / 2) / (height / 2);
        const square = (rx * rx * 1.1 + ry * ry * 0.7) / 1.8;
        this.#fall[i] = this.#look.exposure * (1 - this.#look.vignette * square);
      }
    }
  }

  /** Develops one pixel from its linear light. */
  expose(x: number, y: number, r: number, g: number, b: number): void {
    const i = y * this.#width + x;
    const o = i * 4;
    const line = this.#height - quietLines - y;
    if (line <= 0) {
      this.picture[o] = this.picture[o + 1] = this.picture[o + 2] = quiet;
      return;
    }
    const { saturation, warmth } = this.#look;
    const light = this.#fall[i]!;
    const grey = (0.2126 * r + 0.7152 * g + 0.0722 * b) * (1 - saturation);
    const grain = this.#grain[i]!;
    let red = this.#tone((r * saturation + grey) * light * warmth) + grain;
    let green = this.#tone((g * saturation + grey) * light) + grain;
    let blue = this.#tone(((b * saturation + grey) * light) / warmth) + grain;
    if (line < fadeLines) {
      const k = line / fadeLines;
      const share = k * k * (3 - 2 * k);
      red = quiet + (red - quiet) * share;
      green = quiet + (green - quiet) * share;
      blue = quiet + (blue - quiet) * share;
    }
    this.picture[o] = red;
    this.picture[o + 1] = green;
    this.picture[o + 2] = blue;
  }

  #tone(light: number): number {
    if (light <= 0) return this.#curve[0]!;
    const at = Math.sqrt(light * 0.25) * steps;
    return this.#curve[at >= steps ? steps : Math.round(at)]!;
  }
}
