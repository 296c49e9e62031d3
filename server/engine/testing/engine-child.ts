import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The engine as its own process, the way the supervisor runs it. */
export interface EngineChild {
  readonly url: string;
  readonly secret: string;
  readonly mediaPort: number;
  readonly pid: number;
  /** What it wrote to stdout and stderr so far. */
  output(): string;
  /** A request with the secret. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  kill(signal: NodeJS.Signals): void;
  /** Closes the IPC channel, as a supervisor that died would. */
  disconnect(): void;
  /** Resolves with the exit code once it is gone. */
  readonly gone: Promise<number | null>;
}

/** Starts it and waits until it is ready. Rejects with what it wrote when it ends before. */
export async function startEngine(env: Readonly<Record<string, string>> = {}): Promise<EngineChild> {
  const secret = 'a-secret-for-this-test-only';
  const child = spawn(process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      PARAPET_ENGINE_SECRET: secret,
      PARAPET_MEDIA_ADDRESSES: '127.0.0.1',
      PARAPET_LOG_LEVEL: 'info',
      ...env,
    },
  });
  let written = '';
  child.stdout?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const gone = once(child, 'exit').then(([code]) => code as number | null);
  const ready = once(child, 'message') as Promise<[{ ready: true; port: number; mediaPort: number }]>;
  const first = await Promise.race([ready, gone]);
  if (!Array.isArray(first)) throw new Error(`The engine ended before it was ready:\n${written}`);
  const [{ port, mediaPort }] = first;
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    secret,
    mediaPort,
    pid: child.pid ?? 0,
    output: () => written,
    fetch: (path, init = {}) =>
      fetch(url + path, {
        ...init,
        headers: {
          authorization: `Bearer ${secret}`,
          ...(init.headers as Record<string, string> | undefined),
        },
      }),
    kill: (signal) => child.kill(signal),
    disconnect: () => {
      child.disconnect();
    },
    gone,
  };
}
