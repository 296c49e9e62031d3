import type { EngineErrorCode } from '../error.ts';

/** Ceilings of the pauses in ms: the first, which doubles, and the longest. */
interface Ceilings {
  readonly first: number;
  readonly longest: number;
}
const usual: Ceilings = { first: 500, longest: 3000 };
const special: Partial<Record<EngineErrorCode, Ceilings>> = {
  // What a camera sends does not change by itself in a moment.
  'codec-unsupported': { first: 3000, longest: 3000 },
  'b-frames': { first: 3000, longest: 3000 },
  // Asking again and again with a wrong password locks accounts.
  'source-refused': { first: 4000, longest: 60_000 },
};

/**
 * How long to wait before the next attempt at a source: exponential with full jitter, so that a recorder that comes back
 * is not asked by all its cameras at once. The first pause is short, because most breaks are. The longest is three seconds: a
 * picture is to be back five seconds after the camera is, and only cameras that somebody watches are asked at all.
 *
 * @param attempt failures since pictures last flowed, from 1
 */
export function retryDelay(
  attempt: number,
  code: EngineErrorCode,
  random: () => number = Math.random,
): number {
  const { first, longest } = special[code] ?? usual;
  const ceiling = Math.min(longest, first * 2 ** Math.min(attempt - 1, 16));
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
