/** A colour as CSS writes it in OKLCH, https://www.w3.org/TR/css-color-4/#ok-lab. */
export interface Oklch {
  /** 0…1. */
  readonly lightness: number;
  readonly chroma: number;
  /** Degrees. */
  readonly hue: number;
  /** 0…1. */
  readonly alpha: number;
}

/** Reads `oklch(0.93 0.004 250)` and `oklch(0.12 0 0 / 0.72)`. Throws a TypeError for anything else. */
export function readOklch(text: string): Oklch {
  const match = /^oklch\(\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*(?:\/\s*([\d.]+)\s*)?\)$/.exec(text.trim());
  if (!match) throw new TypeError(`Not an OKLCH colour: ${text}`);
  const [lightness = NaN, chroma = NaN, hue = NaN] = match.slice(1, 4).map(Number);
  return { lightness, chroma, hue, alpha: match[4] === undefined ? 1 : Number(match[4]) };
}

type Rgb = readonly [red: number, green: number, blue: number];

/** Linear-light sRGB, clipped to the gamut as browsers without wide gamut do. Matrices: CSS Color 4, section 18. */
function linear({ lightness, chroma, hue }: Oklch): Rgb {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  return [
    clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

const encode = (value: number) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
const decode = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

/** `top` laid over an opaque `bottom`, mixed where browsers mix: in gamma-encoded sRGB. */
function over(top: Oklch, bottom: Oklch): Rgb {
  const [under, above] = [linear(bottom).map(encode), linear(top).map(encode)];
  const mix = (index: number) =>
    decode((above[index] ?? 0) * top.alpha + (under[index] ?? 0) * (1 - top.alpha));
  return [mix(0), mix(1), mix(2)];
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * WCAG 2.2 contrast ratio, 1…21, of `text` on `ground`. A ground that is not opaque lies on `behind` (a picture, say),
 * which is needed then.
 */
export function contrast(text: Oklch, ground: Oklch, behind: Oklch = ground): number {
  const a = luminance(linear(text));
  const b = luminance(ground.alpha < 1 ? over(ground, behind) : linear(ground));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
