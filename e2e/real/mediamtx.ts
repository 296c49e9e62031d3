/** A real MediaMTX on loopback, with nothing switched on that a test does not use. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { realServer } from './build.ts';

export interface MediaMtxOptions {
  /** Paths by name: `publish` waits for somebody who publishes, a URL is pulled over TCP from the start. */
  readonly paths: Readonly<Record<string, 'publish' | `rtsp://${string}`>>;
  /** What readers must know. Default: nobody is asked. Publishing stays free. */
  readonly reader?: {
    readonly username: string;
    readonly password: string;
    /** How RTSP asks for it. */
    readonly method: 'basic' | 'digest';
  };
}

export interface MediaMtx {
  rtspUrl(name: string): string;
  /** Root of the control API (`/v3/…`), open to this machine. */
  readonly apiUrl: string;
  /** Resolves when the path can be read. Rejects when the server ends or `signal` is aborted first. */
  available(name: string, signal: AbortSignal): Promise<void>;
  /** Everything the server has said so far. */
  log(): string;
  /** Stops the server. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts MediaMTX and resolves when it answers; gives `{ skipped }` with the reason where it cannot be had.
 * Rejects when it ends instead of starting.
 */
export async function startMediaMtx(
  options: MediaMtxOptions,
): Promise<MediaMtx | { readonly skipped: string }> {
  const server = await realServer('mediamtx');
  if ('skipped' in server) return server;
  const [rtspPort, apiPort] = await Promise.all([freePort(), freePort()]);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'parapet-mediamtx-'));
  const config = path.join(folder, 'mediamtx.yml');
  // JSON is YAML, and leaves no doubt about what is a string: a bare `no` would be read as false.
  await writeFile(config, JSON.stringify(configuration(options, rtspPort, apiPort)), { mode: 0o600 });

  const child = spawn(server.binary, [config], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', resolve).once('close', () => {
      resolve();
    });
  });
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  // A test run that is killed takes its servers along.
  const reap = () => child.kill('SIGKILL');
  process.once('exit', reap);

  const apiUrl = `http://127.0.0.1:${String(apiPort)}`;
  const ask = async <T>(route: string): Promise<T | undefined> => {
    const response = await fetch(`${apiUrl}${route}`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    return response?.ok === true ? ((await response.json()) as T) : undefined;
  };
  const until = async (look: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
    while (!(await look())) {
      if (hasEnded) throw new Error(`MediaMTX has ended: ${log.slice(-500)}`);
      await pause(50, undefined, { signal });
    }
  };
  let closing: Promise<void> | undefined;
  const mediaMtx: MediaMtx = {
    rtspUrl: (name) => `rtsp://127.0.0.1:${String(rtspPort)}/${name}`,
    apiUrl,
    available: (name, signal) =>
      until(async () => {
        const found = await ask<{ available: boolean }>(`/v3/paths/get/${name}`);
        return found?.available === true;
      }, signal),
    log: () => log,
    close() {
      closing ??= (async () => {
        child.kill('SIGTERM');
        const patience = setTimeout(reap, 2_000);
        await ended;
        clearTimeout(patience);
        process.off('exit', reap);
        await rm(folder, { recursive: true, force: true });
      })();
      return closing;
    },
  };
  try {
    await until(async () => (await ask('/v3/info')) !== undefined, AbortSignal.timeout(10_000));
  } catch (error) {
    await mediaMtx.close();
    throw error;
  }
  return mediaMtx;
}

/** Every server but RTSP and the API is off: by default MediaMTX opens eight, to anybody, on all addresses. */
function configuration({ paths, reader }: MediaMtxOptions, rtspPort: number, apiPort: number) {
  const here = ['127.0.0.1', '::1'];
  return {
    logLevel: 'info',
    logDestinations: ['stdout'],
    ...Object.fromEntries(
      ['rtmp', 'hls', 'webrtc', 'srt', 'moq', 'metrics', 'pprof', 'playback'].map((name) => [name, false]),
    ),
    api: true,
    apiAddress: `127.0.0.1:${String(apiPort)}`,
    rtsp: true,
    rtspAddress: `127.0.0.1:${String(rtspPort)}`,
    rtspTransports: ['tcp'],
    rtspEncryption: 'no',
    rtspAuthMethods: [reader?.method ?? 'basic'],
    authMethod: 'internal',
    authInternalUsers: [
      { user: 'any', pass: '', ips: here, permissions: [{ action: 'publish' }, { action: 'api' }] },
      {
        user: reader?.username ?? 'any',
        pass: reader?.password ?? '',
        ips: here,
        permissions: [{ action: 'read' }],
      },
    ],
    pathDefaults: { overridePublisher: false, rtspTransport: 'tcp' },
    paths: Object.fromEntries(
      Object.entries(paths).map(([name, source]) => [
        name,
        { source: source === 'publish' ? 'publisher' : source },
      ]),
    ),
  };
}

/** A TCP port that was free a moment ago: MediaMTX cannot be asked which one it took. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}
