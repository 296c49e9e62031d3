import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { ExportOrder, JobParts } from '../export-job.ts';

/*
 * One export by itself, without a BFF around it: what it is asked for with, and what it is made with.
 */

export const noon = Date.UTC(2026, 10, 20, 12);
export const never = new AbortController().signal;
export const { privateKey: key } = generateKeyPairSync('ed25519');

/** A folder that goes when the test ends. */
export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'parapet-export-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** An order for these cameras and times. */
export const orderOf = ({ range, cameras }: Pick<ExportOrder, 'range' | 'cameras'>): ExportOrder => ({
  id: '6a52c7a8-8d2b-4c57-9a3e-0d4a3a6a3a11',
  title: 'Case 7',
  reason: 'Asked for by the court',
  requestedBy: { name: 'ivan', displayName: 'Ivan' },
  createdAt: noon,
  range,
  stream: 'main',
  cameras,
});

/** What an export into this folder is made with. */
export const parts = (directory: string, more: Partial<JobParts> = {}): JobParts => ({
  directory,
  checkpointBytes: 60_000,
  checkpointMs: 60_000,
  product: { name: 'Parapet', version: '0.1.0' },
  key,
  now: () => noon + 99_000,
  onProgress: () => Promise.resolve(),
  ...more,
});
