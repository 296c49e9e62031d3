import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { iso, rtaId } from '#mocks/rta/site.ts';
import { createFairLanes } from '#server/recordings/fair-lanes.ts';
import { startPastApp } from '#server/recordings/testing/past-town.ts';
import { FakeRecordings } from '#server/recordings/testing/fake-recordings.ts';
import type { RecordedSpan, VmsFilm, VmsRecordings } from '#server/vms/recordings.ts';
import { cameras as rtaCameras, startSite, vmsFor } from '#server/vms/rta/testing/rta-site.ts';
import { VmsError } from '#server/vms/vms.ts';
import { runExport } from './export-job.ts';
import {
  openTown,
  ask,
  at,
  codeOf,
  held,
  ivan,
  read,
  request,
  runner,
  settings,
  work,
} from './testing/exports-town.ts';
import { folder, never, noon, orderOf, parts } from './testing/one-export.ts';
import { verifyExport, wholeFolder } from './verify/verify.ts';
import { filmsOf } from './vms-films.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });
const hour = 3_600_000;

/** Bytes of a film of this camera and time. */
const filmBytes = (cameraId: string, { start }: RecordedSpan): Buffer =>
  Buffer.alloc(100_000, `${cameraId} ${start} `);

interface FilmMaker {
  /** What was asked for, in order. */
  readonly asked: { cameraId: string; within: RecordedSpan; signal: AbortSignal }[];
  /** Changes a film before it is given. */
  change: (film: VmsFilm, number: number) => VmsFilm;
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += 30_000) yield await Promise.resolve(bytes.subarray(i, i + 30_000));
}

/** A VMS that gives films and no frames. */
function filming(recordings: FakeRecordings): FilmMaker {
  const maker: FilmMaker = { asked: [], change: (film) => film };
  const exportFilm: NonNullable<VmsRecordings['exportFilm']> = async (cameraId, within, signal) => {
    const number = maker.asked.push({ cameraId, within, signal });
    const bytes = filmBytes(cameraId, within);
    return await Promise.resolve(
      maker.change({ mediaType: 'video/mp4', bytes: bytes.length, body: inPieces(bytes) }, number),
    );
  };
  Object.assign(recordings, { exportFilm });
  recordings.can = { ...recordings.can, nativeFrames: false };
  return maker;
}

/** A camera for two and a half hours, with a gap in the first one. */
function site() {
  const recordings = new FakeRecordings();
  recordings.recorded.set('a', [
    { start: noon, end: noon + 600_000 },
    { start: noon + 1_200_000, end: noon + 3 * hour },
  ]);
  const maker = filming(recordings);
  const order = orderOf({
    range: { start: noon, end: noon + 2.5 * hour },
    cameras: [{ id: 'a', number: 7, name: 'Gate', recordings, lanes: createFairLanes(4) }],
  });
  return { recordings, maker, order };
}
const filmsIn = (directory: string): string[] =>
  readdirSync(directory).filter((name) => !name.endsWith('.json'));

it('asks for films by the hour, for what is recorded of each', () => {
  const recorded = [
    { start: -hour, end: 600_000 },
    { start: 1_200_000, end: 3_000_000 },
    { start: 2.25 * hour, end: 9 * hour },
  ];
  expect(filmsOf({ start: 0, end: 2.5 * hour }, recorded)).toEqual([
    { start: 0, end: 3_000_000 },
    { start: 2.25 * hour, end: 2.5 * hour },
  ]);
  expect(filmsOf({ start: 4_000_000, end: 5_000_000 }, recorded)).toEqual([]);
});

