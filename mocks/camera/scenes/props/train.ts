import { glossy, glowing, matte } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import { colour } from '../render/vector.ts';

/** A metro car: metres long, and where along it its doors are. Its floor is at the origin's height. */
export const carLength = 17.6;
export const doorPlaces = [-5.6, 0, 5.6] as const;
export const doorWidth = 1.5;
/** Half its width. */
export const carHalf = 1.35;

const silver = glossy(colour('#b4b9bb'), 0.07);
const stripe = glossy(colour('#1f6f8c'), 0.05);
const skirt = matte([0.05, 0.05, 0.055]);
const windows = { reflect: [0.03, 0.035, 0.04] as const, emit: [0.045, 0.05, 0.048] as const, gloss: 0.1 };
const leaf = glossy(colour('#8fa2a8'), 0.06);
const inside = glowing([0.62, 0.64, 0.62]);
const rubber = matte([0.02, 0.02, 0.02]);

/**
 * One car along x, doors `open` (0…1) towards +y when `side` is 1, -y when -1. A `nose` has a cab in front; `tail` the
 * same behind, with red lamps.
 */
export function metroCar(open: number, side: 1 | -1, nose: boolean, tail: boolean): Mesh {
  const mesh = new Mesh();
  const end = carLength / 2;
  const face = (
    x0: number,
    x1: number,
    z0: number,
    z1: number,
    y: number,
    material: Parameters<Mesh['triangle']>[3],
  ): void => {
    for (const s of [-1, 1])
      mesh.quad([x0, s * y, z0], [x1, s * y, z0], [x1, s * y, z1], [x0, s * y, z1], material);
  };
  const edges = [-end, ...doorPlaces.flatMap((x) => [x - doorWidth / 2, x + doorWidth / 2]), end];
  for (let i = 0; i < edges.length; i += 2) {
    const a = edges[i] ?? 0;
    const b = edges[i + 1] ?? 0;
    face(a, b, -0.05, 0.72, carHalf, silver);
    face(a, b, 0.72, 0.85, carHalf + 0.003, stripe);
    face(a, b, 0.85, 0.98, carHalf, silver);
    face(a + 0.25, b - 0.25, 0.98, 1.95, carHalf + 0.002, windows);
    face(a, a + 0.25, 0.98, 1.95, carHalf, silver);
    face(b - 0.25, b, 0.98, 1.95, carHalf, silver);
    face(a, b, 1.95, 2.25, carHalf, silver);
  }
  for (const x of doorPlaces) {
    face(x - doorWidth / 2, x + doorWidth / 2, 2.05, 2.25, carHalf, silver);
    for (const s of [-1, 1]) {
      const slide = s === side ? open * (doorWidth / 2 - 0.04) : 0;
      if (s === side && open > 0) {
        const h = doorWidth / 2;
        mesh.quad(
          [x - h, s * 0.4, 0],
          [x + h, s * 0.4, 0],
          [x + h, s * 0.4, 2.05],
          [x - h, s * 0.4, 2.05],
          inside,
        );
        mesh.quad(
          [x - h, s * 0.4, 0.01],
          [x + h, s * 0.4, 0.01],
          [x + h, s * carHalf, 0.01],
          [x - h, s * carHalf, 0.01],
          matte([0.25, 0.25, 0.26]),
        );
      }
      for (const d of [-1, 1]) {
        const near = x + d * (slide + 0.015);
        const far = x + d * (slide + doorWidth / 2);
        const y = s * (carHalf + (open > 0 && s === side ? 0.03 : -0.03));
        mesh.quad([near, y, 0], [far, y, 0], [far, y, 2.05], [near, y, 2.05], leaf);
        const inset = d * 0.13;
        mesh.quad(
          [near + inset, y + s * 0.004, 0.85],
          [far - inset, y + s * 0.004, 0.85],
          [far - inset, y + s * 0.004, 1.85],
          [near + inset, y + s * 0.004, 1.85],
          windows,
        );
        mesh.quad(
          [near, y + s * 0.005, 0],
          [near + d * 0.03, y + s * 0.005, 0],
          [near + d * 0.03, y + s * 0.005, 2.05],
          [near, y + s * 0.005, 2.05],
          rubber,
        );
      }
    }
  }
  const roof = Array.from({ length: 9 }, (_, i) => ({
    x: -end + (i * carLength) / 8,
    low: 2.25,
    high: 2.62,
    lowHalf: carHalf,
    highHalf: 0.85,
  }));
  mesh.body(roof, silver);
  mesh.box([-3, -0.8, 2.6], [3, 0.8, 2.85], skirt);
  mesh.body(
    roof.map((r) => ({ x: r.x, low: -0.95, high: -0.05, lowHalf: carHalf - 0.12, highHalf: carHalf - 0.02 })),
    skirt,
  );
  for (const [isCab, s] of [
    [nose, 1],
    [tail, -1],
  ] as const) {
    const x = s * end;
    mesh.quad(
      [x, -carHalf, -0.9],
      [x, carHalf, -0.9],
      [x, carHalf, 2.3],
      [x, -carHalf, 2.3],
      isCab ? silver : rubber,
    );
    mesh.quad([x, -carHalf, 2.25], [x, carHalf, 2.25], [x, 0.85, 2.62], [x, -0.85, 2.62], silver);
    if (!isCab) continue;
    const f = x + s * 0.02;
    mesh.box([Math.min(x, f), -1.15, 0.95], [Math.max(x, f), 1.15, 2.2], {
      reflect: [0.015, 0.018, 0.02],
      gloss: 0.09,
    });
    mesh.box([Math.min(x, f), -1.35, 0.5], [Math.max(x, f), 1.35, 0.62], stripe);
    for (const y of [-0.95, 0.95]) {
      mesh.bar(
        [f, y, 0.25],
        [f + s * 0.03, y, 0.25],
        0.16,
        0.16,
        glowing(s > 0 ? [6, 6, 5.6] : [1.6, 0.06, 0.04]),
        10,
      );
    }
    mesh.box(
      [Math.min(x, f) - 0.01, -0.6, 2.24],
      [Math.max(x, f) + 0.01, 0.6, 2.4],
      glowing([0.7, 0.42, 0.06]),
    );
  }
  return mesh;
}
