import type { Gop } from './frame-source.ts';
import { type CodedGroup, hasWebCodecs, setupOf } from './gop-decoder.ts';
import { KeyframeDecoder } from './keyframe-decoder.ts';
import { PastError } from './past-error.ts';
import { smallKeyframe } from './small-keyframe.ts';
import type { StillAnswer, StillOrder } from './still-worker.ts';

interface Order extends PromiseWithResolvers<ImageBitmap> {
  readonly lane: number;
  readonly gop: Gop;
  readonly width: number;
}

export interface StillLanesOptions {
  /** Starts what makes the pictures; it speaks as still-worker.ts does. Throws where the browser lets none start. */
  readonly startWorker?: (() => Worker) | undefined;
}

/** One makes a picture small while the other does: it takes as long as to decode it. */
const workerCount = 2;

const startStillWorker = (): Worker =>
  new Worker(new URL('./still-worker.ts', import.meta.url), { type: 'module', name: 'stills' });

/**
 * Makes small pictures of keyframes in several lanes, each one after the other. Beside the page's thread: decoding and
 * resizing them there takes a frame in ten from who drags. Where no worker runs, the page does it all the same.
 */
export class StillLanes {
  readonly #startWorker: () => Worker;
  readonly #orders = new Map<number, Order>();
  /** What each lane is set up for. */
  readonly #setups: string[];
  /** Which lane is which worker's goes round. */
  #workers: readonly Worker[] = [];
  /** The page's own decoders, one for each lane, once there is no worker. */
  #near: readonly KeyframeDecoder[] | undefined;
  #count = 0;
  #isClosed = false;

  constructor(count: number, { startWorker = startStillWorker }: StillLanesOptions = {}) {
    this.#startWorker = startWorker;
    this.#setups = Array.from({ length: count }, () => '');
  }

  /** Whether a lane is set up for such pictures: others cost it a new beginning. */
  isFor(lane: number, gop: Gop): boolean {
    return this.#setups[lane] === setupOf(gop);
  }

  /** The group's keyframe, that wide. Whoever gets it closes it. Throws a {@link PastError}. */
  async make(lane: number, gop: Gop, width: number): Promise<ImageBitmap> {
    if (this.#isClosed) throw closed();
    if (!hasWebCodecs()) throw new PastError('codec', 'The browser has no WebCodecs');
    this.#setups[lane] = setupOf(gop);
    this.#start();
    if (this.#near) return await this.#makeHere(lane, gop, width);
    const number = this.#count++;
    const order = { ...Promise.withResolvers<ImageBitmap>(), lane, gop, width };
    this.#orders.set(number, order);
    const keyframe = copyOfKeyframe(gop);
    const transfer = keyframe.frames.map(({ data }) => data.buffer);
    const worker = this.#workers[lane % this.#workers.length];
    worker?.postMessage({ number, lane, keyframe, width } satisfies StillOrder, transfer);
    return await order.promise;
  }

  /** Ends the worker and gives back the decoders; what is under way fails. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#endWorkers();
    for (const decoder of this.#near ?? []) decoder.close();
    for (const { reject } of this.#orders.values()) reject(closed());
    this.#orders.clear();
  }

  #start(): void {
    if (this.#workers.length > 0 || this.#near) return;
    try {
      const count = Math.min(workerCount, this.#setups.length);
      for (let i = 0; i < count; i++) this.#workers = [...this.#workers, this.#startWorker()];
    } catch {
      this.#goOnHere();
      return;
    }
    for (const worker of this.#workers) {
      worker.addEventListener('message', ({ data }: MessageEvent<StillAnswer>) => this.#take(data));
      // It did not load, or what it runs is broken.
      worker.addEventListener('error', () => this.#goOnHere());
    }
  }

  #take(answer: StillAnswer): void {
    const order = this.#orders.get(answer.number);
    this.#orders.delete(answer.number);
    if ('bitmap' in answer) {
      if (order) order.resolve(answer.bitmap);
      else answer.bitmap.close();
    } else order?.reject(new PastError(answer.code, answer.message));
  }

  #endWorkers(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
  }

  /** The page does what no worker does, and what one has left undone. */
  #goOnHere(): void {
    this.#endWorkers();
    if (this.#isClosed || this.#near) return;
    this.#near = this.#setups.map(() => new KeyframeDecoder());
    for (const { lane, gop, width, resolve, reject } of this.#orders.values())
      this.#makeHere(lane, gop, width).then(resolve, reject);
    this.#orders.clear();
  }

  async #makeHere(lane: number, gop: Gop, width: number): Promise<ImageBitmap> {
    const decoder = this.#near?.[lane];
    if (!decoder) throw closed();
    return await smallKeyframe(decoder, gop, width);
  }
}

/** What is sent of a view takes all the bytes behind it along: those of a whole group, where that is here. */
function copyOfKeyframe({ codec, description, width, height, frames }: Gop): CodedGroup {
  const first = frames.slice(0, 1).map((frame) => ({ ...frame, data: frame.data.slice() }));
  return { codec, description: description.slice(), width, height, frames: first };
}

const closed = (): PastError => new PastError('damaged', 'Nobody makes small pictures any more');
