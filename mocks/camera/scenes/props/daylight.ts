import type { Lamp, Light } from '../render/light.ts';
import { unit } from '../render/vector.ts';

/** Desert daylight: a warm sun (degrees clockwise from north, degrees up) and pale haze. */
export function daylight(from: number, height: number, haze = 0.0016): Light {
  const [a, h] = [(from * Math.PI) / 180, (height * Math.PI) / 180];
  return {
    sun: {
      towards: unit([Math.sin(a) * Math.cos(h), Math.cos(a) * Math.cos(h), Math.sin(h)]),
      light: [1.75, 1.56, 1.22],
    },
    zenith: [0.33, 0.5, 0.74],
    horizon: [0.86, 0.87, 0.84],
    above: [0.29, 0.34, 0.41],
    below: [0.22, 0.19, 0.15],
    haze: { light: [0.8, 0.79, 0.75], perMetre: haze },
    shelter: 9,
  };
}

/** The last light after sunset. */
export function dusk(lamps: readonly Lamp[], haze = 0.0012): Light {
  return {
    zenith: [0.035, 0.06, 0.125],
    horizon: [0.36, 0.22, 0.17],
    above: [0.05, 0.06, 0.095],
    below: [0.035, 0.03, 0.03],
    haze: { light: [0.15, 0.115, 0.11], perMetre: haze },
    lamps,
    shelter: 8,
  };
}

/** A city's night: what little the sky gives back of its lamps. */
export function night(lamps: readonly Lamp[], haze = 0.0008): Light {
  return {
    zenith: [0.006, 0.008, 0.014],
    horizon: [0.045, 0.034, 0.026],
    above: [0.013, 0.013, 0.016],
    below: [0.009, 0.008, 0.007],
    haze: { light: [0.028, 0.022, 0.018], perMetre: haze },
    lamps,
    shelter: 7,
  };
}

/** Indoors: light from ceilings and walls, and lamps. */
export function indoors(lamps: readonly Lamp[], level = 0.2): Light {
  return {
    zenith: [level, level, level],
    horizon: [level, level, level],
    above: [level, level * 1.01, level * 1.02],
    below: [level * 0.62, level * 0.6, level * 0.57],
    lamps,
    shelter: 5,
  };
}
