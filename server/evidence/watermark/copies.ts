import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Journal, type JournalCopy, syncDirectory, writeJournal } from '../journal.ts';
import { sha256Of } from '../sha256-of.ts';
import type { Transcoder } from './transcoder.ts';

const wordsName = 'watermark.txt';
const unfinished = /^\.copy-.*\.part$/;

/** What is burned into a copy: who had it made, and when; and that it is a copy. */
export function watermarkWords(order: {
  readonly title: string;
  readonly requestedBy: { readonly name: string; readonly displayName: string };
  readonly createdAt: number;
}): string {
  const { name, displayName } = order.requestedBy;
  const who = displayName === name ? name : `${displayName} (${name})`;
  const when = `${new Date(order.createdAt).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  // One line each, whatever somebody calls themselves.
  return [`${who}  ${when}`, `Copy, not evidence: ${order.title}`]
    .map((line) => line.replaceAll(/\p{Cc}/gu, ' '))
    .join('\n');
}

/**
 * Makes a copy with the words of every film that has none yet. What an earlier attempt left unfinished is thrown away: a
 * process that outlived its BFF may be writing to it still, to a file that has no name any more.
 */
export async function makeCopies(
  {
    directory,
    journal,
    words,
  }: { readonly directory: string; readonly journal: Journal; readonly words: string },
  transcoder: Transcoder,
  onProgress: (bytesOfCopies: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (const name of await readdir(directory))
    if (unfinished.test(name)) await rm(path.join(directory, name), { force: true });
  await writeFile(path.join(directory, wordsName), words, { mode: 0o600 });
  const isMade = (of: string): boolean => journal.copies.some((copy) => copy.of === of);
  for (const { name: of } of journal.cameras.flatMap(({ files }) => files)) {
    if (isMade(of)) continue;
    const before = journal.copies.reduce((sum, { bytes }) => sum + bytes, 0);
    const part = `.copy-${randomUUID()}.part`;
    const name = of.replace(/\.mp4$/, '-watermarked.mp4');
    try {
      const files = { directory, from: of, to: part, words: wordsName };
      await transcoder.copy(files, (bytes) => onProgress(before + bytes), signal);
      journal.copies.push({ of, name, ...(await finish(directory, part, name)) });
    } catch (cause) {
      await rm(path.join(directory, part), { force: true });
      throw cause;
    }
    await writeJournal(directory, journal);
    await onProgress(before + (journal.copies.at(-1)?.bytes ?? 0));
  }
  await rm(path.join(directory, wordsName), { force: true });
}

/** Gives the copy its name once all of it is safe. */
async function finish(
  directory: string,
  part: string,
  name: string,
): Promise<Pick<JournalCopy, 'bytes' | 'sha256'>> {
  const from = path.join(directory, part);
  const handle = await open(from, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  const sha256 = await sha256Of(from);
  const { size } = await stat(from);
  await rename(from, path.join(directory, name));
  await syncDirectory(directory);
  return { bytes: size, sha256 };
}
