import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fragment, type Sample } from '#server/fmp4/fragment.ts';
import { initSegment } from '#server/fmp4/init.ts';
import { shownFor, ticksPerSecond, trackOf } from '#server/recordings/gop.ts';
import type { RecordedFrame, RecordedSpan } from '#server/vms/recordings.ts';
import { GrowingFile } from './growing-file.ts';
import {
  type Journal,
  type JournalCamera,
  type JournalCopy,
  type JournalFile,
  type JournalFilm,
  readJournal,
  syncDirectory,
  writeJournal,
} from './journal.ts';
import { sha256Of } from './sha256-of.ts';
import { isThrough, samplesThrough } from './shown-time.ts';
import { filmEndings } from './vms-films.ts';

/** Where a test may pull the plug. */
export type Step = 'file-begun' | 'gop-appended' | 'bytes-safe' | 'checkpoint' | 'file-complete';

export interface WriterSettings {
  readonly directory: string;
  /** A checkpoint is made when so much was written, or so much time passed, since the last one. */
  readonly checkpointBytes: number;
  readonly checkpointMs: number;
  readonly onStep?: (step: Step) => void;
}

const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+/, '').replaceAll(':', '');

/** Writes GOPs of cameras into files, so that after a crash at any point the next writer goes on where this one was safe. */
export class ExportWriter {
  readonly journal: Journal;
  readonly #settings: WriterSettings;
  #file: GrowingFile | undefined;
  /** The film of the VMS that is being taken. */
  #film: { readonly name: string; readonly file: GrowingFile } | undefined;
  #safeBytes = 0;
  #safeAt = performance.now();
  /** What is written ends where the recording did: more may follow, so it is no place to go on from. */
  #isOpenEnded = false;
  /** Files that were complete before this writer came. */
  readonly #old: Set<string>;

  private constructor(settings: WriterSettings, journal: Journal) {
    this.#settings = settings;
    this.journal = journal;
    this.#old = new Set(completeFiles(journal).map(({ name }) => name));
  }

  /** Takes up what is in the directory. Files of which the journal knows nothing are removed. */
  static async open(settings: WriterSettings, cameraIds: readonly string[]): Promise<ExportWriter> {
    const { directory } = settings;
    const fresh = (cameraId: string): JournalCamera => ({ cameraId, files: [], films: [], isDone: false });
    const found = await readJournal(directory);
    const journal: Journal = {
      version: 1,
      cameras: cameraIds.map((id) => found?.cameras.find(({ cameraId }) => cameraId === id) ?? fresh(id)),
      copies: found?.copies ?? [],
    };
    const known = new Set(
      [...journal.cameras.flatMap(({ files, films }) => [...files, ...films]), ...journal.copies].map(
        ({ name }) => name,
      ),
    );
    for (const name of await readdir(directory))
      if (filmEndings.has(path.extname(name).slice(1)) && !known.has(name))
        await rm(path.join(directory, name));
    return new ExportWriter(settings, journal);
  }

