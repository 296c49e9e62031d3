import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAppStale } from './built-app.ts';

let root = '';
const touch = (name: string, secondsAgo: number): void => {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  const time = 1_800_000_000 - secondsAgo;
  utimesSync(file, time, time);
  for (let dir = path.dirname(file); dir.startsWith(root); dir = path.dirname(dir)) utimesSync(dir, 1, 1);
};
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'parapet-app-'));
  touch('src/routes/+page.svelte', 100);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

it('builds when there is no build', () => {
  expect(isAppStale(root)).toBe(true);
});

it('leaves a build alone that is newer than its sources', () => {
  touch('build/index.html', 50);
  expect(isAppStale(root)).toBe(false);
});

it('builds again when one file deep in the sources is newer', () => {
  touch('build/index.html', 50);
  touch('src/lib/wall/layouts.ts', 10);
  expect(isAppStale(root)).toBe(true);
});
