import { Refusal } from '#server/http/refusal.ts';
import { ask } from '#server/recordings/ask.ts';
import type { RecordedSpan, VmsFilm, VmsRecordings } from '#server/vms/recordings.ts';
import type { ExportWriter } from './export-writer.ts';
import type { JournalCamera } from './journal.ts';
import { within } from './span-sums.ts';

/*
 * Films that the VMS itself has made, for where it gives no frames to make them of. What is in them is its word: they are
 * stored, hashed and signed as they come, and nobody here has looked inside.
 */

/** A film is of an hour at most: what breaks off begins anew, and an hour is little to lose. */
const longestMs = 3_600_000;
/** How long the VMS may take to make one, ms: it may have others to make before. */
const makingMs = 2 * 3_600_000;
/** How long it may be silent in the middle of one, ms. */
const silenceMs = 60_000;

/** Whether this camera's films have to be made by its VMS: it makes them, and gives no frames. Throws a `Refusal`. */
export async function isMadeByVms(
  recordings: VmsRecordings,
  can: () => Promise<{ readonly nativeFrames: boolean }>,
): Promise<boolean> {
  return recordings.exportFilm !== undefined && !(await can()).nativeFrames;
}

/** What films to ask for: by hours of the range, from the first recorded moment of each to its last one. */
export function filmsOf(range: RecordedSpan, recorded: readonly RecordedSpan[]): RecordedSpan[] {
  const films: RecordedSpan[] = [];
  for (let start = range.start; start < range.end; start += longestMs) {
    const parts = within({ start, end: Math.min(start + longestMs, range.end) }, recorded);
    const [first] = parts;
    const last = parts.at(-1);
    if (first !== undefined && last !== undefined) films.push({ start: first.start, end: last.end });
  }
  return films;
}

export interface FilmTaking {
  readonly recordings: VmsRecordings;
  readonly camera: JournalCamera;
  /** The camera's, for names. */
  readonly number: number;
  readonly range: RecordedSpan;
  readonly recorded: readonly RecordedSpan[];
  /** After every piece that was written. Throws to stop. */
  readonly onProgress: () => Promise<void>;
}

/** Takes the films that are not in yet, one after the other. Throws a `Refusal`. */
export async function takeFilms(
  taking: FilmTaking,
  writer: ExportWriter,
  signal: AbortSignal,
): Promise<void> {
  const { camera, range, recorded } = taking;
  for (const span of filmsOf(range, recorded)) {
    if (camera.films.some(({ start }) => start === span.start)) continue;
    const recordedMs = within(span, recorded).reduce((sum, { start, end }) => sum + end - start, 0);
    await takeFilm(taking, span, recordedMs, writer, signal);
    await taking.onProgress();
  }
}

async function takeFilm(
  { recordings, camera, number, onProgress }: FilmTaking,
  span: RecordedSpan,
  recordedMs: number,
  writer: ExportWriter,
  signal: AbortSignal,
): Promise<void> {
  const leaving = new AbortController();
  const ending = AbortSignal.any([signal, leaving.signal]);
  try {
    const film = await ask(
      ending,
      (late) => {
        if (recordings.exportFilm === undefined) throw new Refusal('not-supported');
        return recordings.exportFilm(camera.cameraId, span, late);
      },
      makingMs,
    );
    const mediaType = plainType(film.mediaType);
    await writer.beginFilm(number, span.start, endings[mediaType] ?? 'bin');
    const written = await write(film, writer, onProgress, ending);
    // What is shorter than was promised has lost its end on the way; nothing at all is no film.
    if (written === 0 || (film.bytes !== undefined && film.bytes !== written))
      throw new Refusal('vms-unavailable', { retryAfterS: 5 });
    await writer.finishFilm(camera, { ...span, recordedMs, mediaType });
  } catch (cause) {
    await writer.dropFilm();
    throw cause;
  } finally {
    // Whoever leaves a film unread has to say so.
    leaving.abort(new DOMException('the film is in, or not wanted', 'AbortError'));
  }
}

async function write(
  { body }: VmsFilm,
  writer: ExportWriter,
  onProgress: () => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  const pieces = body[Symbol.asyncIterator]();
  for (let written = 0; ;) {
    const piece = await ask(signal, (late) => orLate(pieces.next(), late), silenceMs);
    if (piece.done === true) return written;
    await writer.appendToFilm(piece.value);
    written += piece.value.length;
    await onProgress();
  }
}

async function orLate<T>(work: Promise<T>, late: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(late.reason as Error);
  if (late.aborted) leave();
  late.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    late.removeEventListener('abort', leave);
  }
}

const endings: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/matroska': 'mkv',
  'video/x-msvideo': 'avi',
  'video/mp2t': 'ts',
  'application/zip': 'zip',
};
/** How names of films end. */
export const filmEndings: ReadonlySet<string> = new Set([...Object.values(endings), 'bin']);

/** What the VMS calls it, if that is a media type. */
function plainType(text: string): string {
  const type = (text.split(';')[0] ?? '').trim().toLowerCase();
  return /^[a-z0-9][a-z0-9.+-]{0,63}\/[a-z0-9][a-z0-9.+-]{0,63}$/.test(type)
    ? type
    : 'application/octet-stream';
}
