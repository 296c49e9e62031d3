import path from 'node:path';
import { expect, describe, it, vi } from 'vitest';
import { iso, noon, startPastApp } from '#server/recordings/testing/past-town.ts';
import { VmsError } from '#server/vms/vms.ts';
import { GrowingFile } from './growing-file.ts';
import {
  held,
  at,
  ivan,
  directory,
  settings,
  openTown,
  request,
  ask,
  read,
  films,
  runner,
  work,
  hold,
  insertWaiting,
} from './testing/exports-town.ts';
import { verifyExport, wholeFolder } from './verify/verify.ts';

describe('exports', () => {
  openTown();

  it('that nobody works on any more give their place to others, and so do those of a folder that is gone', async () => {
    const { id } = await ask(ivan);
    const dead = crypto.randomUUID();
    await insertWaiting('boss', 30);
    const others = held.store.db.updateTable('exports').where('id', '<>', id);
    await others.set({ store_id: dead, status_at: noon - 1000 }).execute();
    const ids = await held.store.db.selectFrom('exports').select('id').where('id', '<>', id).execute();
    for (const one of ids.slice(0, 12))
      await held.store.db
        .updateTable('exports')
        .set({ status: 'running', runner: crypto.randomUUID(), runner_until: noon - 1 })
        .where('id', '=', one.id)
        .execute();
    hold();
    await runner().round();
    expect((await read(id)).state.status).toBe('running');
  });

  it('of two BFFs that share a folder run ten at once over both, each by one of them, and all come to their end', async () => {
    const next = await startPastApp(held.store, { join: at, exports: settings });
    expect(next.app.exports?.storeId).toBe(runner().storeId);
    await ask(ivan);
    await insertWaiting('ivan', 7);
    await insertWaiting('boss', 6);
    const free = hold();
    let began = 0;
    for (const recordings of [at.recordings, next.recordings]) {
      const open = recordings.cursor.bind(recordings);
      recordings.cursor = async (...asked) => {
        if (asked[0] === 'p1') began += 1;
        return await open(...asked);
      };
    }
    await Promise.all([runner().round(), next.app.exports?.round()]);
    const running = held.store.db.selectFrom('exports').select('runner').where('status', '=', 'running');
    expect(await running.execute()).toHaveLength(10);
    free();
    for (let i = 0; i < 3; i++) {
      await Promise.all([runner().round(), next.app.exports?.round()]);
      await Promise.all([runner().idle(), next.app.exports?.idle()]);
    }
    const rows = await held.store.db.selectFrom('exports').select(['id', 'status']).execute();
    expect(rows.map(({ status }) => status)).toEqual(Array.from({ length: 14 }, () => 'done'));
    expect(began).toBe(14);
    for (const { id } of rows)
      expect((await verifyExport(wholeFolder(path.join(directory, id)))).isFine).toBe(true);
    await next.app.close();
  });

  it('wait at a spot that cannot be read, but not for ever, and keep what they have', async () => {
    const { id } = await ask(ivan, { cameraIds: ['p1'] });
    let [frames, tries] = [0, 0];
    at.recordings.beforeFrame = () => {
      if ((frames += 1) <= 300) return Promise.resolve();
      tries += 1;
      return Promise.reject(new VmsError('unexpected-answer', 'not a picture'));
    };
    // Each attempt reads a little before it is there again.
    const open = at.recordings.cursor.bind(at.recordings);
    at.recordings.cursor = async (...asked) => {
      if (frames > 300) frames = 240;
      return await open(...asked);
    };
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    await work();
    random.mockRestore();
    expect((await read(id)).state).toMatchObject({ status: 'failed', code: 'vms-unavailable' });
    expect(tries).toBeLessThan(20);
    at.recordings.beforeFrame = undefined;
    await ivan.json('POST', `/api/exports/${id}/resume`);
    await work();
    expect(films(id)).toMatchObject([{ pictures: 750 }]);
  });

  it('survive a database that fails for a moment', async () => {
    const { id } = await ask(ivan);
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    const broken = vi.spyOn(held.store.db, 'updateTable').mockImplementationOnce(() => {
      throw new Error('the connection is gone');
    });
    await work();
    expect(broken).toHaveBeenCalled();
    broken.mockRestore();
    random.mockRestore();
    expect((await read(id)).state.status).toBe('done');
  });

  it('that this process holds without working on them are taken up again', async () => {
    const { id } = await ask(ivan);
    const free = hold();
    await runner().round();
    const { runner: holder } = await held.store.db
      .selectFrom('exports')
      .select('runner')
      .executeTakeFirstOrThrow();
    await runner().stop(id);
    free();
    await insertWaiting('ivan', 1);
    const still = hold();
    // One of ours runs, so that claims are kept.
    await runner().round();
    const own = held.store.db.updateTable('exports').where('id', '=', id);
    await own.set({ status: 'running', runner: holder, runner_until: noon + 5000 }).execute();
    at.clock.pass(4000);
    await runner().round();
    at.clock.pass(2000);
    await runner().round();
    still();
    await runner().idle();
    expect((await read(id)).state.status).toBe('done');
  });

  it('that are stopped and resumed while they are claimed are worked on', async () => {
    const { id } = await ask(ivan);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    // A recorder that takes its time to let go.
    at.recordings.beforeFrame = () => promise;
    await runner().round();
    await insertWaiting('ivan', 1);
    const { db } = held.store;
    const transaction = db.transaction.bind(db);
    vi.spyOn(db, 'transaction').mockImplementationOnce(() => {
      const begun = transaction();
      begun.execute = async (work) => {
        // Elsewhere somebody pauses and resumes it, after this process has said that it keeps it.
        const own = db.updateTable('exports').where('id', '=', id);
        await own.set({ status: 'queued', runner: null, runner_until: 0 }).execute();
        void runner().stop(id);
        return await transaction().execute(work);
      };
      return begun;
    });
    const rounding = runner().round();
    await expect.poll(async () => (await read(id)).state.status).toBe('running');
    at.recordings.beforeFrame = undefined;
    resolve(undefined);
    await rounding;
    await runner().idle();
    vi.restoreAllMocks();
    expect((await read(id)).state.status).toBe('done');
  });

  it('up to now wait until their end is settled in the recorder, and the future is refused', async () => {
    const later = await ivan.send('POST', '/api/exports', { ...request, end: iso(noon + 61_000) });
    expect(await later.json()).toMatchObject({ code: 'invalid-request', issues: [{ path: 'end' }] });
    const { id, state } = await ask(ivan, {
      cameraIds: ['p1'],
      start: iso(noon - 10_000),
      end: iso(noon),
    });
    expect(state).toEqual({ status: 'queued', place: 1, notBefore: iso(noon + 60_000) });
    at.clock.pass(59_000);
    await work();
    expect((await read(id)).state.status).toBe('queued');
    at.clock.pass(1000);
    await work();
    expect((await read(id)).state.status).toBe('done');
  });

  it('that wait have their room already, and take it from others', async () => {
    const { bytes } = await ivan.json<{ bytes: number }>('POST', '/api/exports/estimate', request);
    const small = await startPastApp(held.store, {
      join: at,
      exports: { ...settings, quotaBytes: Math.floor(bytes * 1.5) },
    });
    const there = await small.as('ivan');
    const answers = await Promise.all([1, 2].map(() => there.send('POST', '/api/exports', request)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429]);
    await small.app.close();
  });

  it('end when what runs beside them has filled the quota', async () => {
    const { bytes } = await ivan.json<{ bytes: number }>('POST', '/api/exports/estimate', request);
    const small = await startPastApp(held.store, {
      join: at,
      exports: { ...settings, quotaBytes: bytes * 3 },
    });
    const there = await small.as('ivan');
    await ask(there);
    await ask(there);
    // Each of them fits alone; both are larger than anybody thought.
    small.recordings.padding = 60;
    let time = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (time += 2000));
    await small.app.exports?.round();
    await small.app.exports?.idle();
    clock.mockRestore();
    const rows = await held.store.db
      .selectFrom('exports')
      .select(['bytes', 'status', 'code', 'can_resume'])
      .execute();
    expect(rows).toContainEqual(
      expect.objectContaining({ status: 'failed', code: 'quota-exceeded', can_resume: true }),
    );
    // Both may have looked at the same moment: a GOP more, and a manifest.
    expect(rows.reduce((sum, row) => sum + row.bytes, 0)).toBeLessThan(bytes * 3.3);
    await small.app.close();
  });

  it('end when the disk is full, and go on when it is not', async () => {
    const { id: undisturbed } = await ask(ivan);
    await work();
    const { id } = await ask(ivan);
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its file below
    const write = GrowingFile.prototype.append;
    let writes = 0;
    const full = vi.spyOn(GrowingFile.prototype, 'append').mockImplementation(async function (
      this: GrowingFile,
      bytes,
    ) {
      if ((writes += 1) > 7) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      await write.call(this, bytes);
    });
    await work();
    full.mockRestore();
    expect((await read(id)).state).toMatchObject({
      status: 'failed',
      code: 'quota-exceeded',
      canResume: true,
    });
    await ivan.json('POST', `/api/exports/${id}/resume`);
    await work();
    expect(films(id)).toEqual(films(undisturbed));
  });

  it('end when somebody may no longer ask for any', async () => {
    const { id } = await ask(ivan);
    hold();
    await runner().round();
    const boss = await at.as('boss');
    await boss.json('PATCH', `/api/users/${at.idOf('ivan')}`, { role: 'kiosk' });
    await runner().round();
    expect(await read(id, boss)).toMatchObject({ state: { status: 'failed', code: 'not-permitted' } });
  });
});
