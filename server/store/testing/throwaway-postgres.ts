import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

/** A Postgres server of our own in a temporary directory, reachable by its socket only. */
export interface ThrowawayPostgres {
  /** Makes an empty database and gives its URL. */
  create(): Promise<string>;
  /** Cuts every connection, as a restart of the server would. */
  disconnectAll(): Promise<void>;
  close(): Promise<void>;
}

/** Postgres refuses to be root: as root it runs as `nobody`. */
const nobody = 65_534;
const owner = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

export async function startPostgres(binaries: string): Promise<ThrowawayPostgres> {
  const directory = mkdtempSync(path.join(tmpdir(), 'parapet-pg-'));
  if ('uid' in owner) chownSync(directory, nobody, nobody);
  const cluster = path.join(directory, 'cluster');
  await promisify(execFile)(
    path.join(binaries, 'initdb'),
    ['-D', cluster, '-U', 'parapet', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...owner, cwd: directory },
  );
  // A shell between us holds the other end of a pipe: however this process ends, the server and its files go too.
  const server: ChildProcess = spawn(
    '/bin/sh',
    [
      '-c',
      '"$@" & read -r _; kill -QUIT $!; wait $!; rm -rf "$0"',
      directory,
      path.join(binaries, 'postgres'),
      ...['-D', cluster, '-k', directory],
      ...['-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'shared_buffers=16MB'],
    ],
    { ...owner, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] },
  );
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));

  const urlOf = (database: string): string =>
    `postgres://parapet@localhost/${database}?host=${encodeURIComponent(directory)}`;
  const run = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const close = async (): Promise<void> => {
    server.stdin?.end();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };

  for (let attempt = 0; ; attempt += 1) {
    try {
      await run('select 1');
      break;
    } catch (cause) {
      if (attempt < 1200) await sleep(25);
      else {
        await close();
        throw new Error('Postgres did not start', { cause });
      }
    }
  }

  let created = 0;
  return {
    async create() {
      const name = `parapet_${(created += 1)}`;
      await run(`create database ${name}`);
      return urlOf(name);
    },
    disconnectAll: () =>
      run(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename is not null',
      ),
    close,
  };
}
