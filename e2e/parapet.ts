import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** The password all demo accounts get in tests. */
export const password = 'correct horse battery staple';

/** A whole Parapet as `npm start` runs it, with the demo site, on ports and in a directory of its own. */
export interface Parapet {
  readonly url: string;
  readonly dataDir: string;
  /** From spawn to the ready line. */
  readonly startMs: number;
  /** Everything it printed so far. */
  readonly output: () => string;
  /** The process id of one of its parts right now; undefined while that part is down. */
  pid(part: 'bff' | 'engine' | 'site'): number | undefined;
  /** Asks the demo site to break or mend something; what there is says mocks/xprotect/control.ts. */
  control(what: string, body?: Record<string, unknown>): Promise<void>;
  /** Ctrl-C. Resolves to how long it took until the last of its processes was gone, ms. */
  stop(): Promise<number>;
}

const entries = {
  bff: 'server/bff.ts',
  engine: 'server/engine/main.ts',
  site: 'mocks/site/main.ts',
} as const;
const controlSecret = 'known-to-the-tests-alone';

function childrenOf(parent: number): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        if (ppid !== parent) return [];
        return [
          { pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') },
        ];
      } catch {
        // It ended while we were looking.
        return [];
      }
    });
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Spawns Parapet and returns at once: for tests of starting itself. */
export function spawnParapet(environment: Record<string, string>): {
  process: ChildProcess;
  output: () => string;
} {
  const child = spawn(process.execPath, ['server/main.ts'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: '0', PARAPET_DEMO_PASSWORD: password, ...environment },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  return { process: child, output: () => text };
}

/** Starts Parapet and waits for its ready line. */
export async function startParapet(environment: Record<string, string> = {}): Promise<Parapet> {
  const dataDir = environment['PARAPET_DATA_DIR'] ?? mkdtempSync(path.join(tmpdir(), 'parapet-e2e-'));
  const startedAt = performance.now();
  const running = spawnParapet({
    PARAPET_DATA_DIR: dataDir,
    PARAPET_DEMO_CONTROL_SECRET: controlSecret,
    PARAPET_MEDIA_PORT: '0',
    ...environment,
  });
  const url = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const line = /Parapet is ready at (\S+)/.exec(running.output());
      if (line?.[1] !== undefined) resolve(line[1]);
    };
    running.process.stdout?.on('data', look);
    running.process.once('exit', (code) =>
      reject(new Error(`Parapet ended (${code}):\n${running.output()}`)),
    );
  });
  const supervisor = running.process.pid ?? 0;
  const startMs = performance.now() - startedAt;

  return {
    url,
    dataDir,
    startMs,
    output: running.output,
    pid: (part) => childrenOf(supervisor).find(({ command }) => command.includes(entries[part]))?.pid,
    async control(what, body = {}) {
      const { controlUrl } = JSON.parse(readFileSync(path.join(dataDir, 'demo.json'), 'utf8')) as {
        controlUrl: string;
      };
      const answer = await fetch(`${controlUrl}/${what}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${controlSecret}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5000),
      });
      if (!answer.ok) throw new Error(`The demo site refused ${what}: ${await answer.text()}`);
    },
    async stop() {
      const pids = [supervisor, ...childrenOf(supervisor).map(({ pid }) => pid)];
      const from = performance.now();
      running.process.kill('SIGINT');
      while (pids.some(isAlive) && performance.now() - from < 10_000)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const tookMs = performance.now() - from;
      for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      if (environment['PARAPET_DATA_DIR'] === undefined) rmSync(dataDir, { recursive: true, force: true });
      return tookMs;
    },
  };
}
