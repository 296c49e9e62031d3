/** What a sparkline is drawn from: a value a second, undefined where nothing was known. */
export type Values = readonly (number | undefined)[];

/**
 * The path of a sparkline in a box of `width` × `height`, the newest value at the right edge (the end in time, in every
 * language), room for `count` values. Gaps stay gaps. `top`: the value at the upper edge, at least the largest.
 */
export function sparkPath(values: Values, count: number, width: number, height: number, top: number): string {
  const step = width / (count - 1);
  const from = count - values.length;
  let isDown = false;
  return values
    .flatMap((value, index) => {
      if (value === undefined) {
        isDown = false;
        return [];
      }
      const x = ((from + index) * step).toFixed(1);
      const y = (height - (Math.min(value, top) / top) * height).toFixed(1);
      const command = `${isDown ? 'L' : 'M'}${x} ${y}`;
      isDown = true;
      return [command];
    })
    .join('');
}

/** A round number not smaller than the largest value, so that the scale does not jump with each second. */
export function topOf(values: Values, atLeast: number): number {
  const most = Math.max(atLeast, ...values.map((value) => value ?? 0));
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= most) ?? most;
}
