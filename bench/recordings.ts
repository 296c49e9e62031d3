import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Directory } from '#contract/camera.ts';
import type { Export } from '#contract/evidence.ts';
import { watchCost } from './process-cost.ts';
import { spread } from './statistics.ts';

const root = path.resolve(import.meta.dirname, '..');
const minute = 60_000;
const day = 86_400_000;

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

interface Said {
  readonly ready?: true;
  readonly port?: number;
  readonly url?: string;
  readonly failed?: string;
}

class Client {
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

const iso = (ms: number): string => new Date(ms).toISOString();
const frames = (cameraId: string, at: number, only: string): string =>
  `/api/recordings/${cameraId}/frames?${new URLSearchParams({ at: iso(at), only }).toString()}`;

/**
 * Recordings through a BFF of its own, from the demo site in another process: keyframes and GOPs (at moments nobody
 * asked for before, and again), spans of nine cameras for 90 days, an export, and what 20 playbacks at once cost.
 * Options: `seeks` (each kind, default 100), `seconds` of playback (default 20), `minutes` to export (default 20).
 */
export async function run(options: Record<string, string> = {}): Promise<object> {
  const seeks = Number(options['seeks'] ?? '100');
  const seconds = Number(options['seconds'] ?? '20');
  const minutes = Number(options['minutes'] ?? '20');
  const directory = mkdtempSync(path.join(tmpdir(), 'parapet-bench-'));
  const children: ChildProcess[] = [];
  try {
    const site = await start('mocks/site/main.ts', {
      PARAPET_DEMO_XPROTECT_USER: 'bench',
      PARAPET_DEMO_XPROTECT_PASSWORD: 'bench password',
    });
    children.push(site.child);
    const config = path.join(directory, 'parapet.yaml');
    const vms = {
      id: 'bench',
      kind: 'xprotect',
      url: site.said.url,
      username: 'bench',
      password: 'bench password',
    };
    writeFileSync(config, JSON.stringify({ vms: [vms] }));
    const bff = await start('server/bff.ts', {
      PORT: '0',
      PARAPET_CONFIG: config,
      PARAPET_DATA_DIR: directory,
      PARAPET_ENGINE_URL: 'http://127.0.0.1:1',
      PARAPET_ENGINE_SECRET: 'no engine here',
      PARAPET_LOG_LEVEL: 'error',
      PARAPET_ADMIN_PASSWORD: 'bench password',
    });
    children.push(bff.child);
    const client = new Client(`http://127.0.0.1:${bff.said.port ?? 0}`);
    await client.send('POST', '/api/session', { name: 'administrator', password: 'bench password' });
    const cameraIds = await recordedAllTheTime(client);
    const pid = bff.child.pid ?? 0;
    const memory = (): number =>
      Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
    const atStart = memory();
    return {
      keyframe: await seek(client, cameraIds, 'keyframe', seeks),
      gop: await seek(client, cameraIds, 'gop', seeks),
      spans: await spans(client, cameraIds.slice(0, 9)),
      playback: { rssMBAtStart: atStart, ...(await playBack(client, cameraIds, seconds, pid, memory)) },
      export: await exportSome(client, cameraIds.slice(0, 2), minutes, pid),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Twenty cameras that were recording all of yesterday's last hours. */
async function recordedAllTheTime(client: Client): Promise<string[]> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const { cameras } = await client.json<Directory>('GET', '/api/directory');
    const ids = cameras
      .filter(({ number }) => number % 5 !== 2 && number % 5 !== 4 && number % 16 !== 9)
      .map(({ id }) => id);
    if (ids.length >= 20) return ids.slice(0, 20);
    await sleep(200);
  }
  throw new Error('The BFF has not read the site');
}

/** First at moments hours apart, spread over the cameras; then the same again. */
async function seek(
  client: Client,
  cameraIds: readonly string[],
  only: string,
  count: number,
): Promise<object> {
  const from = Date.now() - (only === 'gop' ? 3 : 6) * day;
  const addresses = Array.from({ length: count }, (_, i) =>
    frames(cameraIds[i % cameraIds.length] ?? '', from + i * 7 * minute + 777, only),
  );
  const measure = async (all: readonly string[]) => {
    const times: number[] = [];
    for (const address of all) times.push((await client.timed(address)).ms);
    return spread(times);
  };
  const uncachedMs = await measure(addresses);
  return { uncachedMs, cachedMs: await measure(addresses.slice(-40)) };
}

async function spans(client: Client, cameraIds: readonly string[]): Promise<object> {
  const to = Date.now();
  const address = (resolutionMs: number): string =>
    `/api/recordings/spans?${new URLSearchParams({
      cameras: cameraIds.join(),
      from: iso(to - 90 * day),
      to: iso(to),
      resolutionMs: String(resolutionMs),
    }).toString()}`;
  const cold = await client.timed(address(3_600_000));
  const again: number[] = [];
  for (let i = 0; i < 20; i++) again.push((await client.timed(address(3_600_000 + i))).ms);
  return {
    cameras: cameraIds.length,
    days: 90,
    coldMs: Math.round(cold.ms),
    bytes: cold.bytes,
    againMs: spread(again),
  };
}

/** Every camera at its own pace: the next GOP when it is due. */
async function playBack(
  client: Client,
  cameraIds: readonly string[],
  seconds: number,
  pid: number,
  memory: () => number,
): Promise<object> {
  const began = Date.now();
  const cost = watchCost({ bff: pid });
  const times: number[] = [];
  let bytes = 0;
  let mostMB = 0;
  let late = 0;
  const watch = setInterval(() => (mostMB = Math.max(mostMB, memory())), 200);
  await Promise.all(
    cameraIds.map(async (cameraId, i) => {
      await sleep((i * 2000) / cameraIds.length);
      const offset = 2 * day - i * minute;
      let at = began - offset;
      while (Date.now() - began < seconds * 1000) {
        const gop = await client.timed(frames(cameraId, at, 'gop'));
        times.push(gop.ms);
        bytes += gop.bytes;
        at = gop.end === null ? at + 2000 : Date.parse(gop.end);
        const waitMs = at + offset - Date.now();
        if (waitMs < 0) late++;
        await sleep(Math.max(0, waitMs));
      }
    }),
  );
  clearInterval(watch);
  return {
    playbacks: cameraIds.length,
    gopMs: spread(times),
    late,
    megabytes: Math.round(bytes / 1e6),
    mostRssMB: mostMB,
    cost: cost(),
  };
}

async function exportSome(
  client: Client,
  cameraIds: readonly string[],
  minutes: number,
  pid: number,
): Promise<object> {
  const end = Math.floor((Date.now() - 5 * day) / 1000) * 1000;
  const cost = watchCost({ bff: pid });
  const began = performance.now();
  const { id } = await client.json<Export>('POST', '/api/exports', {
    title: 'Bench',
    cameraIds,
    start: iso(end - minutes * minute),
    end: iso(end),
    reason: 'How fast it is',
  });
  for (;;) {
    await sleep(100);
    const { state, progress } = await client.json<Export>('GET', `/api/exports/${id}`);
    if (state.status === 'queued' || state.status === 'running') continue;
    const s = (performance.now() - began) / 1000;
    return {
      status: state.status,
      recordedMinutes: Math.round(progress.totalMs / minute),
      megabytes: Math.round(progress.bytes / 1e6),
      seconds: Math.round(s),
      megabytesPerSecond: Number((progress.bytes / 1e6 / s).toFixed(1)),
      timesRealTime: Math.round(progress.doneMs / 1000 / s),
      cost: cost(),
    };
  }
}
