import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { restartDelay } from './restart-delay.ts';

/** One process to keep alive. */
export interface ChildPlan<Ready> {
  /** For the person who reads the log: `engine`, `BFF`, `demo site`. */
  readonly name: string;
  readonly entry: string;
  /**
   * The child's environment, made anew for every start; `last` is what the previous one said when it was ready,
   * so that a restarted child can be asked to listen where its predecessor did.
   */
  environment(last: Ready | undefined): Record<string, string | undefined>;
  /** The message the child sends over IPC once it listens. */
  readonly ready: z.ZodType<Ready>;
  /** How long the first start may take. */
  readonly patienceMs: number;
  /** Called at every death that was not asked for. */
  readonly onDeath?: (words: string) => void;
}

export interface Child<Ready> {
  /** What the child said at its first start. */
  readonly first: Ready;
  /** The process id now, for tests and the doctor; undefined between death and restart. */
  pid(): number | undefined;
  /** SIGTERM, and SIGKILL after `graceMs`. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts a child and keeps it alive: when it dies it is started again, at once the first time, with growing jittered
 * pauses while it keeps dying young. Rejects when the very first start fails, with what the child itself said.
 */
export async function superviseChild<Ready>(plan: ChildPlan<Ready>): Promise<Child<Ready>> {
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  let current: ChildProcess | undefined;
  let last: Ready | undefined;

  const spawnOnce = (): { process: ChildProcess; ready: Promise<Ready>; dead: Promise<string> } => {
    const child = spawn(process.execPath, [plan.entry], {
      env: { ...process.env, ...plan.environment(last) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Ctrl-C reaches the whole foreground group; children are to end when we say, in our order.
      detached: true,
    });
    current = child;
    const dead = new Promise<string>((resolve) => {
      child.once('error', (cause) => resolve(`${plan.name} could not start: ${cause.message}`));
      child.once('exit', (code, signal) =>
        resolve(`${plan.name} ended (${signal ?? `exit ${code ?? '?'}`})`),
      );
    });
    const ready = new Promise<Ready>((resolve, reject) => {
      child.on('message', (message) => {
        const said = z.looseObject({ ready: z.literal(true) }).safeParse(message);
        const failure = z.object({ failed: z.string() }).safeParse(message);
        if (failure.success) reject(new Error(failure.data.failed));
        else if (said.success) {
          const parsed = plan.ready.safeParse(message);
          if (parsed.success) resolve(parsed.data);
          else reject(new Error(`${plan.name} said something unexpected when it started`));
        }
      });
      void dead.then((words) => reject(new Error(words)));
    });
    ready.catch(() => undefined);
    return { process: child, ready, dead };
  };

  /** Ready within the plan's patience, or killed and the reason thrown. */
  const readyInTime = async (run: ReturnType<typeof spawnOnce>): Promise<Ready> => {
    const patience = new AbortController();
    const late = sleep(plan.patienceMs, undefined, { signal: patience.signal }).then(() => {
      throw new Error(`${plan.name} did not get ready within ${plan.patienceMs / 1000} s`);
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([run.ready, late]);
    } catch (cause) {
      run.process.kill('SIGKILL');
      throw cause;
    } finally {
      patience.abort();
    }
  };

  const firstRun = spawnOnce();
  const first = await readyInTime(firstRun);
  last = first;

  const keepAlive = async (): Promise<void> => {
    let run = firstRun;
    let young = 0;
    let startedAt = performance.now();
    for (;;) {
      const words = await run.dead;
      current = undefined;
      if (isStopping()) return;
      young = performance.now() - startedAt < 10_000 ? young + 1 : 0;
      const pauseMs = restartDelay(young);
      plan.onDeath?.(`${words}; starting it again in ${(pauseMs / 1000).toFixed(1)} s`);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
      startedAt = performance.now();
      run = spawnOnce();
      await readyInTime(run).then(
        (said) => (last = said),
        () => undefined,
      );
    }
  };
  const kept = keepAlive();

  return {
    first,
    pid: () => current?.pid,
    async stop(graceMs) {
      stopping.abort();
      const child = current;
      child?.kill('SIGTERM');
      const killing = setTimeout(() => child?.kill('SIGKILL'), graceMs);
      await kept;
      clearTimeout(killing);
    },
  };
}