describe('an export where the VMS gives no frames', () => {
  it('has the films that the VMS made, to the byte, hashed, chained and signed', async () => {
    const directory = folder();
    const { order, maker } = site();
    const files = await runExport(order, parts(directory), never);
    expect(maker.asked.map(({ within }) => within)).toEqual([
      { start: noon, end: noon + hour },
      { start: noon + hour, end: noon + 2 * hour },
      { start: noon + 2 * hour, end: noon + 2.5 * hour },
    ]);
    expect(files.map(({ name, kind, cameraId }) => [name, kind, cameraId])).toEqual([
      ['007-2026-11-20T120000Z.mp4', 'vms-film', 'a'],
      ['007-2026-11-20T130000Z.mp4', 'vms-film', 'a'],
      ['007-2026-11-20T140000Z.mp4', 'vms-film', 'a'],
      ['manifest.json', 'manifest', undefined],
    ]);
    const bytes = filmBytes('a', { start: noon, end: noon + hour });
    expect(readFileSync(path.join(directory, files[0]!.name))).toEqual(bytes);
    const { manifest, isFine, findings } = await verifyExport(wholeFolder(directory));
    expect(isFine).toBe(true);
    expect(manifest?.cameras[0]).toEqual({
      id: 'a',
      number: 7,
      name: 'Gate',
      gaps: [{ from: '2026-11-20T12:10:00.000Z', to: '2026-11-20T12:20:00.000Z' }],
      files: [],
      vmsFilms: expect.arrayContaining([
        {
          name: '007-2026-11-20T120000Z.mp4',
          kind: 'vms-film',
          mediaType: 'video/mp4',
          bytes: 100_000,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          from: '2026-11-20T12:00:00.000Z',
          to: '2026-11-20T13:00:00.000Z',
        },
      ]),
    });
    expect(manifest?.chain.map(({ name }) => name)).toEqual(files.slice(0, 3).map(({ name }) => name));
    const notes = findings.filter(({ verdict }) => verdict === 'note').map(({ words }) => words);
    expect(notes[0]).toMatch(/^007-2026-11-20T120000Z\.mp4 was made by the video management system/);
    appendFileSync(path.join(directory, files[1]!.name), 'x');
    expect((await verifyExport(wholeFolder(directory))).isFine).toBe(false);
  });

  it('keeps what is complete and asks for the rest again when one breaks off', async () => {
    const directory = folder();
    const { order, maker } = site();
    maker.change = (film, number) =>
      number !== 2
        ? film
        : {
            ...film,
            body: (async function* () {
              yield await Promise.resolve(Buffer.alloc(50_000));
              throw new VmsError('unavailable', 'The file broke off');
            })(),
          };
    await expect(runExport(order, parts(directory), never)).rejects.toMatchObject({
      code: 'vms-unavailable',
    });
    expect(filmsIn(directory)).toEqual(['007-2026-11-20T120000Z.mp4']);
    await runExport(order, parts(directory), never);
    expect(maker.asked.map(({ within }) => (within.start - noon) / hour)).toEqual([0, 1, 1, 2]);
    expect((await verifyExport(wholeFolder(directory))).isFine).toBe(true);
  });

  it('takes anew what was changed on the disk since', async () => {
    const directory = folder();
    const { order, maker } = site();
    maker.change = (film, number) => {
      if (number !== 2) return film;
      appendFileSync(path.join(directory, '007-2026-11-20T120000Z.mp4'), 'x');
      throw new VmsError('unavailable', 'away');
    };
    await expect(runExport(order, parts(directory), never)).rejects.toThrow();
    await runExport(order, parts(directory), never);
    expect((await verifyExport(wholeFolder(directory))).isFine).toBe(true);
  });

  it.each<[string, (film: VmsFilm) => VmsFilm]>([
    ['shorter than was promised', (film) => ({ ...film, bytes: 100_001 })],
    ['empty', (film) => ({ ...film, bytes: undefined, body: inPieces(Buffer.alloc(0)) })],
  ])('does not take a film that is %s', async (_what, change) => {
    const directory = folder();
    const { order, maker } = site();
    maker.change = change;
    await expect(runExport(order, parts(directory), never)).rejects.toMatchObject({
      code: 'vms-unavailable',
    });
    expect(filmsIn(directory)).toEqual([]);
  });

  it('stops in the middle of a film when told, lets go of the VMS, and leaves nothing of it', async () => {
    const directory = folder();
    const { order, maker } = site();
    let pieces = 0;
    const onProgress = (): Promise<void> =>
      ++pieces === 2 ? Promise.reject(new Error('the disk is full')) : Promise.resolve();
    await expect(runExport(order, parts(directory, { onProgress }), never)).rejects.toThrow(
      'the disk is full',
    );
    expect(maker.asked[0]!.signal.aborted).toBe(true);
    expect(filmsIn(directory)).toEqual([]);
    const stopping = new AbortController();
    maker.change = (film) => ({
      ...film,
      body: (async function* () {
        yield await Promise.resolve(Buffer.alloc(50_000));
        stopping.abort(new Error('enough'));
        await new Promise(() => undefined);
      })(),
    });
    await expect(runExport(order, parts(directory), stopping.signal)).rejects.toThrow('enough');
    expect(maker.asked.at(-1)!.signal.aborted).toBe(true);
    expect(filmsIn(directory)).toEqual([]);
  });

  it('says of films in unknown forms what the VMS calls them, if that is a type at all', async () => {
    const directory = folder();
    const { order, maker } = site();
    const types = ['video/x-matroska; codecs="avc1"', 'application/vnd.milestone', 'evil\n"type'];
    maker.change = (film, number) => ({ ...film, mediaType: types[number - 1] ?? '' });
    await runExport(order, parts(directory), never);
    const { manifest } = await verifyExport(wholeFolder(directory));
    expect(manifest?.cameras[0]?.vmsFilms?.map(({ name, mediaType }) => [name.slice(23), mediaType])).toEqual(
      [
        ['mkv', 'video/x-matroska'],
        ['bin', 'application/vnd.milestone'],
        ['bin', 'application/octet-stream'],
      ],
    );
  });

  it('is made of frames where there are some, whatever else the VMS offers', async () => {
    const directory = folder();
    const { order, maker, recordings } = site();
    recordings.can = { ...recordings.can, nativeFrames: true };
    const files = await runExport(
      { ...order, range: { start: noon, end: noon + 5000 } },
      parts(directory),
      never,
    );
    expect(files.map(({ kind }) => kind)).toEqual(['video', 'manifest']);
    expect(maker.asked).toEqual([]);
  });

  it('is `POST /api/export` of the requirements’ server, where it plays no recordings', async () => {
    const directory = folder();
    const rta = await startSite();
    onTestFinished(() => rta.close());
    const vms = vmsFor(rta, {}, { exportPace: { atOnce: 2, pollMs: [5, 20] } });
    onTestFinished(() => vms.close());
    const finishing = setInterval(() => rta.finishExports(), 10);
    onTestFinished(() => clearInterval(finishing));
    const id = rtaId(rtaCameras[0]!);
    const end = Math.floor(Date.now() / 1000) * 1000 - hour;
    const range = { start: end - 300_000, end };
    const cameras = [{ id, number: 1, name: 'Gate', recordings: vms.recordings!, lanes: createFairLanes(4) }];
    const [film] = await runExport({ ...site().order, range, cameras }, parts(directory), never);
    expect(film).toMatchObject({ kind: 'vms-film', cameraId: id, bytes: 300_000 });
    const text = readFileSync(path.join(directory, film!.name), 'latin1');
    expect(text.startsWith(`${id} ${iso(range.start)} ${iso(range.end)} `)).toBe(true);
    expect((await verifyExport(wholeFolder(directory))).isFine).toBe(true);
  });
});

