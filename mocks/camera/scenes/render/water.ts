import type { Backdrop } from './backdrop.ts';
import type { Lens } from './lens.ts';
import { skyLight, type Light } from './light.ts';
import { loopSeconds } from '../scenes.ts';

/** Wave trains: direction in radians, metres from crest to crest, steepness, and whole periods per loop. */
const trains: readonly (readonly [number, number, number, number])[] = [
  [0.3, 9, 0.035, 5],
  [-0.5, 5.2, 0.04, 7],
  [1.1, 3.1, 0.035, 9],
  [-1.3, 17, 0.03, 4],
  [0.8, 1.9, 0.03, 12],
];

const waves = trains.map(([direction, length, steepness, periods]) => ({
  c: Math.cos(direction),
  s: Math.sin(direction),
  length,
  steepness,
  periods,
}));

/** Shades the samples that show water, `time` seconds into the loop: sky in small waves, and the sun's glitter. */
export function waterLight(
  lens: Lens,
  light: Light,
  backdrop: Backdrop,
  samples: readonly number[],
  time: number,
  out: Float32Array,
): void {
  const ray = new Float64Array(3);
  const sky = new Float64Array(3);
  const { width, near, base, sun } = backdrop;
  const turn = (2 * Math.PI * time) / loopSeconds;
  for (const i of samples) {
    const axial = lens.ray((i % width) + 0.5, Math.floor(i / width) + 0.5, ray);
    const distance = 1 / (near[i]! * axial);
    const x = lens.at[0] + ray[0]! * distance;
    const y = lens.at[1] + ray[1]! * distance;
    let nx = 0;
    let ny = 0;
    for (const { c, s, length, steepness, periods } of waves) {
      // Waves smaller than a sample would only flicker.
      const fade = Math.min(1, (length * lens.focal) / distance / 40);
      const phase = ((x * c + y * s) * 2 * Math.PI) / length + turn * periods;
      const slope = steepness * fade * Math.cos(phase);
      nx += slope * c;
      ny += slope * s;
    }
    const inverse = 1 / Math.sqrt(1 + nx * nx + ny * ny);
    const facing = Math.max(0.02, -(ray[0]! * nx + ray[1]! * ny + ray[2]!) * inverse);
    const share = 0.02 + 0.98 * (1 - facing) ** 5;
    const k = 2 * facing * inverse;
    skyLight(light, ray[0]! + k * nx, ray[1]! + k * ny, Math.abs(ray[2]! + k), sky);
    const clear = light.haze ? Math.exp(-distance * light.haze.perMetre) : 1;
    for (let c = 0; c < 3; c++) {
      const body = base[i * 3 + c]! + sun[i * 3 + c]!;
      const mirrored = Math.min(2.5, sky[c]!) * clear + (light.haze?.light[c] ?? 0) * (1 - clear);
      out[i * 3 + c] = body * (1 - share * 0.8) + mirrored * share * 0.8;
    }
  }
}
