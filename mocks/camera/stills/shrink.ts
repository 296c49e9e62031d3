import type { Pixels } from './jpeg.ts';

/** How much of which source lines (or columns) go into each one of the smaller picture. */
interface Shares {
  readonly first: Int32Array;
  readonly weights: readonly Float32Array[];
}

/** For lines `from` to `to` of a picture that is `size` lines high, made of one that is `sourceSize` high. */
function sharesOf(from: number, to: number, size: number, sourceSize: number): Shares {
  const ratio = sourceSize / size;
  const first = new Int32Array(to - from);
  const weights: Float32Array[] = [];
  for (let i = from; i < to; i++) {
    const start = i * ratio;
    const end = Math.min((i + 1) * ratio, sourceSize);
    const low = Math.floor(start + 1e-9);
    const high = Math.ceil(end - 1e-9);
    first[i - from] = low;
    const parts = Float32Array.from({ length: high - low }, (_, k) => {
      const at = low + k;
      return (Math.min(end, at + 1) - Math.max(start, at)) / (end - start);
    });
    weights.push(parts);
  }
  return { first, weights };
}

/**
 * Lines `from` to `to` (excluded) of a picture made as small as `width` × `height`, every pixel the mean of what it covers.
 * `source` may be a part of the whole, which is `wholeHeight` lines high: from line `top` on, as far as is needed.
 */
export function shrink(
  source: Pixels,
  { top, wholeHeight }: { readonly top: number; readonly wholeHeight: number },
  { width, height }: { readonly width: number; readonly height: number },
  from: number,
  to: number,
): Pixels {
  const lines = sharesOf(from, to, height, wholeHeight);
  const columns = sharesOf(0, width, width, source.width);
  const data = new Uint8ClampedArray(width * (to - from) * 4);
  const line = new Float32Array(source.width * 4);
  for (let y = 0; y < to - from; y++) {
    line.fill(0);
    lines.weights[y]!.forEach((weight, k) => {
      const start = (lines.first[y]! + k - top) * line.length;
      for (let i = 0; i < line.length; i++) line[i]! += weight * source.data[start + i]!;
    });
    for (let x = 0; x < width; x++) {
      let [red, green, blue] = [0, 0, 0];
      const weights = columns.weights[x]!;
      for (let k = 0; k < weights.length; k++) {
        const at = (columns.first[x]! + k) * 4;
        red += weights[k]! * line[at]!;
        green += weights[k]! * line[at + 1]!;
        blue += weights[k]! * line[at + 2]!;
      }
      const at = (y * width + x) * 4;
      data[at] = red;
      data[at + 1] = green;
      data[at + 2] = blue;
      data[at + 3] = 255;
    }
  }
  return { data, width, height: to - from };
}

/** Line of the source that line `y` of the small picture begins in. */
export const sourceLine = (y: number, height: number, wholeHeight: number): number =>
  Math.floor((y * wholeHeight) / height + 1e-9);
