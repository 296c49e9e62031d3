import { eventually } from '#server/testing/eventually.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Directory } from '#contract/camera.ts';
import { createLog } from '#server/http/log.ts';
import { channel } from '#server/news/envelope.ts';
import { databases, pglite, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { FakeVms, town, vmsCamera, vmsGroup } from '#server/testing/fake-vms.ts';
import { type Harness, startApp, TestClock } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';
import { applyDirectory, claimSystems } from './apply-directory.ts';
import { createDirectory } from './directory.ts';
import { applyStates, begunSince, stateFrom, statesFrom } from './states.ts';
import { keepSynced, type SyncPace, usualPace } from './sync.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.each(databases)('the directory', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(async () => {
      await held.empty();
      await claimSystems(held.store.db, ['town'], 1);
    });
    const numbers = async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        [...(await createDirectory(held.store.db).snapshot()).cameras.values()].map(({ id, number }) => [
          id,
          number,
        ]),
      );

    it('says what the VMS said', async () => {
      expect(await applyDirectory(held.store.db, 'town', town, 5)).toEqual({
        hasChanged: true,
        conflicts: [],
      });
      const { cameras, groups } = await createDirectory(held.store.db).snapshot();
      expect([...cameras.keys()]).toEqual(['p1', 'p2', 'm1', 'm2', 'b1', 'x1']);
      expect(cameras.get('p2')).toMatchObject({
        name: 'Camera p2',
        number: 2,
        hasPtz: true,
        groupIds: ['harbour'],
        allGroupIds: new Set(['harbour', 'police']),
        state: 'unknown',
      });
      expect(cameras.get('p1')?.streams).toEqual(town.cameras[0]?.streams);
      expect(groups.get('harbour')).toEqual({ id: 'harbour', name: 'Group harbour', parentId: 'police' });
    });

    it('tells when something changed, and only then', async () => {
      const heard: string[] = [];
      const stop = await held.store.listen(channel, {
        onText: (text) => heard.push(text),
        onGap: () => undefined,
      });
      await applyDirectory(held.store.db, 'town', town, 5);
      expect((await applyDirectory(held.store.db, 'town', structuredClone(town), 6)).hasChanged).toBe(false);
      const renamed = { ...town, groups: town.groups.map((one) => ({ ...one, name: `${one.name}!` })) };
      expect((await applyDirectory(held.store.db, 'town', renamed, 7)).hasChanged).toBe(true);
      await eventually(() => heard.length).toBe(2);
      await stop();
    });

    it('keeps numbers through removal and return, and never gives them to others', async () => {
      const plain = (...ids: string[]) => ({ groups: [], cameras: ids.map((id) => vmsCamera(id, [])) });
      await applyDirectory(held.store.db, 'town', plain('a', 'b', 'c'), 1);
      expect(await numbers()).toEqual({ a: 1, b: 2, c: 3 });
      await applyDirectory(held.store.db, 'town', plain('a', 'c', 'd'), 2);
      expect(await numbers()).toEqual({ a: 1, c: 3, d: 4 });
      await applyDirectory(held.store.db, 'town', plain('b', 'd'), 3);
      expect(await numbers()).toEqual({ b: 2, d: 4 });
    });

    it('lets two cameras swap the numbers the VMS gives', async () => {
      const numbered = (a: number, b: number) => ({
        groups: [],
        cameras: [vmsCamera('a', [], { number: a }), vmsCamera('b', [], { number: b })],
      });
      await applyDirectory(held.store.db, 'town', numbered(1, 2), 1);
      await applyDirectory(held.store.db, 'town', numbered(2, 1), 2);
      expect(await numbers()).toEqual({ a: 2, b: 1 });
    });

    it('leaves out cameras whose ids another VMS has, and numbers across all', async () => {
      await claimSystems(held.store.db, ['town', 'gates'], 1);
      await applyDirectory(
        held.store.db,
        'town',
        { groups: [], cameras: [vmsCamera('a', []), vmsCamera('b', [])] },
        1,
      );
      const other = { groups: [], cameras: [vmsCamera('b', [], { name: 'impostor' }), vmsCamera('c', [])] };
      expect(await applyDirectory(held.store.db, 'gates', other, 2)).toEqual({
        hasChanged: true,
        conflicts: ['b'],
      });
      expect(await numbers()).toEqual({ a: 1, b: 2, c: 3 });
    });

    it('drops the cameras of a VMS that is configured no longer', async () => {
      await applyDirectory(held.store.db, 'town', town, 1);
      const directory = createDirectory(held.store.db);
      expect((await directory.snapshot()).cameras.size).toBe(6);
      await claimSystems(held.store.db, ['gates'], 2);
      const { cameras, groups } = await directory.snapshot();
      expect([cameras.size, groups.size]).toEqual([0, 0]);
    });

    it('takes 500 cameras in well under a second, and finds nothing new in less', async () => {
      const big = {
        groups: Array.from({ length: 50 }, (_, i) => vmsGroup(`g${i}`)),
        cameras: Array.from({ length: 500 }, (_, i) => vmsCamera(`c${i}`, [`g${i % 50}`])),
      };
      await applyDirectory(held.store.db, 'town', big, 1);
      expect((await createDirectory(held.store.db).snapshot()).cameras.size).toBe(500);
      expect((await applyDirectory(held.store.db, 'town', structuredClone(big), 2)).hasChanged).toBe(false);
    });

    it('tells a camera’s state once it is known, and remembers since when', async () => {
      await applyDirectory(held.store.db, 'town', town, 1);
      const { db } = held.store;
      const directory = createDirectory(db);
      await applyStates(db, new Map([['p1', { state: 'down', since: 100 }]]), 200);
      await applyStates(db, new Map([['p1', { state: 'down', since: 150 }]]), 300);
      expect((await directory.snapshot()).cameras.get('p1')).toMatchObject({
        state: 'down',
        stateSince: 100,
      });
      // A gateway whose clock is ahead cannot know the future.
      await applyStates(db, new Map([['p1', { state: 'up', since: 999 }]]), 400);
      expect((await directory.snapshot()).cameras.get('p1')).toMatchObject({ state: 'up', stateSince: 400 });
      await applyDirectory(db, 'town', { ...town, groups: [] }, 500);
      expect((await directory.snapshot()).cameras.get('p1')).toMatchObject({ state: 'up', stateSince: 400 });
    });
  });
});

