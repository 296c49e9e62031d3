import { spawn } from 'node:child_process';
import process from 'node:process';

/** One program to run, told to the person by what it proves. */
export interface Step {
  readonly proves: string;
  readonly command: readonly [string, ...string[]];
  readonly environment?: Record<string, string>;
}

/** What a change can break without anything being run. */
export const checks: readonly Step[] = [
  { proves: 'formatted', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { proves: 'routes and types generated', command: ['svelte-kit', 'sync'] },
  { proves: 'types hold (TypeScript)', command: ['tsc', '--noEmit'] },
  {
    proves: 'types hold (Svelte)',
    command: ['svelte-check', '--tsgo', '--fail-on-warnings', '--output', 'human'],
  },
  { proves: 'lint and the dependency map', command: ['eslint', '--max-warnings', '0', '.'] },
];

/** Runs a step with its output passed through; true when it succeeded. */
export async function runStep(step: Step): Promise<boolean> {
  const startedAt = performance.now();
  console.log(`\n── ${step.proves}: ${step.command.join(' ')}`);
  const [program, ...words] = step.command;
  const child = spawn(program, words, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...step.environment },
  });
  const hasSucceeded = await new Promise<boolean>((resolve) => {
    child.once('error', (cause) => {
      console.error(`${program} could not be started: ${cause.message}`);
      resolve(false);
    });
    child.once('exit', (code) => resolve(code === 0));
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`── ${hasSucceeded ? 'ok' : 'FAILED'} after ${seconds} s: ${step.proves}`);
  return hasSucceeded;
}
