import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { type Config, readConfig } from './config.ts';
import { isAppStale } from './supervisor/built-app.ts';
import { keptSecret, lockDataDir } from './supervisor/data-dir.ts';
import { claimPort } from './supervisor/free-port.ts';
import { type Parts, startParts } from './supervisor/parts.ts';

// `npm start` and `npm run dev`: reads the configuration, starts the parts, tells the person what to open.

const root = path.resolve(import.meta.dirname, '..');
const isDev = process.argv.includes('--dev');

const say = (words: string): void => console.log(words);

/** Ends the program with words instead of a stack trace: the person can act on these. */
function refuse(cause: unknown): never {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exit(1);
}

/** Runs a program of ours to its end; its output only when it fails. */
async function run(name: string, entry: string, words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [path.join(root, 'node_modules', entry), ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Whoever starts us (a test runner says `test`), what is built is what is run: a tenth lighter, and faster.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${name} failed:\n${output}`);
}

function startVite(config: Config, bffPort: number): ChildProcess {
  const vite = path.join(root, 'node_modules/vite/bin/vite.js');
  return spawn(
    process.execPath,
    [vite, 'dev', '--host', config.host, '--port', String(config.port), '--strictPort'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PARAPET_BFF_URL: `http://127.0.0.1:${bffPort}` },
    },
  );
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  // A person who tries it out reads this terminal: only what went wrong belongs there.
  const logLevel = config.isDemo && process.env['PARAPET_LOG_LEVEL'] === undefined ? 'warn' : config.logLevel;
  const release = lockDataDir(config.dataDir);
  process.once('exit', release);
  const running: { parts?: Parts; vite?: ChildProcess } = {};

  const ending = new AbortController();
  const end = async (): Promise<void> => {
    // A second Ctrl-C means: now.
    if (ending.signal.aborted) process.exit(130);
    ending.abort();
    running.vite?.kill('SIGTERM');
    await running.parts?.stop();
    process.exit(0);
  };
  process.on('SIGINT', () => void end());
  process.on('SIGTERM', () => void end());
  process.on('SIGHUP', () => void end());

  const port = await claimPort(config.host, config.port);
  if (!isDev && isAppStale(root)) {
    say('Building the app …');
    await run('Building the app', 'vite/bin/vite.js', ['build', '--logLevel', 'warn']);
  }
  const demoPassword = config.isDemo
    ? (config.demoPassword ?? keptSecret(config.dataDir, 'demo-password'))
    : undefined;
  const bffPort = isDev ? await claimPort('127.0.0.1', 0) : port;
  const parts = await startParts({
    config: { ...config, logLevel },
    host: isDev ? '127.0.0.1' : config.host,
    port: bffPort,
    demoPassword,
    isDev,
    onDeath: (words) => console.error(words),
    signal: ending.signal,
  });
  running.parts = parts;
  if (isDev) running.vite = startVite({ ...config, port }, bffPort);

  const shownHost = ['0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host;
  const scheme = config.tls === undefined || isDev ? 'http' : 'https';
  say(`Parapet is ready at ${config.publicUrl ?? `${scheme}://${shownHost}:${port}`}`);
  if (demoPassword !== undefined) {
    say('This is the demo site: 500 pretend cameras on a pretend XProtect. Sign in as');
    for (const account of ['administrator', 'operator', 'investigator', 'kiosk'])
      say(`  ${account.padEnd(14)} ${demoPassword}`);
  }
  if (parts.adminPassword !== undefined)
    say(`First start: sign in as administrator with ${parts.adminPassword} (shown this once; change it).`);
}

await main().catch(refuse);
