import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Export } from '#contract/evidence.ts';
import { News } from '#contract/news.ts';
import { iso, noon, startPastApp } from '#server/recordings/testing/past-town.ts';
import { grant } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';
import { readRange } from './byte-range.ts';
import { sampleTimes } from './export-estimate.ts';
import { fairOrder } from './fair-order.ts';
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
  codeOf,
  runner,
  work,
  hold,
  insertWaiting,
} from './testing/exports-town.ts';
import { verifyExport, wholeFolder } from './verify/verify.ts';

describe('the queue', () => {
  const waiting = (...names: string[]) => names.map((id, since) => ({ id, userId: id[0] ?? '', since }));
  it.each([
    ['is in order of asking for one person', ['a1', 'a2', 'a3'], {}, ['a1', 'a2', 'a3']],
    ['lets people take turns', ['a1', 'a2', 'a3', 'b1', 'c1'], {}, ['a1', 'b1', 'c1', 'a2', 'a3']],
    ['counts what runs already', ['a1', 'b1', 'b2'], { a: 1 }, ['b1', 'a1', 'b2']],
  ])('%s', (_what, names, running, order) => {
    expect(fairOrder(waiting(...names), new Map(Object.entries(running))).map(({ id }) => id)).toEqual(order);
  });
});

it.each([
  ['bytes=0-9', { start: 0, end: 10 }],
  ['bytes=90-', { start: 90, end: 100 }],
  ['bytes=-5', { start: 95, end: 100 }],
  ['bytes=-500', { start: 0, end: 100 }],
  ['bytes=50-500', { start: 50, end: 100 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=9-5', 'all'],
  ['bytes=0-1,5-6', 'all'],
  ['lines=1-2', 'all'],
  [null, 'all'],
])('of 100 bytes, %s is %j', (header, range) => {
  expect(readRange(header, 100)).toEqual(range);
});

it('takes samples all over what is recorded', () => {
  expect(
    sampleTimes([
      { start: 0, end: 100 },
      { start: 1000, end: 1100 },
    ]),
  ).toEqual([0, 1000, 1090]);
});

describe('exports', () => {
  openTown();

  it('are asked for, done, fetched, and proved', async () => {
    const asked = await ask(ivan);
    expect(asked).toMatchObject({
      state: { status: 'queued', place: 1 },
      createdBy: 'ivan',
      progress: { doneMs: 0, totalMs: 40_000, bytes: 0 },
      files: [],
    });
    await work();
    const done = await read(asked.id);
    expect(done).toMatchObject({
      state: { status: 'done', at: iso(noon), expiresAt: iso(noon + 7 * 86_400_000) },
      progress: { doneMs: 40_000, totalMs: 40_000 },
      files: [
        { name: '001-2026-11-20T105950Z.mp4', kind: 'video', cameraId: 'p1' },
        { name: '002-2026-11-20T105950Z.mp4', kind: 'video', cameraId: 'p2' },
        { name: 'manifest.json', kind: 'manifest' },
      ],
    });
    expect(done.progress.bytes).toBe(done.files.reduce((sum, { bytes }) => sum + bytes, 0));
    for (const file of done.files) {
      const response = await ivan.send('GET', `/api/exports/${asked.id}/files/${file.name}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
      expect(response.headers.get('content-length')).toBe(String(file.bytes));
    }
    const { isFine, manifest } = await verifyExport(wholeFolder(path.join(directory, asked.id)));
    expect(isFine).toBe(true);
    expect(manifest?.export).toMatchObject({
      reason: 'Asked for by the court',
      requestedBy: { name: 'ivan', displayName: 'ivan' },
    });
  });

  it('are given in parts', async () => {
    const { id } = await ask(ivan);
    await work();
    const [file] = (await read(id)).files;
    const address = `/api/exports/${id}/files/${file?.name ?? ''}`;
    const whole = Buffer.from(await (await ivan.send('GET', address)).arrayBuffer());
    const part = await ivan.send('GET', address, undefined, { range: 'bytes=1000-1999' });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes 1000-1999/${whole.length}`,
    ]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(1000, 2000));
    const etag = part.headers.get('etag') ?? '';
    const send = async (headers: Record<string, string>) =>
      (await ivan.send('GET', address, undefined, headers)).status;
    expect(await send({ range: 'bytes=5-', 'if-range': etag })).toBe(206);
    expect(await send({ range: 'bytes=5-', 'if-range': '"another"' })).toBe(200);
    expect(await send({ range: `bytes=${whole.length}-` })).toBe(416);
    const head = await ivan.send('HEAD', address);
    expect([head.status, head.headers.get('content-length'), (await head.text()).length]).toEqual([
      200,
      String(whole.length),
      0,
    ]);
  });

  it('are written down: asked for, fetched, deleted', async () => {
    const { id } = await ask(ivan);
    await work();
    const names = (await read(id)).files.map(({ name }) => name);
    for (const name of [...names, ...names]) await ivan.send('GET', `/api/exports/${id}/files/${name}`);
    await ivan.send('DELETE', `/api/exports/${id}`);
    const rows = await held.store.db
      .selectFrom('audit')
      .selectAll()
      .where('kind', 'like', 'export-%')
      .orderBy('id')
      .execute();
    expect(rows.map(({ kind, camera_id }) => [kind, camera_id])).toEqual([
      ['export-requested', 'p1'],
      ['export-requested', 'p2'],
      ['export-downloaded', 'p1'],
      ['export-downloaded', 'p2'],
      ['export-downloaded', null],
      ['export-deleted', null],
    ]);
    expect(rows[0]).toMatchObject({ user_name: 'ivan', details: { export: id, reason: request.reason } });
  });

  it('are nobody else’s, but for administrators', async () => {
    const { id } = await ask(ivan);
    await work();
    const name = 'manifest.json';
    const olga = await at.as('olga');
    expect(await olga.json('GET', '/api/exports')).toEqual([]);
    for (const [method, where] of [
      ['GET', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['DELETE', ''],
      ['GET', `/files/${name}`],
    ] as const)
      expect(await codeOf(await olga.send(method, `/api/exports/${id}${where}`))).toBe('not-found');
    const boss = await at.as('boss');
    expect(await boss.json('GET', '/api/exports')).toMatchObject([{ id, createdBy: 'ivan' }]);
    expect((await boss.send('GET', `/api/exports/${id}/files/${name}`)).status).toBe(200);
  });

  it('need the right on every camera, to begin with and to fetch', async () => {
    expect(await codeOf(await (await at.as('olga')).send('POST', '/api/exports', request))).toBe(
      'not-permitted',
    );
    expect(
      await codeOf(await ivan.send('POST', '/api/exports', { ...request, cameraIds: ['p1', 'nowhere'] })),
    ).toBe('not-found');
    const { id } = await ask(ivan);
    await work();
    await (
      await at.as('boss')
    ).json('PATCH', `/api/users/${at.idOf('ivan')}`, {
      grants: [grant('*', 'playback')],
    });
    expect(await codeOf(await ivan.send('GET', `/api/exports/${id}/files/manifest.json`))).toBe(
      'not-permitted',
    );
  });

  it('stop when the right is lost, and go on when it is back', async () => {
    const { id } = await ask(ivan);
    const free = hold();
    await runner().round();
    const boss = await at.as('boss');
    await boss.json('PATCH', `/api/users/${at.idOf('ivan')}`, { grants: [grant('police', 'playback')] });
    await runner().round();
    expect((await read(id)).state).toMatchObject({
      status: 'failed',
      code: 'not-permitted',
      canResume: true,
    });
    expect(await codeOf(await ivan.send('POST', `/api/exports/${id}/resume`))).toBe('not-permitted');
    await boss.json('PATCH', `/api/users/${at.idOf('ivan')}`, { grants: [grant('police', 'export')] });
    free();
    await ivan.json('POST', `/api/exports/${id}/resume`);
    await work();
    expect((await read(id)).state.status).toBe('done');
  });

  it('are paused, resumed and cancelled, with their files', async () => {
    const { id } = await ask(ivan);
    const free = hold();
    await runner().round();
    expect((await read(id)).state.status).toBe('running');
    expect((await ivan.json<Export>('POST', `/api/exports/${id}/pause`)).state.status).toBe('paused');
    expect(at.recordings.openCursors).toBe(0);
    expect(await codeOf(await ivan.send('POST', `/api/exports/${id}/pause`))).toBe('wrong-state');
    await runner().round();
    expect((await read(id)).state.status).toBe('paused');
    free();
    expect((await ivan.json<Export>('POST', `/api/exports/${id}/resume`)).state.status).toBe('queued');
    await work();
    expect((await read(id)).state.status).toBe('done');
    expect(existsSync(path.join(directory, id))).toBe(true);
    expect((await ivan.json<Export>('DELETE', `/api/exports/${id}`)).state.status).toBe('cancelled');
    expect(existsSync(path.join(directory, id))).toBe(false);
    expect(await codeOf(await ivan.send('GET', `/api/exports/${id}/files/manifest.json`))).toBe('not-found');
    expect(await codeOf(await ivan.send('DELETE', `/api/exports/${id}`))).toBe('wrong-state');
  });

  it('run ten at once, by turns of their owners', async () => {
    const { id } = await ask(ivan);
    await insertWaiting('ivan', 14);
    await insertWaiting('boss', 3);
    hold();
    await runner().round();
    const rows = await held.store.db.selectFrom('exports').select(['status', 'user_id']).execute();
    const running = rows.filter(({ status }) => status === 'running');
    expect(running).toHaveLength(10);
    expect(running.filter(({ user_id }) => user_id === at.idOf('boss'))).toHaveLength(3);
    const places = (await ivan.json<Export[]>('GET', '/api/exports')).flatMap(({ state }) =>
      state.status === 'queued' ? [state.place] : [],
    );
    expect(places.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await ivan.json('DELETE', `/api/exports/${id}`);
    await runner().round();
    expect(
      await held.store.db.selectFrom('exports').select('id').where('status', '=', 'running').execute(),
    ).toHaveLength(10);
  });

  it('go on in the next process where the last one was killed', async () => {
    const { id } = await ask(ivan);
    let frames = 0;
    at.recordings.beforeFrame = async (_camera, signal) => {
      if ((frames += 1) < 400) return;
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      await promise;
    };
    await runner().round();
    await expect.poll(() => frames).toBe(400);
    const before = readdirSync(path.join(directory, id));
    expect(before).toContain('journal.json');
    // The process is gone; its claim is not.
    const next = await startPastApp(held.store, { join: at, exports: settings });
    const nextRunner = next.app.exports;
    await nextRunner?.round();
    expect(next.recordings.calls).toEqual([]);
    at.clock.pass(11_000);
    await nextRunner?.round();
    await nextRunner?.idle();
    expect((await read(id)).state.status).toBe('done');
    expect((await verifyExport(wholeFolder(path.join(directory, id)))).isFine).toBe(true);
    // 50 frames of each of 16 and 6 GOPs; what the first process made safe is not read again.
    expect(next.recordings.calls.filter((call) => call.startsWith('next')).length).toBeLessThan(800);
    // No picture is lost, and none is there twice.
    const { id: undisturbed } = await ask(await next.as('ivan'));
    await nextRunner?.round();
    await nextRunner?.idle();
    expect(films(id)).toEqual(films(undisturbed));
    expect(films(id).map(({ pictures }) => pictures)).toEqual([750, 250]);
    await next.app.close();
  });

  it('of another BFF say where they are instead of that they are not', async () => {
    const { id } = await ask(ivan);
    await work();
    expect(await read(id)).toMatchObject({ signedBy: runner().fingerprint });
    const other = mkdtempSync(path.join(tmpdir(), 'parapet-exports-'));
    const next = await startPastApp(held.store, { join: at, exports: { ...settings, directory: other } });
    const there = await next.as('ivan');
    const seen = await read(id, there);
    expect(seen).toMatchObject({ isElsewhere: true, state: { status: 'done' } });
    expect(seen.signedBy).toBeUndefined();
    const answer = await there.send('GET', `/api/exports/${id}/files/manifest.json`);
    expect(await answer.json()).toMatchObject({
      code: 'not-supported',
      detail: expect.stringContaining('Another server') as unknown,
    });
    await next.app.close();
    rmSync(other, { recursive: true });
  });

  it('of another BFF’s folder are left to it', async () => {
    const { id } = await ask(ivan);
    const other = mkdtempSync(path.join(tmpdir(), 'parapet-exports-'));
    const next = await startPastApp(held.store, { join: at, exports: { ...settings, directory: other } });
    await next.app.exports?.round();
    expect((await read(id)).state.status).toBe('queued');
    await next.app.close();
    rmSync(other, { recursive: true });
  });

  it('wait for a recorder that fails, and fail for good when it stays away, to be resumed', async () => {
    const { id } = await ask(ivan);
    at.recordings.error = new VmsError('unavailable', 'gone');
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    await work();
    expect((await read(id)).state).toMatchObject({
      status: 'failed',
      code: 'vms-unavailable',
      canResume: true,
    });
    at.recordings.error = undefined;
    await ivan.json('POST', `/api/exports/${id}/resume`);
    await work();
    random.mockRestore();
    expect((await read(id)).state.status).toBe('done');
  });

  it('of what no film can be made of are refused by the camera’s name, or fail once', async () => {
    at.recordings.codec = 'MJPEG';
    const refused = await ivan.send('POST', '/api/exports', request);
    expect(await refused.json()).toMatchObject({
      code: 'codec-unsupported',
      detail: expect.stringContaining('camera p1') as unknown,
    });
    expect(await ivan.json('POST', '/api/exports/estimate', request)).toMatchObject({
      cameras: [{ cameraId: 'p1', cannot: 'codec-unsupported' }, { cannot: 'codec-unsupported' }],
    });
    at.recordings.codec = 'H264';
    const { id } = await ask(ivan);
    at.recordings.codec = 'MJPEG';
    await work();
    expect((await read(id)).state).toMatchObject({
      status: 'failed',
      code: 'codec-unsupported',
      canResume: false,
    });
    expect(await codeOf(await ivan.send('POST', `/api/exports/${id}/resume`))).toBe('wrong-state');
  });

  it('are estimated before, about right, and refused where there is no room or nothing to export', async () => {
    const estimate = await ivan.json<{ bytes: number; cameras: unknown[] }>(
      'POST',
      '/api/exports/estimate',
      request,
    );
    expect(estimate).toMatchObject({
      cameras: [
        { cameraId: 'p1', recordedMs: 30_000 },
        { cameraId: 'p2', recordedMs: 10_000 },
      ],
      queued: 0,
      canWatermark: false,
    });
    const { id } = await ask(ivan);
    await work();
    const { bytes } = (await read(id)).progress;
    expect(Math.abs(estimate.bytes / bytes - 1)).toBeLessThan(0.2);
    expect(await codeOf(await ivan.send('POST', '/api/exports', { ...request, hasWatermark: true }))).toBe(
      'not-supported',
    );
    const empty = { ...request, start: iso(noon + 1000), end: iso(noon + 2000) };
    expect(await codeOf(await ivan.send('POST', '/api/exports', empty))).toBe('no-recording');
    const small = await startPastApp(held.store, {
      join: at,
      exports: { ...settings, quotaBytes: bytes + 100 },
    });
    const there = await small.as('ivan');
    expect(await codeOf(await there.send('POST', '/api/exports', request))).toBe('quota-exceeded');
    await there.send('DELETE', `/api/exports/${id}`);
    expect((await ask(there)).state.status).toBe('queued');
    await small.app.close();
  });

  it('have a copy with a watermark beside each film where there is a transcoder, and a place in the estimate', async () => {
    const copied: string[] = [];
    const transcoder = {
      name: 'a pretend transcoder',
      copy: async (files: { directory: string; from: string; to: string; words: string }) => {
        copied.push(readFileSync(path.join(files.directory, files.words), 'utf8'));
        await copyFile(path.join(files.directory, files.from), path.join(files.directory, files.to));
      },
    };
    const other = await startPastApp(held.store, {
      join: at,
      exports: { ...settings, findTranscoder: () => Promise.resolve(transcoder) },
    });
    const there = await other.as('ivan');
    const estimate = (hasWatermark: boolean) =>
      there.json<{ bytes: number }>('POST', '/api/exports/estimate', { ...request, hasWatermark });
    const plain = await estimate(false);
    expect(plain).toMatchObject({ canWatermark: true });
    expect((await estimate(true)).bytes).toBe(2 * plain.bytes);
    const { id, hasWatermark } = await ask(there, { hasWatermark: true });
    expect(hasWatermark).toBe(true);
    await other.app.exports?.round();
    await other.app.exports?.idle();
    const { files, state } = await read(id, there);
    expect(state.status).toBe('done');
    expect(files.map(({ kind, cameraId }) => [kind, cameraId])).toEqual([
      ['video', 'p1'],
      ['video', 'p2'],
      ['watermarked', 'p1'],
      ['watermarked', 'p2'],
      ['manifest', undefined],
    ]);
    expect(copied[0]).toMatch(/ivan.*2026-11-20 12:00:00 UTC\nCopy, not evidence: Case 7$/i);
    const name = files[2]?.name ?? '';
    const film = await there.send('GET', `/api/exports/${id}/files/${name}`);
    expect([film.status, film.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    expect((await film.arrayBuffer()).byteLength).toBe(files[2]?.bytes);
    await other.app.close();
  });

  it('expire, and their files with them', async () => {
    const { id } = await ask(ivan);
    await work();
    at.clock.pass(7 * 86_400_000 + 1);
    const again = await at.as('ivan');
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000);
    await runner().round();
    vi.restoreAllMocks();
    expect(await read(id, again)).toMatchObject({ state: { status: 'expired' }, files: [] });
    expect(existsSync(path.join(directory, id))).toBe(false);
  });

  it.each(['paused', 'failed'] as const)('that are %s expire as well', async (status) => {
    const { id } = await ask(ivan);
    const free = hold();
    await runner().round();
    if (status === 'paused') await ivan.json('POST', `/api/exports/${id}/pause`);
    else {
      at.recordings.error = new VmsError('unknown-camera', 'gone');
      free();
      await runner().idle();
    }
    expect((await read(id)).state.status).toBe(status);
    expect(existsSync(path.join(directory, id))).toBe(true);
    let skipped = 0;
    const pass = async (ms: number) => {
      at.clock.pass(ms);
      vi.spyOn(performance, 'now').mockReturnValue(performance.now() + (skipped += 61_000));
      await runner().round();
      vi.restoreAllMocks();
      return (await read(id, await at.as('ivan'))).state.status;
    };
    expect(await pass(7 * 86_400_000 - 1)).toBe(status);
    expect(await pass(1)).toBe('expired');
    expect(existsSync(path.join(directory, id))).toBe(false);
  });

  it('tell administrators’ pages as well, and nobody else’s', async () => {
    const heardBy = async (name: string) => {
      const leaving = new AbortController();
      const response = await (await at.as(name)).send('GET', '/api/news', undefined, {}, leaving.signal);
      let heard = '';
      const listening = (async () => {
        for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) heard += text;
      })().catch(() => undefined);
      return {
        heard: () => heard,
        end: async () => {
          leaving.abort();
          await listening;
        },
      };
    };
    const [boss, olga] = [await heardBy('boss'), await heardBy('olga')];
    const { id } = await ask(ivan);
    await expect.poll(boss.heard).toContain(id);
    expect(olga.heard()).not.toContain(id);
    await boss.end();
    await olga.end();
  });

  it('tell their owner’s pages how far they are', async () => {
    const leaving = new AbortController();
    const response = await ivan.send('GET', '/api/news', undefined, {}, leaving.signal);
    const heard: unknown[] = [];
    const listening = (async () => {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
        for (const [, json] of text.matchAll(/^data: (.*)$/gm))
          heard.push(News.parse(JSON.parse(json ?? '')));
    })();
    const { id } = await ask(ivan);
    await work();
    await expect
      .poll(() => heard)
      .toEqual(
        expect.arrayContaining([
          {
            kind: 'export',
            exportId: id,
            status: 'queued',
            progress: { doneMs: 0, totalMs: 40_000, bytes: 0 },
          },
          expect.objectContaining({ kind: 'export', status: 'running' }),
          expect.objectContaining({
            status: 'done',
            progress: expect.objectContaining({ doneMs: 40_000, totalMs: 40_000 }) as unknown,
          }),
        ]),
      );
    leaving.abort();
    await listening.catch(() => undefined);
  });

  it('are not there where nobody said where to keep them', async () => {
    const without = await startPastApp(held.store, { join: at });
    const there = await without.as('ivan');
    expect(await codeOf(await there.send('POST', '/api/exports', request))).toBe('not-supported');
    await without.app.close();
  });

  it('keep the key readable for its owner only, and out of every answer', () => {
    const pem = readFileSync(path.join(directory, 'evidence-key.pem'), 'utf8');
    expect(pem).toContain('PRIVATE KEY');
    expect(at.log.join('')).not.toContain(pem.split('\n')[1]);
  });
});