describe('states from path reports', () => {
  it.each([
    ['running', undefined, 'up'],
    ['error', 'camera-offline', 'down'],
    ['error', 'source-refused', 'down'],
    ['error', 'b-frames', 'up'],
    ['error', 'codec-unsupported', 'up'],
    ['error', 'gateway-unavailable', undefined],
    ['error', undefined, undefined],
    ['connecting', undefined, undefined],
    ['idle', undefined, undefined],
  ] as const)('%s, %s: %s', (state, code, expected) => {
    expect(stateFrom(code === undefined ? { state } : { state, code })).toBe(expected);
  });

  it('one stream that runs is enough', () => {
    const report = (cameraId: string, state: 'running' | 'error', since: number) => ({
      path: '',
      cameraId,
      state,
      since,
      viewers: 0,
      ...(state === 'error' ? { code: 'camera-offline' as const } : {}),
    });
    const states = statesFrom([
      report('a', 'error', 5),
      report('a', 'running', 9),
      report('b', 'running', 3),
      report('b', 'error', 1),
      report('c', 'error', 8),
      report('c', 'error', 7),
    ]);
    expect(Object.fromEntries(states)).toEqual({
      a: { state: 'up', since: 9 },
      b: { state: 'up', since: 3 },
      c: { state: 'down', since: 7 },
    });
  });
});

describe('cameras that send anew', () => {
  const report = (state: 'running' | 'error', since: number) => [
    { path: 'a_sub', cameraId: 'a', state, since, viewers: 1 },
  ];

  it('are those whose stream runs since another moment than at the last look, however short the break', () => {
    const first = begunSince(new Map(), report('running', 5));
    expect([...first.begun]).toEqual([]);
    expect([...begunSince(first.runs, report('running', 5)).begun]).toEqual([]);
    expect([...begunSince(first.runs, report('running', 9)).begun]).toEqual([['a', 9]]);
    const broken = begunSince(first.runs, report('error', 7));
    expect([...broken.begun]).toEqual([]);
    expect([...begunSince(broken.runs, report('running', 9)).begun]).toEqual([['a', 9]]);
  });

  it('are forgotten with their path', () => {
    const { runs } = begunSince(new Map([['a_sub', 5]]), []);
    expect(runs.size).toBe(0);
    expect(begunSince(runs, report('running', 9)).begun.size).toBe(0);
  });
});

describe('what somebody sees', () => {
  let held: TestStore;
  let at: Harness;
  beforeAll(async () => {
    held = await pglite.open();
    at = await startApp(held.store);
  });
  afterAll(async () => {
    await at.app.close();
    await held.close();
  });

  it.each<[string, Record<string, string[]>, string[]]>([
    [
      'olga',
      {
        p1: ['live', 'playback', 'ptz'],
        p2: ['live', 'playback', 'ptz'],
        m1: ['live', 'playback', 'ptz'],
        m2: ['live', 'playback', 'ptz'],
        b1: ['live', 'playback', 'ptz'],
        x1: ['live', 'playback', 'ptz'],
      },
      ['harbour', 'metro', 'police'],
    ],
    [
      'otto',
      { p1: ['live', 'playback'], p2: ['live', 'playback'], b1: ['live', 'playback'] },
      ['harbour', 'police'],
    ],
    ['screen', { m1: ['live'], m2: ['live'], b1: ['live'] }, ['metro']],
    ['nemo', {}, []],
  ])('%s', async (name, cameras, groups) => {
    const directory = await (await at.as(name)).json<Directory>('GET', '/api/directory');
    expect(Object.fromEntries(directory.cameras.map(({ id, rights }) => [id, rights]))).toEqual(cameras);
    expect(directory.groups.map(({ id }) => id)).toEqual(groups);
    expect(directory).toMatchObject({ syncedAt: new Date(at.clock.at).toISOString(), isStale: false });
    // A camera that stands in a hidden group as well does not give that group away.
    expect(directory.cameras.flatMap(({ groupIds }) => groupIds).every((id) => groups.includes(id))).toBe(
      true,
    );
  });
});

