import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { eventually } from '#server/testing/eventually.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Directory } from '#contract/camera.ts';

const patienceMs = 60_000;
const running = new Set<ChildProcess>();
const directories: string[] = [];
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

interface Said {
  readonly ready?: true;
  readonly port?: number;
  readonly generatedAdminPassword?: string;
  readonly failed?: string;
}

function dataDir(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'parapet-bff-'));
  directories.push(directory);
  writeFileSync(
    path.join(directory, 'parapet.yaml'),
    'vms: [{ id: gates, kind: static, cameras: [{ name: North gate, number: 7, agency: Gates, main: "rtsp://192.0.2.1/main" }] }]\n',
  );
  return directory;
}

async function start(directory: string, env: Record<string, string> = {}) {
  const child = fork(path.join(import.meta.dirname, 'bff.ts'), {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      PARAPET_CONFIG: path.join(directory, 'parapet.yaml'),
      PARAPET_DATA_DIR: directory,
      PARAPET_ENGINE_URL: 'http://127.0.0.1:1',
      PARAPET_ENGINE_SECRET: 'no engine here',
      PARAPET_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => (output += part.toString()));
  const [said] = (await once(child, 'message')) as [Said];
  return {
    child,
    said,
    output: () => output,
    url: `http://127.0.0.1:${said.port ?? 0}`,
    exit: once(child, 'exit') as Promise<[number | null, string | null]>,
  };
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

describe('the BFF as a process', () => {
  it(
    'starts with a made-up administrator, keeps sessions through kill -9, and ends politely within 1.5 s',
    async () => {
      const directory = dataDir();
      const first = await start(directory);
      const password = first.said.generatedAdminPassword ?? '';
      expect(password).toMatch(/^[\w-]{20}$/);
      const signedIn = await post(`${first.url}/api/session`, { name: 'administrator', password });
      expect(signedIn.status).toBe(200);
      const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      expect(first.output()).not.toContain(password);
      first.child.kill('SIGKILL');
      await first.exit;

      const second = await start(directory);
      expect(second.said.generatedAdminPassword).toBeUndefined();
      await eventually(async () => {
        const answer = await fetch(`${second.url}/api/directory`, { headers: { cookie } });
        return ((await answer.json()) as Directory).cameras.map(({ name, number }) => [name, number]);
      }).toEqual([['North gate', 7]]);
      const ready = await fetch(`${second.url}/readyz`);
      expect([ready.status, await ready.text()]).toEqual([
        200,
        expect.stringContaining('"part":"vms:gates"'),
      ]);

      const news = await fetch(`${second.url}/api/news`, { headers: { cookie } });
      const from = performance.now();
      second.child.kill('SIGTERM');
      expect(await news.text()).toContain('event: hello');
      expect(await second.exit).toEqual([0, null]);
      expect(performance.now() - from).toBeLessThan(1500);
    },
    patienceMs,
  );

  it(
    'ends when its parent goes',
    async () => {
      const { child, exit } = await start(dataDir());
      child.disconnect();
      expect(await exit).toEqual([0, null]);
    },
    patienceMs,
  );

  it(
    'says in words why it cannot start',
    async () => {
      const { said, exit, output } = await start(dataDir(), { PORT: 'ninety', PARAPET_COLOUR: 'red' });
      expect(said.failed).toContain('PORT is not a port');
      expect(said.failed).toContain('PARAPET_COLOUR is not a setting');
      expect((await exit)[0]).toBe(1);
      expect(output()).toContain('the BFF cannot start');
    },
    patienceMs,
  );

  it(
    'says so when the database does not answer, without its address',
    async () => {
      const url = 'postgres://parapet:hunter2@127.0.0.1:1/none';
      const { said, exit, output } = await start(dataDir(), { DATABASE_URL: url });
      expect(said.failed).toBe('The database that DATABASE_URL names does not answer.');
      await exit;
      expect(output()).not.toContain('hunter2');
    },
    patienceMs,
  );
});
