import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { StreamName } from '#contract/camera.ts';
import type { ExportFile } from '#contract/evidence.ts';
import { Refusal } from '#server/http/refusal.ts';
import { ask } from '#server/recordings/ask.ts';
import type { FairLanes } from '#server/recordings/fair-lanes.ts';
import type { RecordedSpan, VmsRecordings } from '#server/vms/recordings.ts';
import { ExportWriter, type WriterSettings } from './export-writer.ts';
import type { Journal } from './journal.ts';
import { replaceFile } from './journal.ts';
import { chainOf, type Manifest, signed } from './manifest.ts';
import { recordedGops } from './recorded-gops.ts';
import { longestStillMs } from './shown-time.ts';
import { within, without } from './span-sums.ts';
import { isMadeByVms, takeFilms } from './vms-films.ts';
import { makeCopies, watermarkWords } from './watermark/copies.ts';
import type { Transcoder } from './watermark/transcoder.ts';

/** What is exported, as the manifest will say it. */
export interface ExportOrder {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
  readonly requestedBy: { readonly name: string; readonly displayName: string };
  readonly createdAt: number;
  readonly range: RecordedSpan;
  readonly stream: StreamName;
  readonly cameras: readonly OrderedCamera[];
  /** Whether each film is to have a copy with who and when burned in. */
  readonly hasWatermark?: boolean;
}

export interface OrderedCamera {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  /** Absent where its VMS has no recordings: then all of it is a gap. */
  readonly recordings?: VmsRecordings;
  /** Where readers of its recorder take turns. */
  readonly lanes?: FairLanes;
}

export interface JobParts extends WriterSettings {
  readonly product: { readonly name: string; readonly version: string };
  readonly key: KeyObject;
  readonly now: () => number;
  /** Makes copies with a watermark, where there is one. */
  readonly transcoder?: Transcoder | undefined;
  /** After every GOP, and about twice a second while copies are made of what is `copying`. Throws to stop. */
  readonly onProgress: (doneMs: number, bytes: number, step: 'reading' | 'copying') => Promise<void>;
}

export const manifestName = 'manifest.json';

const iso = (ms: number): string => new Date(ms).toISOString();
const asStretch = ({ start, end }: RecordedSpan): { from: string; to: string } => ({
  from: iso(start),
  to: iso(end),
});
/** A span begins a little before its first picture and ends a little after its last one, ms. */
const worthTellingMs = 1000;

/**
 * Does the export, or what is left of it after an earlier attempt in the same directory. Gives its files. What was
 * safe stays there for the next attempt when it throws: a `Refusal`, what `onProgress` threw, or what the disk says.
 */
export async function runExport(
  order: ExportOrder,
  parts: JobParts,
  signal: AbortSignal,
): Promise<readonly ExportFile[]> {
  await mkdir(parts.directory, { recursive: true, mode: 0o700 });
  const writer = await ExportWriter.open(
    parts,
    order.cameras.map(({ id }) => id),
  );
  try {
    // Nothing is signed that was changed since it was written: it is exported again.
    do {
      for (const camera of order.cameras) await exportCamera(order, camera, writer, parts, signal);
      if (order.hasWatermark === true) await copyFilms(order, writer, parts, signal);
    } while (!(await writer.isAsWritten(signal)));
    return await writeManifest(order, writer.journal, parts);
  } catch (cause) {
    // The next attempt goes on from here.
    await writer.checkpoint().catch(() => undefined);
    throw cause;
  } finally {
    await writer.close();
  }
}

async function exportCamera(
  { id, range, stream }: ExportOrder,
  { id: cameraId, number, recordings, lanes }: OrderedCamera,
  writer: ExportWriter,
  { onProgress }: JobParts,
  signal: AbortSignal,
): Promise<void> {
  const camera = writer.journal.cameras.find((one) => one.cameraId === cameraId);
  if (camera === undefined || camera.isDone) return;
  await writer.begin(camera, signal);
  if (recordings !== undefined && lanes !== undefined) {
    const around = { start: range.start - longestStillMs, end: range.end + longestStillMs };
    // What it said at the beginning counts for all attempts, so that they make the same film.
    camera.recorded ??= (
      await ask(signal, (ending) => recordings.spans(cameraId, around, ending))
    ).recorded.map(({ start, end }) => ({ start, end }));
    const { recorded, lastGop: after } = camera;
    const reading = { recordings, cameraId, stream, range, recorded, after, lanes, viewer: `export ${id}` };
    camera.isByVms ??=
      within(range, recorded).length > 0 &&
      (await isMadeByVms(recordings, () => ask(signal, (ending) => recordings.abilities(ending))));
    const progress = (): Promise<void> => onProgress(writer.doneMs(range), writer.bytes, 'reading');
    if (camera.isByVms)
      await takeFilms({ recordings, camera, number, range, recorded, onProgress: progress }, writer, signal);
    else if (within(range, recorded).length > 0)
      for await (const { frames, next } of recordedGops(reading, signal)) {
        await writer.append(camera, number, frames, next);
        await progress();
      }
  }
  await writer.finish(camera);
}

