/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. Leaves neither timer nor listener. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Resolves as soon as the page can be seen; rejects with the signal's reason when aborted. */
export function visible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    if (document.visibilityState === 'visible') {
      resolve();
      return;
    }
    const done = new AbortController();
    document.addEventListener(
      'visibilitychange',
      () => {
        if (document.visibilityState !== 'visible') return;
        done.abort();
        resolve();
      },
      { signal: done.signal },
    );
    signal.addEventListener(
      'abort',
      () => {
        done.abort();
        reject(signal.reason as Error);
      },
      { once: true, signal: done.signal },
    );
  });
}
