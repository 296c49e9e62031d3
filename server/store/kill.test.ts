import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openStore } from './open-store.ts';

it('the embedded database starts afresh when its very first start was cut short', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'parapet-kill-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const database = path.join(directory, 'db');
  mkdirSync(database);
  writeFileSync(path.join(database, 'PG_VERSION'), '18\n');
  writeFileSync(`${database}.unfinished`, '');
  const store = await openStore({ directory: database });
  await expect(store.ping()).resolves.toBeUndefined();
  await store.close();
  expect(existsSync(`${database}.unfinished`)).toBe(false);
}, 30_000);

it('the embedded database keeps what it promised when its process is killed while writing, and opens again', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'parapet-kill-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  let promised = 0;
  for (let round = 0; round < 2; round += 1) {
    const before = promised;
    const writer = fork(path.join(import.meta.dirname, 'testing/write-forever.ts'), [
      path.join(directory, 'db'),
    ]);
    let ofThisRound = 0;
    writer.on('message', (message: { number: number }) => {
      ofThisRound = message.number;
      if (ofThisRound === 100) writer.kill('SIGKILL');
    });
    await once(writer, 'close');
    promised = before + ofThisRound;
    expect(ofThisRound).toBeGreaterThanOrEqual(100);
  }
  const store = await openStore({ directory: path.join(directory, 'db') });
  const { count } = await store.db
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  expect(count).toBeGreaterThanOrEqual(promised);
  await store.close();
}, 30_000);
