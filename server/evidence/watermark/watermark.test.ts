import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readStrip } from '#mocks/camera/strip.ts';
import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import { createFairLanes } from '#server/recordings/fair-lanes.ts';
import { FakeRecordings } from '#server/recordings/testing/fake-recordings.ts';
import type { RecordedFrame } from '#server/vms/recordings.ts';
import { type ExportOrder, runExport } from '../export-job.ts';
import { never, noon, parts as exportParts } from '../testing/one-export.ts';
import { verifyExport, wholeFolder } from '../verify/verify.ts';
import { watermarkWords } from './copies.ts';
import { findTranscoder, type Transcoder } from './transcoder.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), "parapet's: copies,"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A camera with real pictures and a gap, for six seconds. */
function order(pictures: Pictures): ExportOrder {
  const recordings = new FakeRecordings();
  const subject = { number: 7, caption: 'Gate', scene: 'gate' };
  const spans = [
    { start: noon - 60_000, end: noon + 3000 },
    { start: noon + 20_000, end: noon + 60_000 },
  ];
  recordings.recorded.set('a', spans);
  const isRecorded = (timeMs: number) => spans.some(({ start, end }) => timeMs >= start && timeMs < end);
  const frame = (index: number): RecordedFrame => {
    const { timeMs, isKeyframe, nalUnits } = pictures.at(subject, 'sub', index);
    return { codec: 'H264', timeMs, isKeyframe, units: nalUnits, previousMs: undefined, nextMs: undefined };
  };
  recordings.cursor = () => {
    let index = 0;
    return Promise.resolve({
      at: (timeMs) => {
        index = pictures.keyframeAtOrBefore(subject, 'sub', pictures.indexAt(subject, 'sub', timeMs));
        return Promise.resolve(frame(index));
      },
      next: () => {
        index += 1;
        if (!isRecorded(frame(index).timeMs)) {
          const after = pictures.indexAt(subject, 'sub', noon + 22_000);
          index = pictures.keyframeAtOrBefore(subject, 'sub', after);
        }
        return Promise.resolve(frame(index));
      },
      previous: () => Promise.resolve(undefined),
      close: () => undefined,
    });
  };
  return {
    id: '6a52c7a8-8d2b-4c57-9a3e-0d4a3a6a3a11',
    title: "Case 7: 100% 'sure', \\n %{gmtime}",
    reason: 'Asked for by the court',
    requestedBy: { name: 'ivan', displayName: 'Ivan إيفان' },
    createdAt: noon,
    range: { start: noon, end: noon + 24_000 },
    stream: 'sub',
    cameras: [{ id: 'a', number: 7, name: 'Gate', recordings, lanes: createFairLanes(4) }],
    hasWatermark: true,
  };
}

const parts = (directory: string, transcoder: Transcoder | undefined) =>
  exportParts(directory, { transcoder });

/** Every picture with its time, as FFmpeg decodes it without a complaint. */
function decoded(directory: string, name: string) {
  const [width, height] = [640, 360];
  const ffmpeg = (...words: string[]) => {
    const done = spawnSync('ffmpeg', ['-v', 'warning', '-i', name, '-fps_mode', 'passthrough', ...words], {
      cwd: directory,
      maxBuffer: 2 ** 30,
    });
    expect([done.status, done.stderr.toString()]).toEqual([0, '']);
    return done.stdout;
  };
  const times = ffmpeg('-enc_time_base', '1:1000', '-f', 'framemd5', '-')
    .toString()
    .split('\n')
    .flatMap((line) => (/^0,/.test(line) ? [Number(line.split(',')[2])] : []));
  const raw = ffmpeg('-vf', `scale=${width}:${height}`, '-f', 'rawvideo', '-pix_fmt', 'rgba', '-');
  const size = width * height * 4;
  const pictures = Array.from({ length: raw.length / size }, (_, i) => ({
    data: raw.subarray(i * size, (i + 1) * size),
    width,
    height,
  }));
  return { times, pictures };
}