describe('keepSynced', () => {
  let held: TestStore;
  beforeAll(async () => {
    held = await pglite.open();
  });
  afterAll(() => held.close());
  beforeEach(() => held.empty());

  const pace: SyncPace = {
    everyMs: 30,
    patienceMs: 1000,
    dutyMs: 60,
    longestPauseMs: 20,
    completeMs: 10,
  };
  async function running(vms: FakeVms, more: { onSynced?: () => Promise<void>; pace?: SyncPace } = {}) {
    await claimSystems(held.store.db, [vms.id], 1);
    const ending = new AbortController();
    const clock = new TestClock();
    const lines: string[] = [];
    const done = keepSynced(
      vms,
      {
        db: held.store.db,
        log: createLog('info', { write: (line) => void lines.push(line) }),
        holder: crypto.randomUUID(),
        now: () => (clock.at += 100),
        onSynced: more.onSynced ?? (() => Promise.resolve()),
        pace: more.pace ?? pace,
        random: () => 0.5,
      },
      ending.signal,
    );
    return {
      lines,
      async stop() {
        ending.abort();
        await done;
      },
    };
  }
  const system = () => held.store.db.selectFrom('vms').selectAll().executeTakeFirstOrThrow();

  it('reads at once, and again and again', async () => {
    const vms = new FakeVms();
    const sync = await running(vms);
    await eventually(() => vms.reads).toBeGreaterThan(2);
    await sync.stop();
    expect(await system()).toMatchObject({ is_up: true });
    const reads = vms.reads;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(vms.reads).toBe(reads);
  });

  it('reads again soon while streams of cameras are unknown, and then at its usual pace', async () => {
    const vms = new FakeVms();
    const whole = vms.directory;
    vms.directory = { ...whole, cameras: whole.cameras.map((camera) => ({ ...camera, streams: [] })) };
    const sync = await running(vms, { pace: { ...pace, everyMs: 600_000 } });
    await eventually(() => vms.reads).toBeGreaterThan(1);
    vms.directory = whole;
    const before = vms.reads;
    await eventually(() => vms.reads).toBeGreaterThan(before);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await sync.stop();
    expect(vms.reads).toBeLessThanOrEqual(before + 2);
  });

  it('leaves what was known when the VMS fails, says that it is old, and recovers', async () => {
    const vms = new FakeVms();
    const sync = await running(vms);
    await eventually(async () => (await system()).is_up).toBe(true);
    vms.error = new VmsError('unavailable', 'connect ECONNREFUSED');
    await eventually(async () => (await system()).is_up).toBe(false);
    const user = {
      id: '',
      name: '',
      displayName: '',
      role: 'operator' as const,
      grants: [{ groupId: '*', rights: ['live' as const] }],
    };
    const directory = createDirectory(held.store.db);
    const stale = await directory.readFor(user);
    expect([stale.cameras.length, stale.isStale]).toEqual([6, true]);
    expect(stale.syncedAt).toBeTypeOf('number');
    expect(sync.lines.join('')).toContain('the VMS could not be read');
    vms.error = undefined;
    await eventually(async () => (await directory.readFor(user)).isStale).toBe(false);
    await sync.stop();
  });

  it('is not stopped by a VMS that fails before it was ever read', async () => {
    const vms = new FakeVms();
    vms.error = new VmsError('refused', 'no');
    const sync = await running(vms);
    await eventually(() => vms.reads).toBeGreaterThan(2);
    vms.error = undefined;
    await eventually(async () => (await system()).is_up).toBe(true);
    await sync.stop();
  });

  it('has the patience for three slow lists, and says all the while that it is reading', async () => {
    expect(usualPace.patienceMs).toBeGreaterThan(3 * 180_000);
    const vms = new FakeVms();
    vms.readDirectory = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const sync = await running(vms, { pace: { ...pace, patienceMs: usualPace.patienceMs } });
    const heldUntil = async () =>
      (await held.store.db.selectFrom('duties').select('held_until').executeTakeFirst())?.held_until;
    await eventually(heldUntil).toBeDefined();
    const first = (await heldUntil())!;
    await eventually(heldUntil).toBeGreaterThan(first);
    await sync.stop();
    expect(await heldUntil()).toBe(0);
  });

  it('ends in the middle of a reading that hangs', async () => {
    const vms = new FakeVms();
    const began = new Promise<void>((resolve) => {
      vms.readDirectory = (signal) => {
        resolve();
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      };
    });
    const sync = await running(vms);
    await began;
    await sync.stop();
    expect(await system()).toMatchObject({ is_up: false, synced_at: null });
  });
});
