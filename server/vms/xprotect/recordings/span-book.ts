import type { RecordedSpan } from '#server/vms/recordings.ts';
import { bytesOf, cutIntoHours, hourMs, joinHours, type HourBlock } from './hour-blocks.ts';
import type { SequenceReader } from './recorder-parts.ts';
import { SharedWork } from '#server/vms/shared-work.ts';

/** An hour that ended less than this ago may still grow, ms. */
const settleMs = 5 * 60_000;
/** What was missing can be fetched from a camera's own storage later, and old recordings go: look again, ms. */
const staleMs = 6 * hourMs;
/** How long the oldest kept moment is believed, ms. */
const oldestMs = 60_000;
/** From so many hours on it is worth to ask what is kept at all. */
const longWindow = 48;

interface Kept extends HourBlock {
  /** On the monotonic clock. */
  readonly until: number;
}

type Flight = SharedWork<ReadonlyMap<number, HourBlock>>;

/**
 * What is known of recorded and motion spans. The past is kept by camera and hour, as many bytes of it as allowed;
 * whatever is missing of a window is fetched in as few calls as there are holes, once for all who ask at the same time.
 */
export class SpanBook {
  readonly #reader: SequenceReader;
  readonly #budgetBytes: number;
  readonly #hours = new Map<string, Kept>();
  #bytes = 0;
  readonly #flights = new Map<string, Flight>();
  readonly #oldest = new Map<
    string,
    { readonly work: SharedWork<number | undefined>; readonly until: number }
  >();

  constructor(reader: SequenceReader, { budgetBytes }: { budgetBytes: number }) {
    this.#reader = reader;
    this.#budgetBytes = budgetBytes;
  }

  /** Bytes the kept hours take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The oldest recorded moment of this camera. */
  async oldest(cameraId: string, signal: AbortSignal): Promise<number | undefined> {
    const known = this.#oldest.get(cameraId);
    if (known !== undefined && performance.now() < known.until && !known.work.isAbandoned)
      return known.work.join(signal);
    const work = new SharedWork(
      async (inner) => (await this.#reader.first(cameraId, Date.now(), inner))?.start,
    );
    this.#oldest.set(cameraId, { work, until: performance.now() + oldestMs });
    try {
      return await work.join(signal);
    } catch (error) {
      if (this.#oldest.get(cameraId)?.work === work) this.#oldest.delete(cameraId);
      throw error;
    }
  }

  /** Recorded and motion spans of `within`, clipped to it and to the present. */
  async spans(
    cameraId: string,
    within: RecordedSpan,
    signal: AbortSignal,
  ): Promise<{ recorded: RecordedSpan[]; motion: RecordedSpan[] }> {
    signal.throwIfAborted();
    // A recording in progress may say that it ends in the future.
    const end = Math.min(within.end, Date.now());
    let start = Math.max(within.start, 0);
    if (end - start > longWindow * hourMs)
      start = Math.max(start, (await this.oldest(cameraId, signal)) ?? end);
    if (!(start < end)) return { recorded: [], motion: [] };

    const [first, last] = [Math.floor(start / hourMs), Math.ceil(end / hourMs)];
    const blocks = new Map<number, HourBlock>();
    const flights = new Set<Flight>();
    for (let hour = first; hour < last; hour++) {
      const key = `${cameraId} ${hour}`;
      const kept = this.#recall(key);
      const flight = kept === undefined ? this.#flights.get(key) : undefined;
      if (kept !== undefined) blocks.set(hour, kept);
      else if (flight !== undefined && !flight.isAbandoned) flights.add(flight);
      else {
        let until = hour + 1;
        while (until < last && this.#isMissing(`${cameraId} ${until}`)) until++;
        flights.add(this.#fetch(cameraId, hour, until));
        hour = until - 1;
      }
    }
    for (const fetched of await Promise.all([...flights].map((flight) => flight.join(signal))))
      for (const [hour, block] of fetched) blocks.set(hour, block);
    const ordered = [...blocks]
      .filter(([hour]) => hour >= first && hour < last)
      .toSorted(([a], [b]) => a - b);
    return joinHours(ordered, { start, end });
  }

  #isMissing(key: string): boolean {
    const flight = this.#flights.get(key);
    return this.#recall(key) === undefined && (flight === undefined || flight.isAbandoned);
  }

  #fetch(cameraId: string, first: number, end: number): Flight {
    const keys = Array.from({ length: end - first }, (_, i) => `${cameraId} ${first + i}`);
    const flight: Flight = new SharedWork(async (signal) => {
      const asked = Date.now();
      const within = { start: first * hourMs, end: end * hourMs };
      try {
        const [recorded, motion] = await Promise.all([
          this.#reader.read(cameraId, 'recorded', within, signal),
          this.#reader.read(cameraId, 'motion', within, signal),
        ]);
        const blocks = cutIntoHours(recorded, motion, first, end);
        blocks.forEach((block, i) => {
          if ((first + i + 1) * hourMs <= asked - settleMs) this.#keep(`${cameraId} ${first + i}`, block);
        });
        return new Map(blocks.map((block, i) => [first + i, block]));
      } finally {
        for (const key of keys) if (this.#flights.get(key) === flight) this.#flights.delete(key);
      }
    });
    for (const key of keys) this.#flights.set(key, flight);
    return flight;
  }

  #recall(key: string): HourBlock | undefined {
    const kept = this.#hours.get(key);
    if (kept === undefined) return undefined;
    this.#hours.delete(key);
    if (kept.until < performance.now()) {
      this.#bytes -= bytesOf(kept);
      return undefined;
    }
    // Again at the end of the queue: what has not been asked for longest goes first.
    this.#hours.set(key, kept);
    return kept;
  }

  #keep(key: string, block: HourBlock): void {
    const before = this.#hours.get(key);
    if (before !== undefined) this.#bytes -= bytesOf(before);
    this.#hours.delete(key);
    this.#hours.set(key, { ...block, until: performance.now() + staleMs });
    this.#bytes += bytesOf(block);
    for (const [oldest, kept] of this.#hours) {
      if (this.#bytes <= this.#budgetBytes) break;
      this.#hours.delete(oldest);
      this.#bytes -= bytesOf(kept);
    }
  }
}
