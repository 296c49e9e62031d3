import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataDirTaken, keptSecret, lockDataDir, readablePassword } from './data-dir.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'parapet-data-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

it('refuses a second start and names the process that runs', () => {
  const release = lockDataDir(dataDir);
  expect(() => lockDataDir(dataDir)).toThrow(DataDirTaken);
  expect(() => lockDataDir(dataDir)).toThrow(String(process.pid));
  release();
  release();
  lockDataDir(dataDir)();
});

it('takes over the lock of a process that has died', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  writeFileSync(path.join(dataDir, 'lock'), `${child.pid ?? 0} 1\n`);
  lockDataDir(dataDir)();
  expect(() => readFileSync(path.join(dataDir, 'lock'))).toThrow('ENOENT');
});

it('takes over a lock whose process id now belongs to somebody else', () => {
  writeFileSync(path.join(dataDir, 'lock'), `${process.pid} 1\n`);
  lockDataDir(dataDir)();
  expect(() => readFileSync(path.join(dataDir, 'lock'))).toThrow('ENOENT');
});

it('keeps a secret from one start to the next, readable by its owner alone', () => {
  const first = keptSecret(dataDir, 'demo-password');
  expect(keptSecret(dataDir, 'demo-password')).toBe(first);
  expect(statSync(path.join(dataDir, 'demo-password')).mode & 0o777).toBe(0o600);
});

it('makes passwords that can be read out', () => {
  expect(readablePassword()).toMatch(/^([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/);
});
