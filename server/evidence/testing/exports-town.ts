import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach } from 'vitest';
import type { Export } from '#contract/evidence.ts';
import { at, codeOf, held, openPastTown } from '#server/recordings/testing/open-past-town.ts';
import { iso, noon } from '#server/recordings/testing/past-town.ts';
import type { Browser } from '#server/testing/harness.ts';
import type { ExportSettings } from '../export-runner.ts';
import type { SignedManifest } from '../manifest.ts';

/*
 * A BFF that exports, afresh for each test, and what tests do with it. Whoever calls {@link openTown} has it.
 */

export { at, codeOf, held };
export let ivan: Browser;
export let directory: string;
export let settings: ExportSettings;

/** Opens the database once, and the BFF before each test. */
export function openTown(): void {
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'parapet-exports-'));
    settings = {
      directory,
      product: { name: 'Parapet', version: '0.1.0' },
      checkpointBytes: 0,
      findTranscoder: () => Promise.resolve(undefined),
    };
    return () => rmSync(directory, { recursive: true, force: true });
  });
  openPastTown(() => ({ exports: settings }));
  beforeEach(async () => {
    ivan = await at.as('ivan');
  });
}

export const request = {
  title: 'Case 7',
  cameraIds: ['p1', 'p2'],
  start: iso(noon - 3_610_000),
  end: iso(noon - 3_580_000),
  reason: 'Asked for by the court',
};
export const ask = (browser: Browser, more: object = {}) =>
  browser.json<Export>('POST', '/api/exports', { ...request, ...more });
export const read = (id: string, browser = ivan) => browser.json<Export>('GET', `/api/exports/${id}`);
/** The films of an export: their hashes and how many pictures they have. */
export const films = (id: string) => {
  const text = readFileSync(path.join(directory, id, 'manifest.json'), 'utf8');
  const { cameras } = (JSON.parse(text) as SignedManifest).manifest;
  return cameras.flatMap(({ files }) => files.map(({ sha256, pictures }) => ({ sha256, pictures })));
};
export const runner = () => {
  if (at.app.exports === undefined) throw new Error('there is no runner');
  return at.app.exports;
};
export const work = async (): Promise<void> => {
  await runner().round();
  await runner().idle();
};
/** Recorders that do not go on by themselves. */
export const hold = () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  at.recordings.beforeFrame = async (_camera, signal) => {
    const { promise: gone, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    await Promise.race([promise, gone]);
  };
  return () => {
    at.recordings.beforeFrame = undefined;
    resolve(undefined);
  };
};
/** As if these were all in: an estimate for each would read the recorder. */
export const insertWaiting = async (name: string, count: number) => {
  const [row] = await held.store.db.selectFrom('exports').selectAll().execute();
  if (row === undefined) throw new Error('there is no export to copy');
  for (let i = 0; i < count; i++)
    await held.store.db
      .insertInto('exports')
      .values({
        ...row,
        id: crypto.randomUUID(),
        user_id: at.idOf(name),
        files: '[]',
        status: 'queued',
        status_at: noon + 1 + i,
        runner: null,
        runner_until: 0,
      })
      .execute();
};
