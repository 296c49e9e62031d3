import type { Store } from '#server/store/store.ts';
import type { AppParts } from '#server/app.ts';
import { FakeVms } from '#server/testing/fake-vms.ts';
import { type Harness, startApp } from '#server/testing/harness.ts';
import { FakeRecordings } from './fake-recordings.ts';

/** The town's VMS, with a past. */
export class PastVms extends FakeVms {
  readonly recordings = new FakeRecordings();
}

export interface PastHarness extends Harness {
  readonly recordings: FakeRecordings;
}

/** The app on a VMS that records: all cameras all of the test's day, p2 in two pieces, x1 nothing. */
export async function startPastApp(store: Store, more: Partial<AppParts> & { readonly join?: Harness } = {}) {
  const vms = new PastVms();
  for (const { id } of vms.directory.cameras) if (id !== 'x1') vms.recordings.recorded.set(id, [wholeDay]);
  vms.recordings.recorded.set('p2', [
    { start: noon - 7_200_000, end: noon - 3_600_000 },
    { start: noon - 1_800_000, end: noon - 900_000 },
  ]);
  const harness = await startApp(store, { systems: [vms], ...more });
  return { ...harness, recordings: vms.recordings } satisfies PastHarness;
}

/** Now, in these tests. */
export const noon = Date.UTC(2026, 10, 20, 12);
export const wholeDay = { start: noon - 12 * 3_600_000, end: noon };
export const iso = (ms: number): string => new Date(ms).toISOString();
