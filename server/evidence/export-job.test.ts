import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import { createFairLanes } from '#server/recordings/fair-lanes.ts';
import { FakeRecordings, frameMs, gopMs } from '#server/recordings/testing/fake-recordings.ts';
import { momentsIn, readFragments } from '#server/recordings/testing/read-fragments.ts';
import type { RecordedFrame } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { runExport } from './export-job.ts';
import type { Step } from './export-writer.ts';
import { fingerprintOf, type Manifest, signed } from './manifest.ts';
import { openSigningKey, readFingerprint } from './signing-key.ts';
import { folder, key, never, noon, orderOf, parts } from './testing/one-export.ts';
import { exportsNamed, verifyExport, wholeFolder } from './verify/verify.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Two cameras for half a minute: one always, one in two pieces with new parameter sets in the second. */
function site() {
  const recordings = new FakeRecordings();
  recordings.recorded.set('a', [{ start: noon - 60_000, end: noon + 60_000 }]);
  recordings.recorded.set('b', [
    { start: noon - 60_000, end: noon + 5000 },
    { start: noon + 20_000, end: noon + 60_000 },
  ]);
  const usual = recordings.parameterSetsAt(0, 'b');
  const other = [usual[0] ?? new Uint8Array(), Uint8Array.of(0x68, 0xce, 0x0f, 0xc9)];
  recordings.parameterSetsAt = (timeMs, cameraId) =>
    cameraId === 'a' || timeMs < noon + 24_000 ? usual : other;
  const lanes = createFairLanes(4);
  const order = orderOf({
    range: { start: noon + 500, end: noon + 30_000 },
    cameras: [
      { id: 'a', number: 7, name: 'Gate', recordings, lanes },
      { id: 'b', number: 12, name: 'Yard', recordings, lanes },
    ],
  });
  return { recordings, order };
}

/** A recorder that keeps a keyframe now and then, and nothing else. */
function keepEvery(recordings: FakeRecordings, stepMs: number): void {
  const open = recordings.cursor.bind(recordings);
  recordings.cursor = async (...asked) => {
    const cursor = await open(...asked);
    let at = 0;
    const frame = async (timeMs: number, signal: AbortSignal): Promise<RecordedFrame | undefined> => {
      at = Math.floor(timeMs / stepMs) * stepMs;
      const found = await cursor.at(at, { keyframe: true }, signal);
      return found && { ...found, timeMs: at };
    };
    return {
      ...cursor,
      at: (timeMs, _options, signal) => frame(timeMs, signal),
      next: (signal) => frame(at + stepMs, signal),
    };
  };
}

/** What is in the folder, but for the journal. */
const contents = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory)
      .filter((name) => name !== 'journal.json')
      .sort()
      .map((name) => [name, readFileSync(path.join(directory, name)).toString('base64')]),
  );

