/** A camera that needs a number. */
export interface Numbered {
  readonly id: string;
  /** The number the VMS or the site list gives. */
  readonly wanted: number | undefined;
  /** The number it has had. */
  readonly had: number | undefined;
  readonly name: string;
}

/**
 * Gives each camera a number that is its own and stays: the one the VMS gives when no other camera has it, else the
 * one it had, else the lowest that is free. `taken` are numbers of cameras not asked about, removed ones among them.
 */
export function assignNumbers(cameras: readonly Numbered[], taken: ReadonlySet<number>): Map<string, number> {
  const used = new Set(taken);
  const numbers = new Map<string, number>();
  const give = (camera: Numbered, number: number | undefined): void => {
    if (number === undefined || numbers.has(camera.id) || used.has(number)) return;
    numbers.set(camera.id, number);
    used.add(number);
  };
  // In an order that does not depend on the VMS's; who has a number already comes before who wants it anew.
  const ordered = [...cameras].sort(
    (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }) || (a.id < b.id ? -1 : 1),
  );
  for (const camera of ordered) if (camera.wanted === camera.had) give(camera, camera.had);
  for (const camera of ordered) give(camera, camera.wanted);
  for (const camera of ordered) give(camera, camera.had);
  let free = 1;
  for (const camera of ordered) {
    while (used.has(free)) free += 1;
    give(camera, free);
  }
  return numbers;
}
