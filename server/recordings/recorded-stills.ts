import { SharedWork } from '#server/vms/shared-work.ts';
import { ask } from './ask.ts';
import { ByteCache } from './byte-cache.ts';
import { type Frames, type FrameWish, settledMs } from './frames.ts';

/** A JPEG of the past. */
export interface RecordedStill {
  readonly timeMs: number;
  readonly jpeg: Uint8Array;
  /** It is the picture of every moment from `timeMs` up to here, excluded; undefined where the next one may come any time. */
  readonly until: number | undefined;
}

/** Recorded stills: made once for all who want the same picture, remembered for as long as it is the picture. */
export interface RecordedStills {
  /** The picture at or before the moment; undefined where there is none. Throws a `Refusal`. */
  read(wish: FrameWish, width: number): Promise<RecordedStill | undefined>;
}

interface Kept extends RecordedStill {
  readonly key: string;
  readonly until: number;
  readonly bytes: number;
}

const cacheBytes = 16 * 1024 * 1024;
/** A picture stands for no moment that is farther from it (`VmsRecordings.still`), ms. */
const reachMs = 5000;

export function createRecordedStills(parts: {
  readonly frames: Pick<Frames, 'lanesOf'>;
  readonly now: () => number;
}): RecordedStills {
  const { frames, now } = parts;
  /** By camera and width: the stills by when they were taken. */
  const shelves = new Map<string, Map<number, Kept>>();
  const cache = new ByteCache<Kept>(cacheBytes, ({ key, timeMs }) => {
    const shelf = shelves.get(key);
    shelf?.delete(timeMs);
    if (shelf?.size === 0) shelves.delete(key);
  });
  const flights = new Map<string, SharedWork<RecordedStill | undefined>>();

  function known(key: string, at: number): RecordedStill | undefined {
    for (const { timeMs, until } of shelves.get(key)?.values() ?? [])
      if (timeMs <= at && at < until) return cache.get(`${key} ${timeMs}`);
    return undefined;
  }

  function keep(key: string, still: RecordedStill & { readonly until: number }): void {
    const { timeMs, jpeg } = still;
    // The same picture may be known to be right for longer.
    const until = Math.max(still.until, shelves.get(key)?.get(timeMs)?.until ?? 0);
    const kept: Kept = { ...still, key, until, bytes: jpeg.length + 300 };
    const name = `${key} ${timeMs}`;
    cache.set(name, kept);
    if (cache.get(name) !== kept) return;
    const shelf = shelves.get(key) ?? new Map<number, Kept>();
    shelves.set(key, shelf.set(timeMs, kept));
  }

  async function make(
    key: string,
    wish: FrameWish,
    width: number,
    signal: AbortSignal,
  ): Promise<RecordedStill | undefined> {
    const { recordings, cameraId, viewer, at } = wish;
    const found = await frames
      .lanesOf(wish)
      .run(viewer, signal, () => ask(signal, (ending) => recordings.still(cameraId, at, width, ending)));
    if (found === undefined) return undefined;
    const { timeMs, jpeg, nextMs } = found;
    // Where nobody tells of a later picture, one may yet come to stand before the moment asked for.
    const end = nextMs ?? (at < now() - settledMs ? at + 1 : undefined);
    const until = end === undefined ? undefined : Math.min(end, timeMs + reachMs + 1);
    if (until === undefined || until <= timeMs) return { timeMs, jpeg, until: undefined };
    keep(key, { timeMs, jpeg, until });
    return { timeMs, jpeg, until };
  }

  return {
    async read(wish, width) {
      const { vmsId, cameraId, at } = wish;
      const key = `${vmsId} ${cameraId} ${width}`;
      const still = known(key, at);
      if (still !== undefined) return still;
      const name = `${key} ${at}`;
      let flight = flights.get(name);
      if (flight === undefined || flight.isAbandoned) {
        const own = new SharedWork((signal) => make(key, wish, width, signal));
        flights.set(name, (flight = own));
        void own.settled().then(() => {
          if (flights.get(name) === own) flights.delete(name);
        });
      }
      return await flight.join(wish.signal);
    },
  };
}
