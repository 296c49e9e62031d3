import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** What the built app is made from. */
const sources = ['src', 'public', 'vite.config.ts', 'vite.lean.ts', 'package-lock.json'];

function newest(place: string): number {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(place).map((name) => newest(path.join(place, name))));
}

/** Whether `build/` under `root` is missing or older than anything it is made from. */
export function isAppStale(root: string): boolean {
  const built = statSync(path.join(root, 'build/index.html'), { throwIfNoEntry: false });
  if (built === undefined) return true;
  return sources.some((source) => newest(path.join(root, source)) > built.mtimeMs);
}
