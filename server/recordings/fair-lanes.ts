/** Room for so much work at once; who has to wait, waits fairly. */
export interface FairLanes {
  /**
   * Does the work as soon as there is room. Viewers take turns, however much each of them wants; of one viewer's
   * wishes the newest comes first, as it is what the viewer looks at now. Rejects with the signal's reason while waiting.
   */
  run<T>(viewer: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** How many are being worked on, and how many wait. */
  readonly load: { readonly running: number; readonly waiting: number };
}

export function createFairLanes(width: number): FairLanes {
  /** Whose turn is next comes first. */
  const waiting = new Map<string, (() => void)[]>();
  let running = 0;

  function enterNext(): void {
    const turn = waiting.entries().next();
    if (turn.done === true) {
      running -= 1;
      return;
    }
    const [viewer, wishes] = turn.value;
    const enter = wishes.pop();
    waiting.delete(viewer);
    if (wishes.length > 0) waiting.set(viewer, wishes);
    enter?.();
  }

  function wait(viewer: string, signal: AbortSignal): Promise<undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const enter = (): void => {
      signal.removeEventListener('abort', leave);
      resolve(undefined);
    };
    const leave = (): void => {
      const left = (waiting.get(viewer) ?? []).filter((one) => one !== enter);
      if (left.length === 0) waiting.delete(viewer);
      else waiting.set(viewer, left);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', leave, { once: true });
    const wishes = waiting.get(viewer);
    if (wishes === undefined) waiting.set(viewer, [enter]);
    else wishes.push(enter);
    return promise;
  }

  return {
    async run(viewer, signal, work) {
      signal.throwIfAborted();
      if (running < width) running += 1;
      else await wait(viewer, signal);
      try {
        return await work();
      } finally {
        enterNext();
      }
    },
    get load() {
      const counts = [...waiting.values()].map((wishes) => wishes.length);
      return { running, waiting: counts.reduce((sum, count) => sum + count, 0) };
    },
  };
}
