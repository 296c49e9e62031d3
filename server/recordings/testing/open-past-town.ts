import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import type { AppParts } from '#server/app.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { type PastHarness, startPastApp } from './past-town.ts';

/*
 * A BFF on a VMS that records, afresh for each test. Whoever calls {@link openPastTown} has it.
 */

export let held: TestStore;
export let at: PastHarness;

/** Opens the database once, and the BFF before each test. `more` is asked each time for what else it is made of. */
export function openPastTown(more: () => Partial<AppParts> = () => ({})): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
  beforeAll(async () => {
    held = await pglite.open();
  });
  afterAll(() => held.close());
  beforeEach(async () => {
    await held.empty();
    at = await startPastApp(held.store, more());
    return () => at.app.close();
  });
}

/** How often the recorder was asked for something of that kind. */
export const callsOf = (kind: string): number =>
  at.recordings.calls.filter((call) => call.startsWith(kind)).length;

/** The code of an answer that tells of a problem. */
export const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code;
