/** A real LiveKit on loopback: one key, rooms made by whoever holds it, no public STUN server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { realServer } from './build.ts';

export interface LiveKitOptions {
  /** Whether a token alone makes a room. Default: not. */
  readonly autoCreate?: boolean;
  /** The address it listens on and is reached by. Default loopback. */
  readonly host?: string;
  /** Where it reports to. */
  readonly webhookUrl?: string;
}

export interface LiveKit {
  /** For browsers. */
  readonly url: string;
  /** For its API and WHIP. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Ends it as a crash would; it keeps its ports for {@link start}. */
  kill(): Promise<void>;
  /** Starts it again after {@link kill}; resolves when it answers. */
  start(): Promise<void>;
  log(): string;
  /** Safe to call twice. */
  close(): Promise<void>;
}

const apiKey = 'parapet';
const apiSecret = 'a-secret-of-tests-that-is-long-enough-for-livekit';

/** Starts LiveKit and resolves when it answers; gives `{ skipped }` with the reason where it cannot be had. */
export async function startLiveKit(
  options: LiveKitOptions = {},
): Promise<LiveKit | { readonly skipped: string }> {
  const server = await realServer('livekit');
  if ('skipped' in server) return server;
  const { host = '127.0.0.1' } = options;
  const [port, tcpPort, udpPort] = await Promise.all([freeTcpPort(), freeTcpPort(), freeUdpPort()]);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'parapet-livekit-'));
  const file = path.join(folder, 'livekit.yaml');
  const configuration = {
    port,
    bind_addresses: [host],
    rtc: {
      udp_port: udpPort,
      tcp_port: tcpPort,
      node_ip: host,
      // Elsewhere than on loopback it would answer from 127.0.0.1, which reaches nobody.
      enable_loopback_candidate: host.startsWith('127.'),
      use_external_ip: false,
    },
    room: { auto_create: options.autoCreate ?? false, empty_timeout: 30, departure_timeout: 5 },
    keys: { [apiKey]: apiSecret },
    logging: { level: 'info' },
    ...(options.webhookUrl === undefined ? {} : { webhook: { api_key: apiKey, urls: [options.webhookUrl] } }),
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configuration), { mode: 0o600 });
  const apiUrl = `http://${host}:${String(port)}`;
  let child: ChildProcess | undefined;
  let log = '';
  const reap = (): void => void child?.kill('SIGKILL');
  process.once('exit', reap);

  const start = async (): Promise<void> => {
    const begun = spawn(server.binary, ['--config', file], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = begun;
    for (const stream of [begun.stdout, begun.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (log += text));
    const deadline = AbortSignal.timeout(30_000);
    for (;;) {
      const answer = await fetch(apiUrl, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      if (answer?.ok === true) return;
      if (begun.exitCode !== null) throw new Error(`LiveKit has ended: ${log.slice(-800)}`);
      await pause(100, undefined, { signal: deadline });
    }
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      await kill();
      process.off('exit', reap);
      await rm(folder, { recursive: true, force: true });
    })());
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return { url: apiUrl.replace('http', 'ws'), apiUrl, apiKey, apiSecret, kill, start, log: () => log, close };
}

/** A port that was free a moment ago: LiveKit cannot be asked which one it took. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