describe('the API', () => {
  openTown();

  it('says that the VMS makes the film, offers no copy of it, and gives it as it came', async () => {
    filming(at.recordings);
    const estimate = await ivan.json('POST', '/api/exports/estimate', request);
    expect(estimate).toMatchObject({
      cameras: [
        { cameraId: 'p1', recordedMs: 30_000, isMadeByVms: true },
        { cameraId: 'p2', recordedMs: 10_000, isMadeByVms: true },
      ],
      bytes: 0,
      canWatermark: false,
    });
    const { vms } = await ivan.json<{ vms: object[] }>('GET', '/api/recordings/abilities');
    expect(vms).toContainEqual(expect.objectContaining({ nativeFrames: false, makesFilms: true }));
    const copying = { name: 'a pretend transcoder', copy: () => Promise.resolve() };
    const other = await startPastApp(held.store, {
      join: at,
      exports: { ...settings, findTranscoder: () => Promise.resolve(copying) },
    });
    filming(other.recordings);
    const there = await other.as('ivan');
    expect(await there.json('POST', '/api/exports/estimate', request)).toMatchObject({ canWatermark: false });
    const refused = await there.send('POST', '/api/exports', { ...request, hasWatermark: true });
    expect(await codeOf(refused)).toBe('not-supported');
    await other.app.close();
    const { id } = await ask(ivan);
    await work();
    const done = await read(id);
    expect(done).toMatchObject({
      state: { status: 'done' },
      progress: { doneMs: 40_000, totalMs: 40_000 },
      files: [
        { kind: 'vms-film', cameraId: 'p1' },
        { kind: 'vms-film', cameraId: 'p2' },
        { kind: 'manifest' },
      ],
    });
    const response = await ivan.send('GET', `/api/exports/${id}/files/${done.files[0]!.name}`);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(done.files[0]!.sha256);
    expect(runner().fingerprint).toBe(done.signedBy);
  });
});
