import { matte } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import { colour, type Vec3 } from '../render/vector.ts';

export type Garb = 'robe' | 'abaya' | 'shirt' | 'dress' | 'vest';

export interface Figure {
  readonly garb: Garb;
  /** Colours of shirt and trousers, `#rrggbb`. */
  readonly upper?: string;
  readonly lower?: string;
  /** Metres; 1.72 when not said. */
  readonly height?: number;
  readonly hasBag?: boolean;
}

const skin = matte(colour('#8a6248'));
const white = matte(colour('#c9c6bd'));
const black = matte(colour('#17171a'));
const hair = matte(colour('#1c1714'));
const shoe = matte(colour('#201c1a'));

/** Some of the people of a Gulf city, to be walked through with an index. */
export const crowd: readonly Figure[] = [
  { garb: 'shirt', upper: '#6f8fa8', lower: '#2c3038' },
  { garb: 'robe' },
  { garb: 'abaya', height: 1.62 },
  { garb: 'shirt', upper: '#b9b2a2', lower: '#4a4038', hasBag: true },
  { garb: 'shirt', upper: '#8c3d38', lower: '#27303f', height: 1.66 },
  { garb: 'dress', upper: '#5f5374', lower: '#5f5374', height: 1.6, hasBag: true },
  { garb: 'shirt', upper: '#d6d5d0', lower: '#22262e', height: 1.8 },
  { garb: 'robe', height: 1.78 },
  { garb: 'shirt', upper: '#40624e', lower: '#6d6656' },
  { garb: 'shirt', upper: '#2d3340', lower: '#2d3340', height: 1.76, hasBag: true },
  { garb: 'abaya', height: 1.66, hasBag: true },
  { garb: 'shirt', upper: '#c2a04e', lower: '#39434f', height: 1.64 },
];

/**
 * A person looking along x. `stride` is the place in a double step (whole numbers are alike); `swing` how far the legs
 * go: 0 stands, 1 walks. `isSitting` bends the knees on a seat 0.45 m high; `isFar` saves corners.
 */
