/**
 * The real MediaMTX, go2rtc and LiveKit, built from the Go modules pinned beside this file. One module for each, so
 * that their dependency graphs stay apart. By hand: `node e2e/real/build.ts mediamtx`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

export type RealServerName = 'mediamtx' | 'go2rtc' | 'livekit';
export type RealServer = { readonly binary: string } | { readonly skipped: string };

const packages: Record<RealServerName, string> = {
  mediamtx: 'github.com/bluenviron/mediamtx',
  go2rtc: 'github.com/AlexxIT/go2rtc',
  livekit: 'github.com/livekit/livekit-server/cmd/server',
};
/** What MediaMTX 1.21.0 embeds but keeps out of its module: its version and this release of hls.js. */
const mediaMtxVersion = 'v1.21.0';
const hlsPackage = 'hls.js@1.7.2';

/** To be raised when the steps below change, so that everybody builds anew. */
const recipe = 1;
const modFiles = ['go.mod', 'go.sum'];

const cache = path.resolve(import.meta.dirname, '../../.cache/real');
const asked = new Map<RealServerName, Promise<RealServer>>();

/**
 * The server's executable. The first call on a machine builds it (half a minute to two, in `.cache/real/`), later ones
 * find it; callers in several processes wait for one build. Never rejects: where it cannot be had, `skipped` says why.
 */
export function realServer(name: RealServerName): Promise<RealServer> {
  let answer = asked.get(name);
  if (answer === undefined) {
    answer = find(name).catch((error: unknown) => ({
      skipped: `${name} cannot be built: ${error instanceof Error ? error.message : String(error)}`,
    }));
    asked.set(name, answer);
  }
  return answer;
}

async function find(name: RealServerName): Promise<RealServer> {
  const pinned = path.join(import.meta.dirname, name);
  const key = createHash('sha256').update(`${process.platform} ${process.arch} recipe ${String(recipe)}`);
  for (const file of modFiles) key.update(await readFile(path.join(pinned, file)));
  const binary = path.join(cache, `${name}-${key.digest('hex').slice(0, 12)}`);
  if (existsSync(binary)) return { binary };
  const go = findGo();
  if (go === undefined) return { skipped: `${name} is built with Go, which this machine does not have` };

  await mkdir(cache, { recursive: true });
  const unlock = await lock(`${binary}.lock`);
  const folder = `${binary}.build`;
  try {
    if (existsSync(binary)) return { binary };
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    for (const file of modFiles) await copyFile(path.join(pinned, file), path.join(folder, file));
    if (name === 'mediamtx') await completeMediaMtx(go, folder);
    const mode = name === 'mediamtx' ? ['-mod=vendor'] : [];
    await run(go, ['build', ...mode, '-trimpath', '-o', 'server.out', packages[name]], folder);
    await rename(path.join(folder, 'server.out'), binary);
    return { binary };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await unlock();
  }
}

/** Copies MediaMTX' sources to where two files can be added to them. */
async function completeMediaMtx(go: string, folder: string): Promise<void> {
  // -e: what it complains about are the two files.
  await run(go, ['mod', 'vendor', '-e'], folder);
  await run('npm', ['pack', '--silent', hlsPackage], folder);
  await run('tar', ['-xzf', `${hlsPackage.replace('@', '-')}.tgz`, 'package/dist/hls.min.js'], folder);
  const internal = path.join(folder, 'vendor', packages.mediamtx, 'internal');
  await copyFile(path.join(folder, 'package/dist/hls.min.js'), path.join(internal, 'servers/hls/hls.min.js'));
  await writeFile(path.join(internal, 'core/VERSION'), mediaMtxVersion);
}

function findGo(): string | undefined {
  return ['go', '/usr/local/go/bin/go'].find(
    (go) => spawnSync(go, ['version'], { stdio: 'ignore' }).status === 0,
  );
}

/** Runs a step of the build behind everybody else's work; rejects with the end of what it said. */
async function run(command: string, words: readonly string[], cwd: string): Promise<void> {
  const isPosix = process.platform !== 'win32';
  const child = spawn(isPosix ? 'nice' : command, isPosix ? ['-n', '10', command, ...words] : words, {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2_000)));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${words.slice(0, 2).join(' ')} failed\n${said.trim()}`);
}

/** Takes a lock between processes; one whose owner died is taken over. */
async function lock(file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const held = await open(file, 'wx');
      await held.writeFile(String(process.pid));
      await held.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(file, { force: true });
    else await pause(250);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  for (const name of names.length > 0 ? names : Object.keys(packages)) {
    if (!Object.hasOwn(packages, name)) throw new Error(`There is no recipe for ${name}`);
    const server = await realServer(name as RealServerName);
    process.stdout.write('binary' in server ? `${server.binary}\n` : `${server.skipped}\n`);
    if ('skipped' in server) process.exitCode = 1;
  }
}
