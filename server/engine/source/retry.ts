import type { EngineErrorCode } from '../error.ts';

/** What will not get better by itself is asked less often. */
const stubborn: ReadonlySet<EngineErrorCode> = new Set(['source-refused', 'codec-unsupported', 'b-frames']);

/**
 * How long to wait before the next attempt at a source: exponential with full jitter, so that a recorder that comes back
 * is not asked by all its cameras at once. The first pause is short, because most breaks are.
 *
 * @param attempt failures since pictures last flowed, from 1
 */
export function retryDelay(
  attempt: number,
  code: EngineErrorCode,
  random: () => number = Math.random,
): number {
  const cap = stubborn.has(code) ? 60_000 : 15_000;
  const base = stubborn.has(code) ? 4_000 : 500;
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt - 1, 16));
  // A floor, so that an unlucky draw does not make a busy loop.
  return Math.round(100 + random() * (ceiling - 100));
}

/** Resolves after this time, or at once when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const wake = (): void => {
    resolve(undefined);
  };
  const timer = setTimeout(wake, ms);
  signal.addEventListener('abort', wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', wake);
}
