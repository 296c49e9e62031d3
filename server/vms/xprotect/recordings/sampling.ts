/** So long the camera before is waited for until the next one is tried as well, ms. */
const headStartMs = 700;

/**
 * Whether something can be done with one of the cameras at least. Tries one after the other, the next one when the one
 * before has failed, said no or taken its time. False where there is nobody to ask. Rejects when nobody answers, or with
 * the signal's reason.
 */
export async function anyCan(
  cameraIds: readonly string[],
  can: (cameraId: string, signal: AbortSignal) => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  const done = new AbortController();
  const ending = AbortSignal.any([signal, done.signal]);
  const found = Promise.withResolvers<'found'>();
  const attempts: Promise<void>[] = [];
  const troubles: unknown[] = [];
  try {
    for (const cameraId of cameraIds) {
      const attempt = can(cameraId, ending).then(
        (is) => {
          if (is) found.resolve('found');
        },
        (error: unknown) => void troubles.push(error),
      );
      attempts.push(attempt);
      if ((await Promise.race([found.promise, attempt, headStart(ending)])) === 'found') return true;
    }
    const first = await Promise.race([found.promise, Promise.all(attempts).then(() => 'over' as const)]);
    if (first === 'found') return true;
    if (troubles.length < attempts.length || attempts.length === 0) return false;
    signal.throwIfAborted();
    throw troubles[0];
  } finally {
    done.abort();
  }
}

async function headStart(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, headStartMs, undefined);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    resolve(undefined);
  });
  await promise;
}
