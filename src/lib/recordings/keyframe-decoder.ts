import { type CodedGroup, needCodec, OneDecoder, setupOf } from './gop-decoder.ts';
import { PastError } from './past-error.ts';

interface Order {
  readonly group: CodedGroup;
  readonly answer: PromiseWithResolvers<VideoFrame>;
  /** It was among others when a decoder broke: the next time it goes alone, so that a damaged one spoils no other. */
  isSuspect: boolean;
}

/** More keyframes than this are not decoded in one go, so that whoever comes meanwhile is not kept waiting. */
const mostAtOnce = 8;

/**
 * Decodes keyframes, of any camera. Those that wait while it works are decoded in one go where one set-up fits all: to wait
 * for the end of each takes longer than to decode it.
 */
export class KeyframeDecoder {
  readonly #decoder = new OneDecoder({
    output: (frame) => this.#take(frame),
    error: (cause) => this.#failed?.reject(cause),
  });
  #waiting: Order[] = [];
  /** What is inside the decoder, by the timestamp it was given: two cameras may have taken theirs in the same millisecond. */
  readonly #inside = new Map<number, Order>();
  #count = 0;
  #failed: PromiseWithResolvers<never> | undefined;
  #isBusy = false;
  #isClosed = false;

  /** The keyframe that a group begins with. Whoever gets it closes it. Throws a {@link PastError}. */
  async decode(group: CodedGroup): Promise<VideoFrame> {
    if (this.#isClosed) throw closed();
    const answer = Promise.withResolvers<VideoFrame>();
    this.#waiting.push({ group, answer, isSuspect: false });
    if (!this.#isBusy) void this.#work();
    return await answer.promise;
  }

  /** Gives the decoder back; what waits fails. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#decoder.drop();
    for (const { answer } of [...this.#waiting, ...this.#inside.values()]) answer.reject(closed());
    this.#waiting = [];
    this.#inside.clear();
    this.#failed?.reject(closed());
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let orders = this.#next(); orders.length > 0; orders = this.#next()) await this.#run(orders);
    this.#isBusy = false;
  }

  /** The first that waits, and those that can go with it. */
  #next(): Order[] {
    const [first] = this.#waiting;
    if (!first) return [];
    const goesAlong = (order: Order): boolean =>
      !first.isSuspect && !order.isSuspect && setupOf(order.group) === setupOf(first.group);
    const orders = [first, ...this.#waiting.slice(1).filter(goesAlong)].slice(0, mostAtOnce);
    this.#waiting = this.#waiting.filter((order) => !orders.includes(order));
    return orders;
  }

  async #run(orders: readonly Order[]): Promise<void> {
    const failed = (this.#failed = Promise.withResolvers<never>());
    failed.promise.catch(() => undefined);
    for (const order of orders) this.#inside.set(++this.#count, order);
    const first = this.#count - orders.length + 1;
    try {
      const [{ group }] = orders as [Order];
      await needCodec(group);
      if (this.#isClosed) return;
      const decoder = this.#decoder.for(group);
      orders.forEach(({ group: { frames } }, i) => {
        const [keyframe] = frames;
        if (!keyframe) throw new PastError('damaged', 'A group without pictures');
        decoder.decode(new EncodedVideoChunk({ type: 'key', timestamp: first + i, data: keyframe.data }));
      });
      await Promise.race([decoder.flush(), failed.promise]);
      this.#end(orders, new PastError('damaged', 'The decoder gave no picture'));
    } catch (cause) {
      this.#decoder.drop();
      if (orders.length > 1 && !this.#isClosed) this.#again(orders);
      else {
        const isKnown = cause instanceof PastError;
        this.#end(
          orders,
          isKnown ? cause : new PastError('damaged', 'The recording does not decode', { cause }),
        );
      }
    }
  }

  #take(frame: VideoFrame): void {
    const order = this.#inside.get(frame.timestamp);
    this.#inside.delete(frame.timestamp);
    if (order) order.answer.resolve(frame);
    else frame.close();
  }

  /** Those that are still inside wait once more, each to go alone. */
  #again(orders: readonly Order[]): void {
    const left = [...this.#inside.values()].filter((order) => orders.includes(order));
    this.#inside.clear();
    for (const order of left) order.isSuspect = true;
    this.#waiting.unshift(...left);
  }

  #end(orders: readonly Order[], error: PastError): void {
    for (const [timestamp, order] of this.#inside) {
      if (!orders.includes(order)) continue;
      this.#inside.delete(timestamp);
      order.answer.reject(error);
    }
  }
}

const closed = (): PastError => new PastError('damaged', 'The decoder is closed');
