import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { OnRecordingChange, VmsRecordings } from '#server/vms/recordings.ts';
import { createLog } from '#server/http/log.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { eventually } from '#server/testing/eventually.ts';
import { FakeVms } from '#server/testing/fake-vms.ts';
import { type Browser, type Harness, startApp } from '#server/testing/harness.ts';
import { tellRecordingChanges } from './live-edge.ts';
import { FakeRecordings } from './testing/fake-recordings.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
let held: TestStore;
let at: Harness;
beforeAll(async () => {
  held = await pglite.open();
});
afterAll(() => held.close());
beforeEach(async () => {
  await held.empty();
  at = await startApp(held.store);
  return () => at.app.close();
});

/** A VMS whose changes a test makes up. */
class ChangingVms extends FakeVms {
  readonly told: OnRecordingChange[] = [];
  readonly recordings: VmsRecordings = Object.assign(new FakeRecordings(), {
    followChanges: async (onChange: OnRecordingChange, signal: AbortSignal) => {
      this.told.push(onChange);
      const { promise, resolve } = Promise.withResolvers<undefined>();
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
      await promise;
    },
  });
}

/** What a page hears of recordings. */
async function listen(browser: Browser): Promise<string[][]> {
  const response = await browser.send('GET', '/api/news');
  const heard: string[][] = [];
  void (async () => {
    let text = '';
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const [, data] = /^event: recordings\ndata: (.*)$/.exec(event) ?? [];
        if (data !== undefined) heard.push((JSON.parse(data) as { cameraIds: string[] }).cameraIds);
      }
    }
  })().catch(() => undefined);
  return heard;
}

it('tells who may play a camera back that its recordings have changed, once for all BFFs and together', async () => {
  const vms = new ChangingVms();
  const ending = new AbortController();
  const parts = { db: held.store.db, log: createLog('silent'), now: at.clock.now, gatherMs: 20 };
  const tellers = [randomUUID(), randomUUID()].map((holder) =>
    tellRecordingChanges(vms, { ...parts, holder }, ending.signal),
  );
  const [boss, otto, screen] = [
    await listen(await at.as('boss')),
    await listen(await at.as('otto')),
    await listen(await at.as('screen')),
  ];
  await eventually(() => vms.told.length).toBe(2);
  // Every BFF hears the same from the VMS.
  const happen = (...cameraIds: string[]) => {
    for (const tell of vms.told) for (const id of cameraIds) tell([id], 'everywhere');
  };
  happen('m1', 'p1', 'p1', 'unknown');
  await eventually(() => boss).toEqual([['m1', 'p1']]);
  await eventually(() => otto).toEqual([['p1']]);
  happen('m1');
  await eventually(() => boss).toEqual([['m1', 'p1'], ['m1']]);
  expect(otto).toHaveLength(1);
  expect(screen).toEqual([]);

  // The one that told falls silent: after a while another does.
  const [first, second] = vms.told;
  first?.(['m1'], 'everywhere');
  await eventually(() => boss.length).toBe(3);
  second?.(['p1'], 'everywhere');
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(boss).toHaveLength(3);
  at.clock.pass(16_000);
  second?.(['p1'], 'everywhere');
  await eventually(() => boss.at(-1)).toEqual(['p1']);
  ending.abort();
  await Promise.all(tellers);
});

it('tells what a BFF has found out by asking, while another one tells the events', async () => {
  const vms = new ChangingVms();
  const ending = new AbortController();
  const parts = { db: held.store.db, log: createLog('silent'), now: at.clock.now, gatherMs: 20 };
  const tellers = [randomUUID(), randomUUID()].map((holder) =>
    tellRecordingChanges(vms, { ...parts, holder }, ending.signal),
  );
  const boss = await listen(await at.as('boss'));
  await eventually(() => vms.told.length).toBe(2);
  const [first, second] = vms.told;
  first?.(['m1'], 'everywhere');
  await eventually(() => boss).toEqual([['m1']]);
  second?.(['m1'], 'everywhere');
  second?.(['p1'], 'here');
  await eventually(() => boss).toEqual([['m1'], ['p1']]);
  // Finding out does not keep the other from its duty.
  first?.(['p2'], 'everywhere');
  await eventually(() => boss).toEqual([['m1'], ['p1'], ['p2']]);
  ending.abort();
  await Promise.all(tellers);
});

it('has nothing to do for a VMS that tells no changes', async () => {
  const parts = { db: held.store.db, log: createLog('silent'), now: at.clock.now, holder: randomUUID() };
  await expect(
    tellRecordingChanges(new FakeVms(), parts, new AbortController().signal),
  ).resolves.toBeUndefined();
});