describe('an export', () => {
  it('has every picture of the range once, by camera, and leaves gaps out', async () => {
    const directory = folder();
    const { order } = site();
    const files = await runExport(order, parts(directory), never);
    expect(files.map(({ name, kind, cameraId }) => [name, kind, cameraId])).toEqual([
      ['007-2026-11-20T120000Z.mp4', 'video', 'a'],
      ['012-2026-11-20T120000Z.mp4', 'video', 'b'],
      ['012-2026-11-20T120024Z.mp4', 'video', 'b'],
      ['manifest.json', 'manifest', undefined],
    ]);
    const moments = (name: string) => momentsIn(readFileSync(path.join(directory, name)));
    const every = (from: number, to: number) =>
      Array.from({ length: (to - from) / frameMs }, (_, i) => noon + from + i * frameMs);
    expect(moments(files[0]?.name ?? '')).toEqual(every(0, 30_000));
    expect(moments(files[1]?.name ?? '')).toEqual([
      ...every(0, 4000),
      ...every(4000, 5000),
      ...every(20_000, 24_000),
    ]);
    expect(moments(files[2]?.name ?? '')).toEqual(every(24_000, 30_000));
    const { fragments } = readFragments(readFileSync(path.join(directory, files[1]?.name ?? '')));
    expect(fragments.map(([first]) => first?.time)).toEqual([0, 2000, 4000, 5000, 7000]);
    const { manifest } = await verifyExport(wholeFolder(directory));
    expect(manifest?.cameras[1]).toMatchObject({
      gaps: [{ from: '2026-11-20T12:00:05.000Z', to: '2026-11-20T12:00:20.000Z' }],
      files: [
        {
          pictures: 225,
          codec: 'avc1.42c01e',
          pieces: [
            { atMs: 0, from: '2026-11-20T12:00:00.000Z', to: '2026-11-20T12:00:05.000Z' },
            { atMs: 5000, from: '2026-11-20T12:00:20.000Z', to: '2026-11-20T12:00:24.000Z' },
          ],
        },
        { pieces: [{ atMs: 0 }] },
      ],
    });
  });

  it('of a camera that recorded nothing says so', async () => {
    const directory = folder();
    const { order, recordings } = site();
    recordings.recorded.set('a', [{ start: noon + 10_000, end: noon + 12_000 }]);
    recordings.recorded.delete('b');
    await runExport(order, parts(directory), never);
    const { manifest, isFine } = await verifyExport(wholeFolder(directory));
    expect(isFine).toBe(true);
    expect(manifest?.cameras.map(({ gaps, files }) => [gaps.length, files.length])).toEqual([
      [2, 1],
      [1, 0],
    ]);
  });

  it('does not begin with what was recorded before a gap', async () => {
    const directory = folder();
    const { order, recordings } = site();
    recordings.recorded.set('a', [
      { start: noon - 60_000, end: noon - 10_000 },
      { start: noon + 28_000, end: noon + 60_000 },
    ]);
    await runExport({ ...order, cameras: order.cameras.slice(0, 1) }, parts(directory), never);
    expect(momentsIn(readFileSync(path.join(directory, '007-2026-11-20T120028Z.mp4')))[0]).toBe(
      noon + 28_000,
    );
  });

  it('is the same to the byte wherever it was killed before, whatever lay behind the last safe byte', async () => {
    const whole = folder();
    let steps = 0;
    await runExport(site().order, parts(whole, { onStep: () => void (steps += 1) }), never);
    const expected = contents(whole);
    expect(steps).toBeGreaterThan(30);
    const directory = folder();
    for (let kill = 1; kill <= steps; kill++) {
      rmSync(directory, { recursive: true, force: true });
      let left = kill;
      const onStep = (): void => {
        // Who is dead takes no further step.
        if ((left -= 1) <= 0) throw new Error('killed');
      };
      await expect(runExport(site().order, parts(directory, { onStep }), never)).rejects.toThrow('killed');
      // What the kernel still had is there in part, or followed by half a fragment.
      for (const name of readdirSync(directory).filter((one) => one.endsWith('.mp4')))
        if (kill % 2 === 0) appendFileSync(path.join(directory, name), Buffer.alloc(777, kill));
      const damaged = new Set(
        kill % 2 === 0
          ? Object.keys(contents(directory)).filter(
              (name) => name.endsWith('.mp4') && isComplete(directory, name),
            )
          : [],
      );
      // Complete files are nobody's to touch; what was appended to them is ours to take back.
      for (const name of damaged) {
        const file = path.join(directory, name);
        truncateSync(file, readFileSync(file).length - 777);
      }
      const { recordings, order } = site();
      await runExport(order, parts(directory), never);
      expect(contents(directory), `killed at step ${kill}`).toEqual(expected);
      expect(recordings.openCursors).toBe(0);
    }
  });

  it('goes on from the last checkpoint, not from the beginning', async () => {
    const directory = folder();
    const { order, recordings } = site();
    recordings.padding = 2000;
    let gops = 0;
    const onStep = (step: Step): void => {
      if (gops >= 12 || (step === 'gop-appended' && (gops += 1) === 12)) throw new Error('killed');
    };
    await expect(runExport(order, parts(directory, { onStep }), never)).rejects.toThrow('killed');
    recordings.calls.length = 0;
    await runExport({ ...order, cameras: order.cameras.slice(0, 1) }, parts(directory), never);
    expect(recordings.calls.filter((call) => call === 'next a').length).toBeLessThan((6 * gopMs) / frameMs);
  });

  it('begins a camera anew when the disk has less than it promised', async () => {
    const directory = folder();
    const whole = folder();
    await runExport(site().order, parts(whole), never);
    let gops = 0;
    const onStep = (step: Step): void => {
      if (gops >= 12 || (step === 'gop-appended' && (gops += 1) === 12)) throw new Error('killed');
    };
    const killed = parts(directory, { onStep, checkpointBytes: 0 });
    await expect(runExport(site().order, killed, never)).rejects.toThrow('killed');
    truncateSync(path.join(directory, '007-2026-11-20T120000Z.mp4'), 1000);
    await runExport(site().order, parts(directory), never);
    expect(contents(directory)).toEqual(contents(whole));
  });

  it('of few pictures lets each stand until the next one, and claims no gaps between them', async () => {
    const directory = folder();
    const { order, recordings } = site();
    keepEvery(recordings, 5000);
    const camera = order.cameras.slice(0, 1);
    const range = { start: noon + 2000, end: noon + 30_000 };
    const [film] = await runExport({ ...order, cameras: camera, range }, parts(directory), never);
    const { fragments } = readFragments(readFileSync(path.join(directory, film?.name ?? '')));
    expect(fragments.flat().map(({ time, duration }) => [time, duration])).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => [i * 5000, 5000]),
    );
    const { manifest } = await verifyExport(wholeFolder(directory));
    expect(manifest?.cameras).toMatchObject([
      {
        gaps: [],
        files: [{ pieces: [{ atMs: 0, from: '2026-11-20T12:00:00.000Z', to: '2026-11-20T12:00:30.000Z' }] }],
      },
    ]);
    expect(manifest?.cameras[0]?.withoutPictures).toBeUndefined();
  });

  it('says where the recorder had recorded but gave no pictures, which is no gap', async () => {
    const directory = folder();
    const { order, recordings } = site();
    const spans = recordings.spans.bind(recordings);
    // Retention has moved on when the pictures are asked for.
    recordings.spans = async (...asked) => {
      const found = await spans(...asked);
      recordings.recorded.set('a', [{ start: noon + 10_000, end: noon + 60_000 }]);
      return found;
    };
    await runExport({ ...order, cameras: order.cameras.slice(0, 1) }, parts(directory), never);
    const { manifest } = await verifyExport(wholeFolder(directory));
    expect(manifest?.cameras).toMatchObject([
      {
        gaps: [],
        withoutPictures: [{ from: '2026-11-20T12:00:00.500Z', to: '2026-11-20T12:00:10.000Z' }],
        files: [{ name: '007-2026-11-20T120010Z.mp4' }],
      },
    ]);
  });

  it('reads the last pictures of a recording anew when it was interrupted among them', async () => {
    const directory = folder();
    const whole = folder();
    const { order, recordings } = site();
    const one = { ...order, cameras: order.cameras.slice(0, 1) };
    recordings.recorded.set('a', [{ start: noon - 60_000, end: noon + 20_600 }]);
    const stopped = {
      ...parts(directory),
      checkpointBytes: 0,
      // After the last GOP, which is not a whole one.
      onProgress: (doneMs: number) =>
        doneMs < 20_000 ? Promise.resolve() : Promise.reject(new Error('paused')),
    };
    await expect(runExport(one, stopped, never)).rejects.toThrow('paused');
    recordings.recorded.set('a', [{ start: noon - 60_000, end: noon + 60_000 }]);
    await runExport(one, parts(directory), never);
    await runExport(one, parts(whole), never);
    const film = '007-2026-11-20T120000Z.mp4';
    expect(momentsIn(readFileSync(path.join(directory, film)))).toEqual(
      momentsIn(readFileSync(path.join(whole, film))),
    );
  });

  it('goes on from where an attempt failed, not from the last checkpoint before', async () => {
    const directory = folder();
    const { order, recordings } = site();
    const one = { ...order, cameras: order.cameras.slice(0, 1) };
    let frames = 0;
    recordings.beforeFrame = () =>
      (frames += 1) < 500 ? Promise.resolve() : Promise.reject(new VmsError('unexpected-answer', 'broken'));
    const never60s = parts(directory, { checkpointBytes: Infinity });
    await expect(runExport(one, never60s, never)).rejects.toMatchObject({ code: 'vms-unavailable' });
    recordings.beforeFrame = undefined;
    recordings.calls.length = 0;
    await runExport(one, never60s, never);
    // Fifteen GOPs in all, nine of which were in.
    expect(recordings.calls.filter((call) => call === 'next a').length).toBeLessThan((8 * gopMs) / frameMs);
  });

  it.each(['while it was paused', 'after it was done'])(
    'signs no byte that was changed %s, and exports it anew',
    async (when) => {
      const directory = folder();
      const whole = folder();
      await runExport(site().order, parts(whole), never);
      let gops = 0;
      const paused = {
        ...parts(directory),
        checkpointBytes: 0,
        onProgress: () => ((gops += 1) < 20 ? Promise.resolve() : Promise.reject(new Error('paused'))),
      };
      await expect(runExport(site().order, paused, never)).rejects.toThrow('paused');
      const names = readdirSync(directory).filter((name) => name.endsWith('.mp4'));
      const film = path.join(directory, (when === 'after it was done' ? names[0] : names.at(-1)) ?? '');
      const bytes = readFileSync(film);
      bytes[1500] = (bytes[1500] ?? 0) ^ 1;
      writeFileSync(film, bytes);
      await runExport(site().order, parts(directory), never);
      expect(contents(directory)).toEqual(contents(whole));
    },
  );

  it('of a camera whose system records nothing is all gap', async () => {
    const directory = folder();
    const { order } = site();
    const cameras = [...order.cameras.slice(0, 1), { id: 'c', number: 9, name: 'Listed only' }];
    await runExport({ ...order, cameras }, parts(directory), never);
    const { manifest, isFine } = await verifyExport(wholeFolder(directory));
    expect(isFine).toBe(true);
    expect(manifest?.cameras[1]).toMatchObject({
      name: 'Listed only',
      gaps: [{ from: '2026-11-20T12:00:00.500Z', to: '2026-11-20T12:00:30.000Z' }],
      files: [],
    });
  });

  it('stops when told, at once, and lets go of the recorder', async () => {
    const directory = folder();
    const { order, recordings } = site();
    const ending = new AbortController();
    recordings.frameDelayMs = 1;
    const running = runExport(order, parts(directory), ending.signal);
    setTimeout(() => ending.abort(new Error('paused')), 50);
    await expect(running).rejects.toThrow('paused');
    expect(recordings.openCursors).toBe(0);
  });
});

