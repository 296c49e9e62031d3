import { glossy, matte, type Material } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import { colour } from '../render/vector.ts';

const hullOf = (length: number, beam: number, rise: number, material: Material, deck: Material): Mesh =>
  new Mesh().body(
    [
      { x: -length / 2, low: -0.2, high: rise, lowHalf: beam * 0.36, highHalf: beam * 0.44 },
      { x: -length / 6, low: -0.3, high: rise * 0.92, lowHalf: beam * 0.4, highHalf: beam * 0.5 },
      { x: length / 4, low: -0.2, high: rise * 1.05, lowHalf: beam * 0.26, highHalf: beam * 0.42 },
      { x: length / 2, low: 0.3, high: rise * 1.35, lowHalf: 0.02, highHalf: 0.06 },
    ],
    material,
    deck,
  );

/** A motor yacht, 14 m, looking along x, on the water. */
export function yacht(): Mesh {
  const white = glossy(colour('#e6e6e2'), 0.05);
  const glass = glossy([0.015, 0.018, 0.022], 0.1);
  const mesh = hullOf(14, 4.2, 1.7, white, matte(colour('#b79f7d')));
  mesh.body(
    [
      { x: -4, low: 1.5, high: 2.9, lowHalf: 1.6, highHalf: 1.5 },
      { x: 1.4, low: 1.5, high: 2.9, lowHalf: 1.6, highHalf: 1.4 },
      { x: 3.4, low: 1.6, high: 1.8, lowHalf: 1.3, highHalf: 1.2 },
    ],
    glass,
    white,
  );
  mesh.box([-3.6, -1.3, 2.9], [0.6, 1.3, 3.05], white);
  mesh.box([-2.6, -0.9, 3.05], [-0.4, 0.9, 3.8], white);
  mesh.bar([-1.6, 0, 3.8], [-1.9, 0, 6], 0.05, 0.04, white, 5);
  return mesh;
}

/** A dhow of dark wood, 17 m, its mast bare. */
export function dhow(): Mesh {
  const wood = matte(colour('#5f4229'));
  const mesh = hullOf(17, 5, 2.2, wood, matte(colour('#8c6a45')));
  mesh.box([-7.6, -1.9, 2], [-4.4, 1.9, 4], matte(colour('#7a5736')), matte(colour('#c9bda6')));
  mesh.bar([1, 0, 2], [2, 0, 11], 0.14, 0.09, wood, 6);
  mesh.bar([-3.6, 0, 5.2], [6.8, 0, 9.8], 0.09, 0.05, wood, 5);
  return mesh;
}
