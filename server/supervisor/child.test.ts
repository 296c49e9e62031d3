import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { type Child, superviseChild } from './child.ts';

let folder = '';
let running: Child<unknown> | undefined;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parapet-child-'));
});
afterEach(async () => {
  await running?.stop(200);
  running = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const program = (code: string): string => {
  const entry = path.join(folder, 'child.mjs');
  writeFileSync(entry, `process.on('disconnect', () => process.exit());\n${code}`);
  return entry;
};
const plan = (code: string) => ({
  name: 'the child',
  entry: program(code),
  environment: (last: { port: number } | undefined) => ({ TEST_PORT: String(last?.port ?? 0) }),
  ready: z.object({ port: z.number() }),
  patienceMs: 5000,
});
const listening = `
  const port = Number(process.env.TEST_PORT) || 4711;
  setInterval(() => {}, 1000);
  process.send({ ready: true, port });
`;
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('brings a killed child back, and tells it what its predecessor said', async () => {
  const deaths: string[] = [];
  const child = await superviseChild({ ...plan(listening), onDeath: (words) => deaths.push(words) });
  running = child;
  const before = child.pid() ?? 0;
  process.kill(before, 'SIGKILL');
  await expect.poll(() => child.pid() !== undefined && child.pid() !== before).toBe(true);
  expect(deaths[0]).toContain('the child ended (SIGKILL)');
  expect(child.first).toEqual({ port: 4711 });
});

it('passes on what a child says when it cannot start', async () => {
  const code = `process.send({ failed: 'UDP port 8189 is taken' }, () => process.exit(1));`;
  await expect(superviseChild(plan(code))).rejects.toThrow('UDP port 8189 is taken');
});

it('says how a child ended that never got ready', async () => {
  await expect(superviseChild(plan('process.exit(3)'))).rejects.toThrow('the child ended (exit 3)');
});

it('gives up on a first start that takes too long, and leaves nothing running', async () => {
  const code = `setInterval(() => {}, 1000);`;
  await expect(superviseChild({ ...plan(code), patienceMs: 150 })).rejects.toThrow(
    'did not get ready within 0.15 s',
  );
});

it('ends a child that ignores SIGTERM after the grace', async () => {
  const child = await superviseChild(plan(`process.on('SIGTERM', () => {});${listening}`));
  const pid = child.pid() ?? 0;
  expect(isAlive(pid)).toBe(true);
  await child.stop(100);
  await child.stop(100);
  expect(isAlive(pid)).toBe(false);
});
