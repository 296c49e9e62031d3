const storedAs = 'parapet.last-wall';

/** The saved wall that was last open in this browser, for this person. */
export function lastWallId(userId: string): string | undefined {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storedAs) ?? '{}');
    const id: unknown =
      typeof stored === 'object' && stored !== null ? Reflect.get(stored, userId) : undefined;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Remembers it. A shared workstation remembers the last few people. */
export function rememberWall(userId: string, wallId: string): void {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storedAs) ?? '{}');
    const others = Object.entries(typeof stored === 'object' && stored !== null ? stored : {})
      .filter(([id]) => id !== userId)
      .slice(-19);
    localStorage.setItem(storedAs, JSON.stringify(Object.fromEntries([...others, [userId, wallId]])));
  } catch {
    // No storage in this browser: the next visit begins with the shared wall.
  }
}
