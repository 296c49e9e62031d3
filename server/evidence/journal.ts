import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/*
 * How far an export is, on disk beside its files. A checkpoint replaces the whole journal after all bytes it speaks of
 * are safe; whatever lies behind a checkpoint when the process dies is cut off by the next one.
 */

const Piece = z.object({ at: z.int(), start: z.int(), end: z.int() });
const Span = z.object({ start: z.int(), end: z.int() });

const JournalFile = z.object({
  name: z.string(),
  /** Safe bytes. */
  bytes: z.int(),
  /** SHA-256 of those, lower-case hex: whoever goes on behind them signs them, too. */
  safeSha256: z.string().optional(),
  /** Milliseconds of pictures in it: where the next ones go. */
  lengthMs: z.int(),
  /** Fragments in it. */
  fragments: z.int(),
  pictures: z.int(),
  codec: z.string(),
  /** The decoder configuration, base64: another one begins another file. */
  configuration: z.string(),
  pieces: z.array(Piece),
  /** Lower-case hex, once it is complete. */
  sha256: z.string().optional(),
});
export type JournalFile = z.infer<typeof JournalFile>;

const JournalFilm = z.object({
  name: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  mediaType: z.string(),
  /** What the VMS was asked for. */
  start: z.int(),
  end: z.int(),
  /** How much of that is recorded, ms. */
  recordedMs: z.int(),
});
export type JournalFilm = z.infer<typeof JournalFilm>;

const JournalCamera = z.object({
  cameraId: z.string(),
  /** What the recorder said of the range and a little around it when the camera was begun. */
  recorded: z.array(Span).optional(),
  /** The keyframe of the last GOP that is in. */
  lastGop: z.int().optional(),
  files: z.array(JournalFile),
  /** Whether its VMS makes the films, as it was when the camera was begun. */
  isByVms: z.boolean().optional(),
  /** Those that are complete. */
  films: z.array(JournalFilm).default([]),
  isDone: z.boolean(),
});
export type JournalCamera = z.infer<typeof JournalCamera>;

const JournalCopy = z.object({
  /** The film it is a copy of. */
  of: z.string(),
  name: z.string(),
  bytes: z.int(),
  sha256: z.string(),
});
export type JournalCopy = z.infer<typeof JournalCopy>;

const Journal = z.object({
  version: z.literal(1),
  cameras: z.array(JournalCamera),
  /** Copies with a watermark that are complete. */
  copies: z.array(JournalCopy).default([]),
});
export type Journal = z.infer<typeof Journal>;

export const journalName = 'journal.json';

/** The last checkpoint; undefined where there is none that can be read. */
export async function readJournal(directory: string): Promise<Journal | undefined> {
  try {
    return Journal.parse(JSON.parse(await readFile(path.join(directory, journalName), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Replaces a file so that after a crash there is the old one or the new one, whole. */
export async function replaceFile(directory: string, name: string, content: string): Promise<void> {
  const next = path.join(directory, `.${name}.next`);
  const handle = await open(next, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path.join(directory, name));
  await syncDirectory(directory);
}

export async function writeJournal(directory: string, journal: Journal): Promise<void> {
  await replaceFile(directory, journalName, JSON.stringify(journal));
}

/** A name is safe when its directory is. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