  /** Bytes of pictures, safe or not. */
  get bytes(): number {
    const safe = this.journal.cameras
      .flatMap(({ files, films }) => [...files, ...films])
      .reduce((sum, { bytes }) => sum + bytes, this.#film?.file.bytes ?? 0);
    return safe + (this.#file === undefined ? 0 : this.#file.bytes - this.#safeBytes);
  }

  /** How much of the range is in, ms over all cameras. */
  doneMs(range: RecordedSpan): number {
    const pieces = this.journal.cameras.flatMap(({ files }) => files.flatMap((file) => file.pieces));
    const films = this.journal.cameras.flatMap((camera) => camera.films);
    return pieces.reduce(
      (sum, { start, end }) => sum + Math.max(0, Math.min(end, range.end) - Math.max(start, range.start)),
      films.reduce((sum, { recordedMs }) => sum + recordedMs, 0),
    );
  }

  /**
   * Opens the file that the camera is in the middle of. When it is not what was promised, the camera begins anew: gaps
   * that nobody recorded would be worse, and so would bytes that nobody exported.
   */
  async begin(camera: JournalCamera, signal: AbortSignal): Promise<void> {
    this.#isOpenEnded = false;
    const last = camera.files.at(-1);
    if (last === undefined || last.sha256 !== undefined) return;
    const at = path.join(this.#settings.directory, last.name);
    this.#file = await GrowingFile.open(at, last.bytes, last.safeSha256, signal);
    this.#safeBytes = last.bytes;
    if (this.#file === undefined) await this.#beginAnew(camera);
  }

  /**
   * Whether the files that were complete before this writer came are still what they were. Cameras of which one is not
   * have to be exported anew; so have copies of their films. Aborts with the signal.
   */
  async isAsWritten(signal: AbortSignal): Promise<boolean> {
    let isSame = true;
    for (const { name, sha256 } of completeFiles(this.journal)) {
      if (!this.#old.has(name)) continue;
      const found = await sha256Of(path.join(this.#settings.directory, name), signal).catch(() => undefined);
      signal.throwIfAborted();
      if (found === sha256) continue;
      isSame = false;
      const camera = this.journal.cameras.find(({ files, films }) =>
        [...files, ...films].some((file) => file.name === name),
      );
      if (camera === undefined) await this.#dropCopies(({ name: copy }) => copy === name);
      else await this.#beginAnew(camera);
    }
    if (!isSame) await this.checkpoint();
    return isSame;
  }

  /**
   * Puts a GOP behind what is there.
   * @param number the camera's, for names
   * @param next when the frame after the last one was taken
   */
  async append(
    camera: JournalCamera,
    number: number,
    frames: readonly RecordedFrame[],
    next: number | undefined,
  ): Promise<void> {
    const [keyframe] = frames;
    if (keyframe === undefined) return;
    const track = trackOf(keyframe);
    if (next === undefined) {
      await this.checkpoint();
      this.#isOpenEnded = true;
    }
    const configuration = Buffer.from(track.configuration).toString('base64');
    let file = camera.files.at(-1);
    if (
      file?.configuration !== configuration ||
      file.codec !== track.codecString ||
      file.sha256 !== undefined
    ) {
      await this.#complete(camera);
      const init = initSegment(track, ticksPerSecond);
      const { codecString } = track;
      file = await this.#beginFile(camera, number, keyframe.timeMs, codecString, configuration, init);
      this.#step('file-begun');
    }
    const recorded = camera.recorded ?? [];
    const samples = samplesThrough(frames, next, recorded);
    await this.#file?.append(fragment(file.fragments + 1, file.lengthMs, samples));
    notePieces(file, frames, samples, recorded);
    file.fragments += 1;
    file.pictures += samples.length;
    file.lengthMs += samples.reduce((sum, { duration }) => sum + duration, 0);
    camera.lastGop = keyframe.timeMs;
    this.#step('gop-appended');
    const { checkpointBytes, checkpointMs } = this.#settings;
    const isDue =
      (this.#file?.bytes ?? 0) - this.#safeBytes >= checkpointBytes ||
      performance.now() - this.#safeAt >= checkpointMs;
    if (isDue) await this.checkpoint();
  }

  /** Makes everything safe that is worth it. */
  async checkpoint(): Promise<void> {
    if (this.#isOpenEnded) return;
    await this.#file?.sync();
    this.#step('bytes-safe');
    const open = this.#file === undefined ? undefined : this.#openFile();
    if (open !== undefined && this.#file !== undefined) {
      open.bytes = this.#file.bytes;
      open.safeSha256 = this.#file.sha256();
      this.#safeBytes = open.bytes;
    }
    this.#safeAt = performance.now();
    await writeJournal(this.#settings.directory, this.journal);
    this.#step('checkpoint');
  }

  /**
   * Begins a film that comes from the VMS as a whole. There is one at a time, and it counts once it is complete.
   * @param number the camera's, for names
   */
  async beginFilm(number: number, start: number, ending: string): Promise<void> {
    const { directory } = this.#settings;
    const name = this.#freeName(number, start, ending);
    const file = await GrowingFile.open(path.join(directory, name), 0);
    if (file === undefined) throw new Error('the folder of the export is gone');
    this.#film = { name, file };
  }

  async appendToFilm(bytes: Uint8Array): Promise<void> {
    await this.#film?.file.append(bytes);
  }

  /** All of it is there: from now on it is part of the export. */
  async finishFilm(
    camera: JournalCamera,
    about: Omit<JournalFilm, 'name' | 'bytes' | 'sha256'>,
  ): Promise<void> {
    if (this.#film === undefined) return;
    const { name, file } = this.#film;
    await file.sync();
    await syncDirectory(this.#settings.directory);
    const film = { name, bytes: file.bytes, sha256: file.sha256(), ...about };
    this.#film = undefined;
    await file.close();
    camera.films.push(film);
    this.#step('file-complete');
    await this.checkpoint();
  }

  /** Throws away the film that is not complete. Safe to call when there is none. */
  async dropFilm(): Promise<void> {
    const film = this.#film;
    this.#film = undefined;
    await film?.file.close();
    if (film !== undefined) await rm(path.join(this.#settings.directory, film.name), { force: true });
  }

  /** The camera is in. */
  async finish(camera: JournalCamera): Promise<void> {
    this.#isOpenEnded = false;
    await this.#complete(camera);
    camera.isDone = true;
    await this.checkpoint();
  }

  /** Lets go of the file that is open. Safe to call twice. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #beginAnew(camera: JournalCamera): Promise<void> {
    const names = new Set([...camera.files, ...camera.films].map(({ name }) => name));
    for (const name of names) await rm(path.join(this.#settings.directory, name), { force: true });
    await this.#dropCopies(({ of }) => names.has(of));
    camera.files.length = 0;
    camera.films.length = 0;
    delete camera.isByVms;
    camera.isDone = false;
    delete camera.lastGop;
    delete camera.recorded;
  }

  async #dropCopies(isToGo: (copy: JournalCopy) => boolean): Promise<void> {
    for (const copy of this.journal.copies.filter(isToGo)) {
      await rm(path.join(this.#settings.directory, copy.name), { force: true });
      this.journal.copies.splice(this.journal.copies.indexOf(copy), 1);
    }
  }

  #openFile(): JournalFile | undefined {
    return this.journal.cameras.flatMap(({ files }) => files).find(({ sha256 }) => sha256 === undefined);
  }

  async #beginFile(
    camera: JournalCamera,
    number: number,
    start: number,
    codec: string,
    configuration: string,
    init: Uint8Array,
  ): Promise<JournalFile> {
    const { directory } = this.#settings;
    const name = this.#freeName(number, start, 'mp4');
    this.#file = await GrowingFile.open(path.join(directory, name), 0);
    this.#safeBytes = 0;
    await syncDirectory(directory);
    // The journal knows of no file that does not say how it is coded.
    await this.#file?.append(init);
    const file = { name, bytes: 0, lengthMs: 0, fragments: 0, pictures: 0, codec, configuration, pieces: [] };
    camera.files.push(file);
    return file;
  }

  #freeName(number: number, start: number, ending: string): string {
    const stem = `${String(number).padStart(3, '0')}-${stamp(start)}`;
    const taken = new Set(
      this.journal.cameras.flatMap(({ files, films }) => [...files, ...films].map(({ name }) => name)),
    );
    let name = `${stem}.${ending}`;
    for (let i = 2; taken.has(name); i++) name = `${stem}-${i}.${ending}`;
    return name;
  }

  async #complete(camera: JournalCamera): Promise<void> {
    const file = camera.files.at(-1);
    if (file === undefined || file.sha256 !== undefined || this.#file === undefined) return;
    await this.#file.sync();
    file.bytes = this.#file.bytes;
    file.sha256 = this.#file.sha256();
    this.#safeBytes = file.bytes;
    await this.close();
    this.#step('file-complete');
  }

  #step(step: Step): void {
    this.#settings.onStep?.(step);
  }
}

/** Films and copies that are written to their end, with their hashes. */
const completeFiles = ({ cameras, copies }: Journal): { name: string; sha256: string }[] =>
  [...cameras.flatMap(({ files, films }) => [...files, ...films]), ...copies].flatMap(({ name, sha256 }) =>
    sha256 === undefined ? [] : [{ name, sha256 }],
  );

/** Notes which recorded time is where in the file, and where it is interrupted. */
function notePieces(
  file: JournalFile,
  frames: readonly RecordedFrame[],
  samples: readonly Sample[],
  recorded: readonly RecordedSpan[],
): void {
  let at = file.lengthMs;
  let usualMs = 40;
  frames.forEach(({ timeMs }, i) => {
    const duration = samples[i]?.duration ?? 0;
    const shown = isThrough(recorded, timeMs, timeMs + duration) ? duration : shownFor(duration, usualMs);
    if (shown > 0) usualMs = shown;
    const last = file.pieces.at(-1);
    // A clock that was set back does not interrupt anything.
    if (last !== undefined && timeMs <= last.end) last.end = Math.max(last.end, timeMs + shown);
    else file.pieces.push({ at, start: timeMs, end: timeMs + shown });
    at += duration;
  });
}
