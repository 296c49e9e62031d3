import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { roughness } from '../render/chance.ts';
import type { Material, Paint } from '../render/material.ts';

const linear = Float32Array.from({ length: 256 }, (_, i) =>
  i / 255 <= 0.04045 ? i / 255 / 12.92 : ((i / 255 + 0.055) / 1.055) ** 2.4,
);

export const tints = {
  asphalt: '#626160',
  freshAsphalt: '#4b4b4c',
  paving: '#a39a8b',
  sand: '#bda884',
  grass: '#59683a',
  line: '#d4d1c8',
  yellow: '#c79a35',
  concrete: '#8d8a83',
} as const;

/** A plan of the ground, drawn from above in metres (y to the north), to be looked at in perspective. */
export class GroundPlan {
  readonly context: SKRSContext2D;
  readonly #left: number;
  readonly #top: number;
  readonly #density: number;
  readonly #width: number;
  readonly #height: number;

  /** The rectangle it covers, its first colour, and pixels a metre. */
  constructor(left: number, bottom: number, right: number, top: number, fill: string, density = 16) {
    this.#left = left;
    this.#top = top;
    this.#density = density;
    this.#width = Math.ceil((right - left) * density);
    this.#height = Math.ceil((top - bottom) * density);
    this.context = createCanvas(this.#width, this.#height).getContext('2d');
    this.context.setTransform(density, 0, 0, -density, -left * density, top * density);
    this.area(left, bottom, right, top, fill);
  }

  area(x0: number, y0: number, x1: number, y1: number, fill: string): this {
    this.context.fillStyle = fill;
    this.context.fillRect(x0, y0, x1 - x0, y1 - y0);
    return this;
  }

  shape(corners: readonly (readonly [number, number])[], fill: string): this {
    const { context } = this;
    context.fillStyle = fill;
    context.beginPath();
    corners.forEach(([x, y], i) => {
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    context.closePath();
    context.fill();
    return this;
  }

  disc(x: number, y: number, radius: number, fill: string): this {
    this.context.fillStyle = fill;
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 2 * Math.PI);
    this.context.fill();
    return this;
  }

  ring(
    x: number,
    y: number,
    radius: number,
    width: number,
    stroke: string,
    dash: readonly number[] = [],
  ): this {
    const { context } = this;
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
    return this;
  }

  line(
    corners: readonly (readonly [number, number])[],
    width = 0.15,
    stroke: string = tints.line,
    dash: readonly number[] = [],
  ): this {
    const { context } = this;
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.beginPath();
    corners.forEach(([x, y], i) => {
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    context.stroke();
    return this;
  }

  /** Bars of a crossing that fill a rectangle; traffic runs north–south when `isAcrossX`. */
  zebra(x0: number, y0: number, x1: number, y1: number, isAcrossX: boolean): this {
    const [from, to] = isAcrossX ? [x0, x1] : [y0, y1];
    for (let at = from + 0.3; at + 0.5 <= to; at += 1.1) {
      if (isAcrossX) this.area(at, y0, at + 0.55, y1, tints.line);
      else this.area(x0, at, x1, at + 0.55, tints.line);
    }
    return this;
  }

  /** A lane arrow four metres long; `heading` in degrees counter-clockwise from east. */
  arrow(x: number, y: number, heading: number, bend: -1 | 0 | 1 = 0): this {
    const { context } = this;
    context.save();
    context.translate(x, y);
    context.rotate((heading * Math.PI) / 180);
    const stem = bend === 0 ? 1.1 : 0.2;
    this.shape(
      [
        [-2, -0.1],
        [stem, -0.1],
        [stem, 0.1],
        [-2, 0.1],
      ],
      tints.line,
    );
    if (bend === 0)
      this.shape(
        [
          [0.9, -0.42],
          [2.2, 0],
          [0.9, 0.42],
        ],
        tints.line,
      );
    else {
      const s = -bend;
      this.shape(
        [
          [0, 0.1 * s],
          [0.2, -0.1 * s],
          [1.1, 0.45 * s],
          [0.95, 0.6 * s],
        ],
        tints.line,
      );
      this.shape(
        [
          [0.75, 0.85 * s],
          [1.75, 1 * s],
          [1.35, 0.05 * s],
        ],
        tints.line,
      );
    }
    context.restore();
    return this;
  }

  /** Darkens two wheel tracks along a lane's middle, and drips oil between them. */
  wear(corners: readonly (readonly [number, number])[], strength = 0.1): this {
    const { context } = this;
    context.save();
    context.lineJoin = 'round';
    for (const [width, alpha] of [
      [2.5, strength * 0.4],
      [2, strength * 0.5],
      [0.9, strength * 0.5],
    ] as const) {
      this.line(corners, width, `rgba(20,20,20,${alpha})`);
    }
    context.restore();
    return this;
  }

  /** The plan as a paint: beyond its edges, the edge goes on. `relief` is how uneven its tone is. */
  paint(relief = 0.22): Paint {
    const levels = this.#levels();
    const [left, top, density] = [this.#left, this.#top, this.#density];
    return (s, x, y, _z, _nx, _ny, footprint) => {
      const wanted = Math.log2(Math.max(1, footprint * density * 1.4));
      const n = Math.min(levels.length - 1, Math.floor(wanted));
      const level = levels[n];
      if (!level) return;
      const scale = density / 2 ** n;
      const px = Math.min(level.width - 1.001, Math.max(0, (x - left) * scale - 0.5));
      const py = Math.min(level.height - 1.001, Math.max(0, (top - y) * scale - 0.5));
      const ix = Math.floor(px);
      const iy = Math.floor(py);
      const fx = px - ix;
      const fy = py - iy;
      const o = (iy * level.width + ix) * 4;
      const below = iy + 1 < level.height ? level.width * 4 : 0;
      const right = ix + 1 < level.width ? 4 : 0;
      const at = (c: number): number =>
        linear[
          Math.round(
            (level.bytes[o + c]! * (1 - fx) + level.bytes[o + right + c]! * fx) * (1 - fy) +
              (level.bytes[o + below + c]! * (1 - fx) + level.bytes[o + below + right + c]! * fx) * fy,
          )
        ]!;
      const fine = footprint < 0.12 ? roughness(x * 2.2, y * 2.2, 5) : 0.5;
      const tone = 1 + relief * (roughness(x * 0.13, y * 0.13, 3) - 0.5) * 1.6 + relief * 0.7 * (fine - 0.5);
      s.r = at(0) * tone;
      s.g = at(1) * tone;
      s.b = at(2) * tone;
    };
  }

  material(relief = 0.22, gloss = 0): Material {
    return { reflect: [0.3, 0.3, 0.3], paint: this.paint(relief), gloss };
  }

  #levels(): { width: number; height: number; bytes: Uint8ClampedArray }[] {
    let { width, height } = { width: this.#width, height: this.#height };
    let bytes: Uint8ClampedArray = this.context.getImageData(0, 0, width, height).data;
    const levels = [{ width, height, bytes }];
    while (levels.length < 6 && width > 8 && height > 8) {
      const [w, h] = [width >> 1, height >> 1];
      const half = new Uint8ClampedArray(w * h * 4);
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w * 4; x++) {
          const o = y * 2 * width * 4 + (x >> 2) * 8 + (x & 3);
          half[y * w * 4 + x] =
            (bytes[o]! + bytes[o + 4]! + bytes[o + width * 4]! + bytes[o + width * 4 + 4]!) / 4;
        }
      }
      [width, height, bytes] = [w, h, half];
      levels.push({ width, height, bytes });
    }
    return levels;
  }
}
