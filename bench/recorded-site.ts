import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Directory } from '#contract/camera.ts';

const root = path.resolve(import.meta.dirname, '..');

interface Said {
  readonly ready?: true;
  readonly port?: number;
  readonly url?: string;
  readonly failed?: string;
}

/** A process of ours, ready. */
async function start(
  file: string,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; said: Said }> {
  const child = fork(path.join(root, file), {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [said] = (await once(child, 'message')) as [Said];
  if (said.ready !== true) throw new Error(`${file} does not start: ${said.failed ?? ''}`);
  return { child, said };
}

/** An administrator's browser at a BFF. */
export class Client {
  readonly #url: string;
  #cookie = '';
  constructor(url: string) {
    this.#url = url;
  }

  async send(method: string, address: string, body?: unknown): Promise<Response> {
    const response = await fetch(this.#url + address, {
      method,
      headers: {
        cookie: this.#cookie,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${address}: ${response.status} ${await response.text()}`);
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) this.#cookie = set.split(';')[0] ?? '';
    return response;
  }

  async json<T>(method: string, address: string, body?: unknown): Promise<T> {
    return (await (await this.send(method, address, body)).json()) as T;
  }

  /** Reads it all; gives how long that took, ms, and how many bytes came. */
  async timed(address: string): Promise<{ ms: number; bytes: number; end: string | null }> {
    const began = performance.now();
    const response = await this.send('GET', address);
    const { byteLength } = await response.arrayBuffer();
    return { ms: performance.now() - began, bytes: byteLength, end: response.headers.get('parapet-end') };
  }
}

/** The demo site in one process and a BFF on it in another. */
export class RecordedSite {
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'parapet-bench-'));
  #site: ChildProcess | undefined;
  #bff: ChildProcess | undefined;
  #url = '';

  static async start(): Promise<RecordedSite> {
    const made = new RecordedSite();
    const { child, said } = await start('mocks/site/main.ts', {
      PARAPET_DEMO_XPROTECT_USER: 'bench',
      PARAPET_DEMO_XPROTECT_PASSWORD: 'bench password',
    });
    made.#site = child;
    const vms = {
      id: 'bench',
      kind: 'xprotect',
      url: said.url,
      username: 'bench',
      password: 'bench password',
    };
    writeFileSync(path.join(made.#directory, 'parapet.yaml'), JSON.stringify({ vms: [vms] }));
    await made.startBff();
    return made;
  }

  /** Starts the BFF, or starts it again with what it had stored. */
  async startBff(): Promise<void> {
    const { child, said } = await start('server/bff.ts', {
      PORT: '0',
      PARAPET_CONFIG: path.join(this.#directory, 'parapet.yaml'),
      PARAPET_DATA_DIR: this.#directory,
      PARAPET_ENGINE_URL: 'http://127.0.0.1:1',
      PARAPET_ENGINE_SECRET: 'no engine here',
      PARAPET_LOG_LEVEL: 'fatal',
      PARAPET_ADMIN_PASSWORD: 'bench password',
    });
    this.#bff = child;
    this.#url = `http://127.0.0.1:${said.port ?? 0}`;
  }

  /** Kills the BFF without a word of warning. Resolves when it is dead. */
  async killBff(): Promise<void> {
    const bff = this.#bff;
    if (bff === undefined) return;
    const dead = once(bff, 'exit');
    bff.kill('SIGKILL');
    await dead;
  }

  async signIn(): Promise<Client> {
    const client = new Client(this.#url);
    await client.send('POST', '/api/session', { name: 'administrator', password: 'bench password' });
    return client;
  }

  get bffPid(): number {
    return this.#bff?.pid ?? 0;
  }

  /** What the BFF has in memory now, MB. */
  residentMB(): number {
    const status = readFileSync(`/proc/${this.bffPid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }

  close(): void {
    this.#bff?.kill('SIGKILL');
    this.#site?.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Twenty cameras that record all the time, and as many that record on motion, once the BFF has read the site. */
export async function siteCameraIds(client: Client): Promise<{ always: string[]; moved: string[] }> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const { cameras } = await client.json<Directory>('GET', '/api/directory');
    const usual = cameras.filter(({ number }) => number % 16 !== 9);
    const isMoved = (number: number): boolean => number % 5 === 2 || number % 5 === 4;
    const always = usual.filter(({ number }) => !isMoved(number)).map(({ id }) => id);
    const moved = usual.filter(({ number }) => isMoved(number)).map(({ id }) => id);
    if (always.length >= 20 && moved.length >= 20)
      return { always: always.slice(0, 20), moved: moved.slice(0, 20) };
    await sleep(200);
  }
  throw new Error('The BFF has not read the site');
}