it('says who and when, in one line each, and that it is a copy', () => {
  const words = { title: 'A\nB', createdAt: noon, requestedBy: { name: 'ivan', displayName: 'Ivan' } };
  expect(watermarkWords(words)).toBe('Ivan (ivan)  2026-11-20 12:00:00 UTC\nCopy, not evidence: A B');
  expect(watermarkWords({ ...words, requestedBy: { name: 'x', displayName: 'x' } })).toMatch(/^x {2}2026/);
});

it('is not there where there is no FFmpeg, or one that cannot do it', async () => {
  expect(await findTranscoder(never, '/nowhere/ffmpeg')).toBeUndefined();
  expect(await findTranscoder(never, '/bin/false')).toBeUndefined();
});

describe.skipIf(!hasFfmpeg)('with FFmpeg', () => {
  let pictures: Pictures;
  let transcoder: Transcoder;
  beforeAll(async () => {
    pictures = await openPictures();
    const found = await findTranscoder(never);
    if (found === undefined) throw new Error('FFmpeg is here, but cannot burn words in');
    transcoder = found;
  });

  it('a copy has every picture of its film at its time, with words over it; the film is untouched', async () => {
    const directory = folder();
    const plain = folder();
    const files = await runExport(order(pictures), parts(directory, transcoder), never);
    await runExport({ ...order(pictures), hasWatermark: false }, parts(plain, undefined), never);
    expect(files.map(({ kind, cameraId }) => [kind, cameraId])).toEqual([
      ['video', 'a'],
      ['watermarked', 'a'],
      ['manifest', undefined],
    ]);
    const [film = '', copy = ''] = files.map(({ name }) => name);
    expect(copy).toBe(film.replace('.mp4', '-watermarked.mp4'));
    expect(readFileSync(path.join(directory, film))).toEqual(readFileSync(path.join(plain, film)));
    const [from, to] = [decoded(directory, film), decoded(directory, copy)];
    expect(to.times).toEqual(from.times);
    expect(to.times.length).toBeGreaterThan(100);
    expect(to.pictures.map((picture) => readStrip(picture)?.timeMs)).toEqual(
      from.pictures.map((picture) => readStrip(picture)?.timeMs),
    );
    /** How many pixels of a band are another than in the film, of 640 × 20. */
    const changed = (y: number): number => {
      const [a, b] = [from.pictures[60]!.data, to.pictures[60]!.data];
      let count = 0;
      for (let at = y * 640 * 4; at < (y + 20) * 640 * 4; at += 4)
        if (Math.abs((a[at] ?? 0) - (b[at] ?? 0)) > 40) count += 1;
      return count;
    };
    expect(changed(170)).toBeGreaterThan(200);
    expect(changed(330)).toBeGreaterThan(200);
    expect(changed(230)).toBeLessThan(50);
    expect(readdirSync(directory).sort()).toEqual([copy, film, 'journal.json', 'manifest.json'].sort());
  });

  it('a film shows at each of its times what the manifest says was recorded then', async () => {
    const directory = folder();
    const wish = { ...order(pictures), hasWatermark: false };
    const [film] = await runExport(wish, parts(directory, undefined), never);
    const { manifest } = await verifyExport(wholeFolder(directory));
    const pieces = manifest?.cameras[0]?.files[0]?.pieces ?? [];
    expect(pieces).toHaveLength(2);
    const shown = decoded(directory, film?.name ?? '');
    const strips = shown.pictures.map((picture) => readStrip(picture));
    const told = shown.times.map((time) => {
      const piece = pieces.findLast(({ atMs }) => atMs <= time);
      return piece === undefined ? undefined : Date.parse(piece.from) + time - piece.atMs;
    });
    expect(strips.map((strip) => strip?.timeMs)).toEqual(told);
    expect(new Set(strips.map((strip) => strip?.number))).toEqual(new Set([7]));
    // What it was asked for is there, and the gap is not.
    const ends = pieces.map(({ to }) => Date.parse(to));
    expect(told.filter((time) => time !== undefined && ends.some((end) => time < end))).toHaveLength(
      told.length,
    );
    expect(told[0]).toBeLessThanOrEqual(noon);
  });

  it('the manifest names copies, what is on them and what made them, and they are verified', async () => {
    const directory = folder();
    const wish = order(pictures);
    const [film, copy] = await runExport(wish, parts(directory, transcoder), never);
    const { manifest, isFine } = await verifyExport(wholeFolder(directory));
    expect(isFine).toBe(true);
    expect(manifest?.copies).toEqual([
      {
        name: copy?.name,
        of: film?.name,
        bytes: copy?.bytes,
        sha256: copy?.sha256,
        kind: 'watermarked',
        words: watermarkWords(wish),
        madeBy: transcoder.name,
      },
    ]);
    expect(manifest?.chain.map(({ name }) => name)).toEqual([film?.name, copy?.name]);
    appendFileSync(path.join(directory, copy?.name ?? ''), 'x');
    expect(
      (await verifyExport(wholeFolder(directory))).findings.filter((one) => one.verdict === 'wrong'),
    ).toMatchObject([{ words: expect.stringContaining(copy?.name ?? '-') as string }]);
  });

  it('is stopped at once and leaves nothing half; the next attempt makes only what is missing', async () => {
    const directory = folder();
    const wish = order(pictures);
    const ending = new AbortController();
    let copies = 0;
    const counted: Transcoder = {
      name: transcoder.name,
      copy: (...args) => {
        copies += 1;
        return transcoder.copy(...args);
      },
    };
    const begun: Transcoder = {
      name: transcoder.name,
      copy: async (files, onProgress, signal) => {
        setTimeout(() => ending.abort(new Error('paused')), 100);
        await transcoder.copy(files, onProgress, signal);
        throw new Error('it was not stopped');
      },
    };
    await expect(runExport(wish, parts(directory, begun), ending.signal)).rejects.toThrow('paused');
    expect(readdirSync(directory).filter((name) => /copy|watermarked/.test(name))).toEqual([]);
    // A killed process leaves this behind.
    writeFileSync(path.join(directory, '.copy-x.part'), 'half');
    const files = await runExport(wish, parts(directory, counted), never);
    expect(copies).toBe(1);
    expect(readdirSync(directory)).not.toContain('.copy-x.part');
    await runExport(wish, parts(directory, counted), never);
    expect(copies).toBe(1);
    expect(files).toHaveLength(3);
  });

  it('stops for whoever counts the bytes, and says what FFmpeg said of a film that is none', async () => {
    const directory = folder();
    await expect(
      runExport(
        order(pictures),
        {
          ...parts(directory, transcoder),
          onProgress: () =>
            readdirSync(directory).some((name) => name.startsWith('.copy'))
              ? Promise.reject(new Error('too much'))
              : Promise.resolve(),
        },
        never,
      ),
    ).rejects.toThrow('too much');
    writeFileSync(path.join(directory, 'none.mp4'), 'not a film');
    writeFileSync(path.join(directory, 'words.txt'), 'words');
    const files = { directory, from: 'none.mp4', to: 'out.part', words: 'words.txt' };
    await expect(transcoder.copy(files, () => Promise.resolve(), never)).rejects.toMatchObject({
      name: 'TranscodeError',
    });
  });

  it('does not go on without a transcoder where one was promised, but can later', async () => {
    const directory = folder();
    await expect(runExport(order(pictures), parts(directory, undefined), never)).rejects.toMatchObject({
      code: 'not-supported',
    });
    expect(await runExport(order(pictures), parts(directory, transcoder), never)).toHaveLength(3);
  });
});
