import type { StreamName } from '#contract/camera.ts';
import { PastError } from './past-error.ts';
import type { NoPreview, Preview } from './preview-track.ts';
import type { Wanted } from './scrub.ts';

/** Sends one request for all of these, and gives what comes of it as it comes. Throws a {@link PastError}, or the signal's reason. */
export type AskTogether = (
  wanted: readonly Wanted[],
  stream: StreamName,
  signal: AbortSignal,
  each: (one: Preview | NoPreview) => void,
) => Promise<void>;

/** No request may name more cameras. */
const most = 36;
/** Who asks while a request is young waits for its end, or until it is this old, ms: the answers of one request come one by one, and would each call for another. */
const youngMs = 80;

interface Asker extends Wanted {
  readonly stream: StreamName;
  readonly signal: AbortSignal;
  readonly answer: PromiseWithResolvers<Preview | 'alone'>;
  hasGone: boolean;
}

/**
 * Makes one request of all for keyframes that are asked for in one go: the tiles of a page ask in the same picture of the
 * screen, and a browser sends six requests at a time to one host.
 */
export class Together {
  readonly #send: AskTogether;
  #asking: Asker[] = [];
  /** Requests that are young yet. */
  #young = 0;

  constructor(send: AskTogether) {
    this.#send = send;
  }

  /**
   * The keyframe at or before that moment; `alone` where nobody else asks: then one may ask as usual. Throws a
   * {@link PastError}, or the signal's reason. A request ends with the last who waits for it.
   */
  async ask({ cameraId, at }: Wanted, stream: StreamName, signal: AbortSignal): Promise<Preview | 'alone'> {
    signal.throwIfAborted();
    const answer = Promise.withResolvers<Preview | 'alone'>();
    const asker: Asker = { cameraId, at, stream, signal, answer, hasGone: false };
    signal.addEventListener('abort', () => answer.reject(signal.reason as Error), { once: true });
    this.#asking.push(asker);
    if (this.#asking.length === 1) queueMicrotask(() => this.#depart());
    return await answer.promise;
  }

  #depart(): void {
    if (this.#young > 0) return;
    const all = this.#asking.filter(({ signal }) => !signal.aborted);
    this.#asking = [];
    for (const [stream, askers] of Map.groupBy(all, (asker) => asker.stream)) {
      const [first] = askers;
      if (askers.length === 1) first?.answer.resolve('alone');
      else for (let i = 0; i < askers.length; i += most) void this.#go(stream, askers.slice(i, i + most));
    }
  }

  async #go(stream: StreamName, askers: readonly Asker[]): Promise<void> {
    const grown = this.#grow();
    const end = new AbortController();
    const over = new AbortController();
    for (const asker of askers)
      asker.signal.addEventListener(
        'abort',
        () => {
          asker.hasGone = true;
          if (askers.every(({ hasGone }) => hasGone)) end.abort();
        },
        { once: true, signal: over.signal },
      );
    let failure: unknown;
    try {
      await this.#send(askers, stream, end.signal, (one) => {
        const isAll = 'error' in one && one.error.code !== 'no-recording';
        for (const asker of askers) {
          if (asker.cameraId !== one.cameraId || (asker.at !== one.at && !isAll)) continue;
          // Who has an answer does not keep the others' request alive.
          asker.hasGone = true;
          if ('error' in one) asker.answer.reject(one.error);
          else asker.answer.resolve(one);
        }
      });
    } catch (cause) {
      failure = cause;
    }
    over.abort();
    grown();
    // A settled promise does not mind.
    for (const { answer } of askers)
      answer.reject(failure ?? new PastError('unreachable', 'The answer ended before this picture'));
  }

  /** Holds back who asks now; gives the way to let them go, which is taken after a while in any case. */
  #grow(): () => void {
    this.#young++;
    const grown = (): void => {
      clearTimeout(timer);
      this.#young -= isYoung ? 1 : 0;
      isYoung = false;
      this.#depart();
    };
    let isYoung = true;
    const timer = setTimeout(grown, youngMs);
    return grown;
  }
}
