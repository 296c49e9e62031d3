import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** Another running Parapet holds the data directory. */
export class DataDirTaken extends Error {
  override readonly name = 'DataDirTaken';
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it lives, it is only not ours.
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The moment a process started, from the kernel; tells a reused pid from the one that wrote the lock. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22, counted after the command name, which may itself hold spaces and brackets (proc(5)).
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/**
 * Makes the data directory and takes its lock. Two Parapets on one embedded database would destroy it, so the second
 * is refused with {@link DataDirTaken}; a lock left behind by a crash is taken over. Returns the release.
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = path.join(dataDir, 'lock');
  // Written aside and linked into place: nobody ever reads a lock without its owner's name in it.
  const claim = `${lock}.${process.pid}`;
  writeFileSync(claim, `${process.pid} ${startOf(process.pid)}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        linkSync(claim, lock);
        break;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) throw cause;
        const [pid = '', start = ''] = readFileSync(lock, 'utf8').trim().split(' ');
        if (/^\d+$/.test(pid) && isAlive(Number(pid)) && startOf(Number(pid)) === start)
          throw new DataDirTaken(
            `Parapet is already running on ${dataDir} (process ${pid}). Stop it, or set PARAPET_DATA_DIR to another directory.`,
            { cause },
          );
        rmSync(lock, { force: true });
      }
    }
  } finally {
    rmSync(claim, { force: true });
  }
  let isHeld = true;
  return () => {
    if (isHeld) rmSync(lock, { force: true });
    isHeld = false;
  };
}

/** A secret that survives restarts: read from the data directory, made there the first time. */
export function keptSecret(dataDir: string, name: string, make: () => string = readablePassword): string {
  const file = path.join(dataDir, name);
  try {
    const kept = readFileSync(file, 'utf8').trim();
    if (kept !== '') return kept;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  const made = make();
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return made;
}

/** Sixteen letters and digits in groups of four, none that look alike: 79 bits, and it can be read out over a phone. */
export function readablePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const word = Array.from(randomBytes(16), (byte) => letters[byte % letters.length]).join('');
  return word.replace(/(.{4})(?=.)/g, '$1-');
}