/** Whether the journal says that the file is complete. */
function isComplete(directory: string, name: string): boolean {
  try {
    const journal = JSON.parse(readFileSync(path.join(directory, 'journal.json'), 'utf8')) as {
      cameras: { files: { name: string; sha256?: string }[] }[];
    };
    return journal.cameras.some(({ files }) =>
      files.some((file) => file.name === name && file.sha256 !== undefined),
    );
  } catch {
    return false;
  }
}

describe('verifying', () => {
  async function exported(): Promise<string> {
    const directory = folder();
    await runExport(site().order, parts(directory), never);
    return directory;
  }
  const wrong = async (named: string, ...fingerprints: string[]): Promise<string[]> => {
    const all = await Promise.all(
      (await exportsNamed([named])).map((one) => verifyExport(one, fingerprints)),
    );
    return all
      .flatMap(({ findings }) => findings)
      .filter(({ verdict }) => verdict === 'wrong')
      .map(({ words }) => words);
  };
  const verifier = (...words: string[]) =>
    spawnSync(process.execPath, [path.join(import.meta.dirname, 'verify/main.ts'), ...words], {
      encoding: 'utf8',
    });

  it('finds an untouched export intact, named by folder, film or manifest', async () => {
    const directory = await exported();
    expect(await wrong(directory)).toEqual([]);
    const film = path.join(directory, '007-2026-11-20T120000Z.mp4');
    const manifest = path.join(directory, 'manifest.json');
    expect(await exportsNamed([film])).toMatchObject([{ manifest }]);
    expect(await wrong(film)).toEqual([]);
    expect(await wrong(manifest)).toEqual([]);
    const { fingerprint = '' } = await verifyExport(wholeFolder(directory));
    expect(await wrong(directory, fingerprint)).toEqual([]);
    expect(await wrong(directory, 'ab'.repeat(32), fingerprint)).toEqual([]);
  });

  it('vouches for no film that the manifest does not know, named or in a folder that is', async () => {
    const directory = await exported();
    const forged = path.join(directory, 'forged.mp4');
    writeFileSync(forged, 'Another film');
    expect(await wrong(forged)).toEqual(['forged.mp4 is not in the manifest: it is no part of this export']);
    expect(await wrong(directory)).toEqual(['forged.mp4 lies beside the export and is no part of it']);
    // Who asks about another film hears of it all the same.
    const film = path.join(directory, '007-2026-11-20T120000Z.mp4');
    expect(await wrong(film)).toEqual([]);
    const said = verifier(film);
    expect([said.status, said.stdout]).toEqual([
      0,
      expect.stringContaining('note   forged.mp4 lies beside the export'),
    ]);
    expect(verifier(film, forged)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('The export is NOT intact.') as unknown,
    });
  });

  it('finds a chain that is broken, though it was signed again', async () => {
    const directory = await exported();
    const file = path.join(directory, 'manifest.json');
    const { manifest } = JSON.parse(readFileSync(file, 'utf8')) as { manifest: Manifest };
    const [first, ...rest] = manifest.chain;
    for (const chain of [rest, [...rest, ...(first === undefined ? [] : [first])]]) {
      writeFileSync(file, JSON.stringify(signed({ ...manifest, chain }, key)));
      expect(await wrong(directory)).toEqual([expect.stringMatching(/^The chain over all files is broken/)]);
    }
  });

  it('prints nothing that a terminal would act on', async () => {
    const directory = await exported();
    const file = path.join(directory, 'manifest.json');
    const { manifest } = JSON.parse(readFileSync(file, 'utf8')) as { manifest: Manifest };
    const evil = '\u001b[8m\u202eX\u2028\nThe export is intact.\r';
    const forged: Manifest = {
      ...manifest,
      product: { name: evil, version: evil },
      export: {
        ...manifest.export,
        title: evil,
        reason: evil,
        requestedBy: { name: evil, displayName: evil },
      },
      cameras: manifest.cameras.map((camera) => ({ ...camera, name: evil })),
      chain: [],
    };
    writeFileSync(file, JSON.stringify(signed(forged, key)));
    writeFileSync(path.join(directory, `\u001b[2J.mp4`), '');
    const { stdout } = verifier(directory);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(stdout.split('\n')).not.toContain('The export is intact.');
    expect(stdout).toMatch(/\nThe export is NOT intact\.\n$/);
  });

  it('checks everything that is named, or says that it cannot be read', async () => {
    const [one, other] = [await exported(), await exported()];
    appendFileSync(path.join(other, '007-2026-11-20T120000Z.mp4'), 'x');
    const both = verifier(one, other);
    expect([both.status, both.stdout]).toEqual([
      1,
      expect.stringMatching(/The export is intact\.[^]*The export is NOT intact\./),
    ]);
    const some = verifier(one, '/nowhere.mp4');
    expect([some.status, some.stderr, some.stdout]).toEqual([
      2,
      '/nowhere.mp4 cannot be read.\n',
      expect.stringContaining('The export is intact.'),
    ]);
    expect(verifier(one, '--fingerprint', 'abc').status).toBe(2);
  });

  it('finds one byte that is another, one that is missing, and a file that is', async () => {
    const directory = await exported();
    const names = readdirSync(directory).filter((name) => name.endsWith('.mp4'));
    const [first = '', second = '', third = ''] = names.map((name) => path.join(directory, name));
    const bytes = readFileSync(first);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    writeFileSync(first, bytes);
    truncateSync(second, readFileSync(second).length - 1);
    rmSync(third);
    expect(await wrong(directory)).toEqual([
      `${names[0]} was changed`,
      expect.stringMatching(/has \d+ bytes instead of \d+$/),
      `${names[2]} is missing`,
    ]);
  });

  it.each([
    ['the reason', (text: string) => text.replace('Asked for by the court', 'Just curious')],
    ['who asked', (text: string) => text.replaceAll('Ivan', 'Olga')],
    ['a camera', (text: string) => text.replace('"number": 7', '"number": 8')],
  ])('finds that somebody changed %s', async (_what, change) => {
    const directory = await exported();
    const file = path.join(directory, 'manifest.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    expect(await wrong(directory)).toEqual(['The signature is not right: the manifest was changed']);
  });

  it('finds another signer where the right one is known', async () => {
    const directory = await exported();
    expect(await wrong(directory, 'ab'.repeat(32))).toEqual([
      expect.stringMatching(/^Signed by the key [0-9a-f]{64}$/),
    ]);
  });

  it('is a command that says it in words and by its exit code', async () => {
    const directory = await exported();
    const run = verifier;
    const fine = run(directory);
    expect([fine.status, fine.stderr]).toEqual([0, '']);
    expect(fine.stdout).toContain('The export is intact.');
    appendFileSync(path.join(directory, '007-2026-11-20T120000Z.mp4'), 'x');
    const changed = run(directory);
    expect([changed.status, changed.stdout.includes('The export is NOT intact.')]).toEqual([1, true]);
    expect([run().status, run('/nowhere').status]).toEqual([2, 2]);
  });
});