async function copyFilms(
  order: ExportOrder,
  writer: ExportWriter,
  { directory, transcoder, onProgress }: JobParts,
  signal: AbortSignal,
): Promise<void> {
  if (transcoder === undefined)
    throw new Refusal('not-supported', { detail: 'There is no transcoder on this server.' });
  const { journal } = writer;
  const doneMs = writer.doneMs(order.range);
  const bytesOfFilms = writer.bytes;
  await makeCopies(
    { directory, journal, words: watermarkWords(order) },
    transcoder,
    (bytes) => onProgress(doneMs, bytesOfFilms + bytes, 'copying'),
    signal,
  );
}

async function writeManifest(
  order: ExportOrder,
  journal: Journal,
  { product, key, now, directory, onStep, transcoder }: JobParts,
): Promise<ExportFile[]> {
  const { id, title, reason, requestedBy, createdAt, range, stream } = order;
  const cameras = order.cameras.map((camera) => {
    const {
      files = [],
      films = [],
      recorded = [],
    } = journal.cameras.find(({ cameraId }) => cameraId === camera.id) ?? {};
    const pieces = files.flatMap((file) => file.pieces);
    // What a film of the VMS holds nobody here has looked at.
    const withoutPictures = (films.length > 0 ? [] : within(range, recorded))
      .flatMap((span) => without(span, pieces))
      .filter(({ start, end }) => end - start >= worthTellingMs);
    return {
      id: camera.id,
      number: camera.number,
      name: camera.name,
      gaps: without(range, [...pieces, ...recorded]).map(asStretch),
      ...(withoutPictures.length === 0 ? {} : { withoutPictures: withoutPictures.map(asStretch) }),
      files: files.map((file) => ({
        name: file.name,
        bytes: file.bytes,
        sha256: file.sha256 ?? '',
        codec: file.codec,
        pictures: file.pictures,
        pieces: file.pieces.map(({ at, start, end }) => ({ atMs: at, from: iso(start), to: iso(end) })),
      })),
      ...(films.length === 0
        ? {}
        : {
            vmsFilms: films.map(({ name, bytes, sha256, mediaType, start, end }) => ({
              name,
              bytes,
              sha256,
              kind: 'vms-film' as const,
              mediaType,
              from: iso(start),
              to: iso(end),
            })),
          }),
    };
  });
  const copies = journal.copies.map((copy) => ({
    ...copy,
    kind: 'watermarked' as const,
    words: watermarkWords(order),
    madeBy: transcoder?.name ?? '',
  }));
  const all = [...cameras.flatMap(({ files, vmsFilms = [] }) => [...files, ...vmsFilms]), ...copies];
  const manifest: Manifest = {
    format: 'parapet-export',
    version: 1,
    product: { ...product },
    export: {
      id,
      title,
      reason,
      requestedBy: { ...requestedBy },
      createdAt: iso(createdAt),
      completedAt: iso(now()),
      from: iso(range.start),
      to: iso(range.end),
      stream,
    },
    cameras,
    ...(copies.length === 0 ? {} : { copies }),
    chain: chainOf(id, all),
  };
  const text = `${JSON.stringify(signed(manifest, key), undefined, 2)}\n`;
  await replaceFile(directory, manifestName, text);
  onStep?.('checkpoint');
  return [
    ...cameras.flatMap(({ id: cameraId, files, vmsFilms = [] }) => [
      ...files.map(({ name, bytes, sha256 }): ExportFile => ({
        name,
        kind: 'video',
        cameraId,
        bytes,
        sha256,
      })),
      ...vmsFilms.map(({ name, kind, bytes, sha256 }): ExportFile => ({
        name,
        kind,
        cameraId,
        bytes,
        sha256,
      })),
    ]),
    ...copies.map(({ name, bytes, sha256, of }): ExportFile => {
      const cameraId = cameras.find(({ files }) => files.some((file) => file.name === of))?.id;
      return { name, kind: 'watermarked', ...(cameraId === undefined ? {} : { cameraId }), bytes, sha256 };
    }),
    {
      name: manifestName,
      kind: 'manifest',
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    },
  ];
}
