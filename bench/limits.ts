/** A measured value and the most it may be. Not a number: it could not be measured, which keeps no promise. */
export type Checked = readonly [value: number | undefined, most: number];

/** The promises that were not kept, in words: what was measured, and what it may be at the most. Empty: all were. */
export function missesOf(checks: Readonly<Record<string, Checked>>): string[] {
  return Object.entries(checks).flatMap(([name, [value, most]]) =>
    value !== undefined && value <= most
      ? []
      : [`${name}: ${String(value ?? 'not measured')}, at most ${most}`],
  );
}