export function person(
  figure: Figure,
  stride: number,
  swing: number,
  isSitting = false,
  isFar = false,
): Mesh {
  const mesh = new Mesh();
  mesh.detail = isFar ? 0.55 : 1;
  const size = (figure.height ?? 1.72) / 1.72;
  const p = (x: number, y: number, z: number): Vec3 => [x * size, y * size, z * size];
  const angle = 2 * Math.PI * stride;
  const bob = 0.02 * swing * Math.cos(2 * angle);
  const upper =
    figure.garb === 'robe'
      ? white
      : figure.garb === 'abaya'
        ? black
        : figure.garb === 'vest'
          ? matte(colour('#c9d64a'))
          : matte(colour(figure.upper ?? '#888888'));
  const lower = figure.garb === 'vest' ? matte(colour('#27364e')) : matte(colour(figure.lower ?? '#333333'));
  const hip = (isSitting ? 0.5 : 0.9) + bob;
  const shoulder = hip + 0.52;

  for (const s of [-1, 1]) {
    const phase = Math.sin(angle + (s > 0 ? Math.PI : 0)) * swing;
    const lift = Math.max(0, Math.cos(angle + (s > 0 ? Math.PI : 0))) * swing;
    const foot = isSitting ? p(0.45, s * 0.1, 0.06) : p(phase * 0.33, s * 0.09, 0.05 + lift * 0.1);
    const knee = isSitting
      ? p(0.43, s * 0.11, 0.5)
      : p(phase * 0.17 + 0.05 + lift * 0.07, s * 0.095, 0.47 + bob + lift * 0.03);
    const isRobed = figure.garb === 'robe' || figure.garb === 'abaya' || figure.garb === 'dress';
    mesh.bar(
      [foot[0] - 0.06, foot[1], foot[2] - 0.01],
      [foot[0] + 0.16, foot[1], foot[2] - 0.01],
      0.05,
      0.045,
      shoe,
      6,
    );
    if (!isRobed || isSitting) {
      mesh.bar(p(0, s * 0.09, hip), knee, 0.088 * size, 0.065 * size, isRobed ? upper : lower, 7);
      mesh.bar(knee, foot, 0.065 * size, 0.045 * size, isRobed ? upper : lower, 7);
    }
    const hand = isSitting ? p(0.34, s * 0.16, 0.62) : p(-phase * 0.3 + 0.06, s * 0.25, hip - 0.1);
    const elbow = isSitting ? p(0.06, s * 0.25, hip + 0.22) : p(-phase * 0.15 - 0.03, s * 0.25, hip + 0.16);
    mesh.bar(p(0, s * 0.19, shoulder - 0.05), elbow, 0.056 * size, 0.046 * size, upper, 6);
    mesh.bar(elbow, hand, 0.045 * size, 0.036 * size, figure.garb === 'shirt' ? skin : upper, 6);
    mesh.ball(hand, 0.042 * size, 0.035 * size, 0.05 * size, skin, 6, 4);
    if (figure.hasBag && s > 0 && !isSitting) {
      mesh.box(
        [hand[0] - 0.14, hand[1] - 0.05, hand[2] - 0.38],
        [hand[0] + 0.14, hand[1] + 0.05, hand[2] - 0.08],
        matte(colour('#4b352a')),
      );
    }
  }
  const sway = Math.sin(angle) * 0.02 * swing;
  if (!isSitting && (figure.garb === 'robe' || figure.garb === 'abaya' || figure.garb === 'dress')) {
    mesh.bar(p(sway, 0, 0.1), p(0, 0, hip), 0.175 * size, 0.15 * size, upper, 10, false);
    // The stride shows through the cloth.
    mesh.ball(
      p(Math.abs(Math.sin(angle)) * 0.1 * swing, Math.sin(angle) * 0.06 * swing, 0.42),
      0.16 * size,
      0.17 * size,
      0.36 * size,
      upper,
      8,
      5,
    );
  }
  mesh.ball(
    p(0, 0, hip + 0.02),
    0.13 * size,
    0.175 * size,
    0.16 * size,
    figure.garb === 'shirt' || figure.garb === 'vest' ? lower : upper,
    8,
    5,
  );
  mesh.ball(p(0.01, 0, hip + 0.27), 0.13 * size, 0.2 * size, 0.34 * size, upper, 9, 6);
  mesh.ball(p(0, 0, shoulder - 0.03), 0.1 * size, 0.225 * size, 0.1 * size, upper, 8, 5);
  mesh.bar(p(0.01, 0, shoulder), p(0.02, 0, shoulder + 0.1), 0.055 * size, 0.055 * size, skin, 6);
  const head = p(0.03, 0, shoulder + 0.2);
  mesh.ball(head, 0.098 * size, 0.08 * size, 0.12 * size, skin, 9, 7);
  const cover =
    figure.garb === 'robe'
      ? white
      : figure.garb === 'abaya'
        ? black
        : figure.garb === 'vest'
          ? matte(colour('#d8d3c2'))
          : hair;
  mesh.ball(
    [head[0] - 0.03 * size, head[1], head[2] + 0.03 * size],
    0.095 * size,
    0.088 * size,
    0.105 * size,
    cover,
    9,
    6,
  );
  if (figure.garb === 'robe' || figure.garb === 'abaya') {
    mesh.bar(
      [head[0] - 0.06, 0, head[2] + 0.02],
      [head[0] - 0.09, 0, head[2] - 0.2],
      0.088 * size,
      0.125 * size,
      cover,
      8,
      false,
    );
    if (figure.garb === 'robe')
      mesh.bar(
        [head[0] - 0.02, 0, head[2] + 0.075],
        [head[0] - 0.02, 0, head[2] + 0.1],
        0.098 * size,
        0.092 * size,
        black,
        9,
      );
  }
  return mesh;
}