describe('the signing key', () => {
  it('is made once, whoever opens it first, and for its owner only', async () => {
    const directory = path.join(folder(), 'new');
    const keys = await Promise.all([openSigningKey(directory), openSigningKey(directory)]);
    const again = await openSigningKey(directory);
    expect(keys.every((one) => one.equals(again))).toBe(true);
    expect(readdirSync(directory)).toEqual(['evidence-key.pem']);
    expect(await readFingerprint(directory)).toBe(fingerprintOf(createPublicKey(again)));
    expect(await readFingerprint(folder())).toBeUndefined();
  });
});

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

describe.skipIf(!hasFfmpeg)('FFmpeg', () => {
  let pictures: Pictures;
  beforeAll(async () => {
    pictures = await openPictures();
  });

  it('decodes every picture of an export without a complaint, in its time', async () => {
    const directory = folder();
    const { order, recordings } = site();
    const subject = { number: 7, caption: 'Gate', scene: 'gate' };
    const frame = (index: number): RecordedFrame => {
      const { timeMs, isKeyframe, nalUnits } = pictures.at(subject, 'sub', index);
      const time = (i: number): number => pictures.timeOf(subject, 'sub', i);
      return {
        codec: 'H264',
        timeMs,
        isKeyframe,
        units: nalUnits,
        previousMs: time(index - 1),
        nextMs: time(index + 1),
      };
    };
    recordings.cursor = () => {
      let index = 0;
      return Promise.resolve({
        at: (timeMs) => {
          index = pictures.keyframeAtOrBefore(subject, 'sub', pictures.indexAt(subject, 'sub', timeMs));
          return Promise.resolve(frame(index));
        },
        next: () => Promise.resolve(frame((index += 1))),
        previous: () => Promise.resolve(frame((index -= 1))),
        close: () => undefined,
      });
    };
    const [file] = await runExport({ ...order, cameras: order.cameras.slice(0, 1) }, parts(directory), never);
    const done = spawnSync(
      'ffmpeg',
      [
        '-v',
        'warning',
        '-i',
        file?.name ?? '',
        '-fps_mode',
        'passthrough',
        '-enc_time_base',
        '1:1000',
        '-f',
        'framemd5',
        '-',
      ],
      { cwd: directory, encoding: 'utf8' },
    );
    expect([done.status, done.stderr]).toEqual([0, '']);
    const times = done.stdout
      .split('\n')
      .flatMap((line) => (/^0,/.test(line) ? [Number(line.split(',')[2])] : []));
    const { fragments } = readFragments(readFileSync(path.join(directory, file?.name ?? '')));
    expect(times).toEqual(fragments.flat().map(({ time }) => time));
    expect(times.length).toBeGreaterThan(440);
  });
});
