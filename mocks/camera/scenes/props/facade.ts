import { hash, noise } from '../render/chance.ts';
import type { Material } from '../render/material.ts';
import type { Mesh } from '../render/mesh.ts';
import { colour, type Rgb } from '../render/vector.ts';

export interface FacadeStyle {
  readonly wall: string;
  readonly glass: string;
  /** Metres from floor to floor, and from window to window. */
  readonly floor: number;
  readonly bay: number;
  /** Shares of a bay and of a floor that are glass. */
  readonly wide: number;
  readonly tall: number;
  /** Share of windows lit, by night. */
  readonly lit?: number;
  /** Metres at the foot without windows. */
  readonly plinth?: number;
  readonly seed?: number;
}

/** Walls with windows. Glass mirrors the sky; some windows have blinds; by night some are lit. */
export function facade(style: FacadeStyle): Material {
  const wall = colour(style.wall);
  const glass = colour(style.glass);
  const seed = style.seed ?? 0;
  const lit = style.lit ?? 0;
  return {
    reflect: wall,
    paint: (s, x, y, z, nx, ny) => {
      const along = Math.abs(nx) > Math.abs(ny) ? y : x;
      if (Math.abs(nx) + Math.abs(ny) < 0.5) {
        s.r = 0.32;
        s.g = 0.3;
        s.b = 0.28;
        return;
      }
      const bay = along / style.bay;
      const floor = (z - (style.plinth ?? 0)) / style.floor;
      const u = bay - Math.floor(bay);
      const v = floor - Math.floor(floor);
      const isGlass = floor > 0 && Math.abs(u - 0.5) < style.wide / 2 && Math.abs(v - 0.5) < style.tall / 2;
      if (!isGlass) {
        const tone =
          0.92 +
          0.16 * noise(along * 0.35, z * 0.12, seed) -
          0.12 * Math.max(0, noise(along * 3, z * 0.2, seed + 4) - 0.6);
        s.r = wall[0] * tone;
        s.g = wall[1] * tone;
        s.b = wall[2] * tone;
        return;
      }
      const cell = hash(Math.floor(bay) + (Math.abs(nx) > Math.abs(ny) ? 500 : 0), Math.floor(floor), seed);
      const hasBlind = cell > 0.72 && v < 0.5 + style.tall / 2 && v > 0.42;
      const tint: Rgb = hasBlind ? [0.3, 0.29, 0.26] : glass;
      const tone = 0.8 + 0.4 * cell;
      s.r = tint[0] * tone;
      s.g = tint[1] * tone;
      s.b = tint[2] * tone;
      s.gloss = hasBlind ? 0.06 : 0.16;
      const lamp = hash(Math.floor(bay), Math.floor(floor), seed + 17);
      if (lamp < lit) {
        const strength = 0.12 + 0.5 * hash(Math.floor(bay), Math.floor(floor), seed + 29) ** 2;
        const cool = hash(Math.floor(bay), Math.floor(floor), seed + 31) > 0.6;
        s.emitR = strength * (cool ? 0.8 : 1);
        s.emitG = strength * (cool ? 0.95 : 0.74);
        s.emitB = strength * (cool ? 1 : 0.42);
      }
    },
  };
}

/** Styles of a Gulf skyline, to be walked through with an index. */
export const skyline: readonly FacadeStyle[] = [
  { wall: '#b9a98e', glass: '#27333a', floor: 3.4, bay: 3, wide: 0.5, tall: 0.52, plinth: 4 },
  { wall: '#8f979b', glass: '#2c4450', floor: 3.8, bay: 1.6, wide: 0.86, tall: 0.76, plinth: 5 },
  { wall: '#c6bca8', glass: '#30393c', floor: 3.3, bay: 4.2, wide: 0.62, tall: 0.46, plinth: 4 },
  { wall: '#6f7d84', glass: '#20343f', floor: 4, bay: 2.2, wide: 0.92, tall: 0.84, plinth: 6 },
  { wall: '#a8927a', glass: '#2b2f31', floor: 3.2, bay: 2.6, wide: 0.4, tall: 0.58, plinth: 3.6 },
  { wall: '#d0c9bc', glass: '#3a4a50', floor: 3.6, bay: 1.9, wide: 0.55, tall: 0.7, plinth: 4.5 },
];

/** A building on a rectangle, with a set-back crown when it is tall. */
export function building(
  mesh: Mesh,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  height: number,
  n: number,
  lit = 0,
): void {
  const style = skyline[n % skyline.length];
  if (!style) return;
  const walls = facade({ ...style, seed: n * 13 + 1, lit });
  mesh.box([x0, y0, 0], [x1, y1, height], walls);
  const [w, d] = [x1 - x0, y1 - y0];
  const plain: Material = { reflect: colour(style.wall, 0.9) };
  mesh.box([x0 - 0.25, y0 - 0.25, height], [x1 + 0.25, y1 + 0.25, height + 1], plain);
  if (height > 45)
    mesh.box([x0 + w * 0.2, y0 + d * 0.2, height + 1], [x1 - w * 0.2, y1 - d * 0.2, height + 9], walls);
  mesh.box([x0 + w * 0.3, y0 + d * 0.35, height + 1], [x0 + w * 0.55, y0 + d * 0.6, height + 4], plain);
}
