import { ByteCache } from '#server/recordings/byte-cache.ts';
import type { Still } from '#server/vms/recordings.ts';
import type { Vms } from '#server/vms/vms.ts';
import { type StillPace, StillReader, type TakenStill } from './still-reader.ts';

/** The newest stills of all cameras, a few hundred of them. */
const memoryBytes = 32 * 1024 * 1024;
/** A remembered still younger than this is as good as a new one, ms. */
const freshMs = 2000;
/** Looking for a picture goes on so long after nobody waits for it any more, ms: the next one who asks will have it. */
const lookMs = 5000;
/** A live still has so much time before a recorded one is looked for too, ms. */
const headStartMs = 100;
/** Readers that rest are let go when there are more, so that a year of cameras does not stay. */
const mostReaders = 200;

/** A camera as the desk needs it. */
export interface StillCamera {
  readonly id: string;
  readonly vmsId: string;
}

export interface LastStill extends Still {
  /** How old the picture is, ms: since it came where it was live, else by the recorder's clock. */
  readonly ageMs: number;
}

export interface LastWish {
  readonly width: number;
  /** Older pictures are not given out, ms. */
  readonly mostAgeMs: number;
  /** How long to look for one, ms. */
  readonly patienceMs: number;
}

export interface StillDeskParts {
  readonly systems: readonly Vms[];
  /** Epoch ms. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly monotonic?: () => number;
  readonly pace?: Partial<StillPace>;
  readonly memoryBytes?: number;
}

interface Remembered extends TakenStill {
  readonly bytes: number;
}

/** Hands out stills of live pictures: the newest while somebody watches by them, the last one known to a tile that connects. */
export class StillDesk {
  readonly #parts: StillDeskParts;
  readonly #monotonic: () => number;
  readonly #memory: ByteCache<Remembered>;
  readonly #readers = new Map<string, StillReader>();
  readonly #looks = new Map<string, Promise<Still | undefined>>();
  readonly #end = new AbortController();

  constructor(parts: StillDeskParts) {
    this.#parts = parts;
    this.#monotonic = parts.monotonic ?? (() => performance.now());
    this.#memory = new ByteCache(parts.memoryBytes ?? memoryBytes);
  }

  /** Bytes of remembered stills. */
  get bytes(): number {
    return this.#memory.bytes;
  }

  /**
   * The newest still taken after `after` (epoch ms), waited for until the signal aborts. Undefined where the VMS makes
   * none; throws as {@link StillReader.next} does.
   */
  async next(
    camera: StillCamera,
    width: number,
    after: number | undefined,
    signal: AbortSignal,
  ): Promise<TakenStill | undefined> {
    const stills = this.#vms(camera)?.stills;
    if (stills === undefined) return undefined;
    const key = `${camera.vmsId} ${camera.id} ${width}`;
    let reader = this.#readers.get(key);
    if (reader === undefined) {
      this.#letGo();
      reader = new StillReader({
        read: (reading) => stills.live(camera.id, width, reading),
        onStill: (still) => this.#remember(camera, still),
        monotonic: this.#monotonic,
        ...(this.#parts.pace === undefined ? {} : { pace: this.#parts.pace }),
      });
      this.#readers.set(key, reader);
    }
    return reader.next(after, signal);
  }

  /**
   * The last picture there is within the time given: the newest live one, else the one remembered, else the newest
   * recorded one. Undefined where none is found or none is young enough. Never throws for a VMS that fails.
   */
  async last(camera: StillCamera, wish: LastWish, signal: AbortSignal): Promise<LastStill | undefined> {
    const remembered = this.#recall(camera, wish.mostAgeMs);
    if (remembered !== undefined && remembered.ageMs <= freshMs) return remembered;
    const vms = this.#vms(camera);
    if (vms === undefined) return remembered;
    const late = AbortSignal.any([signal, this.#end.signal, AbortSignal.timeout(wish.patienceMs)]);
    const newest = await this.#newest(camera, vms, wish.width, late, remembered === undefined);
    signal.throwIfAborted();
    if (newest.live !== undefined) return { ...newest.live, ageMs: 0 };
    const old = newest.recorded;
    if (remembered !== undefined || old === undefined) return remembered;
    const ageMs = Math.max(0, this.#parts.now() - old.timeMs);
    return ageMs <= wish.mostAgeMs ? { ...old, ageMs } : undefined;
  }

  /** Ends every reading and every wait. Safe to call twice. */
  close(): void {
    const reason = new DOMException('The desk is closed', 'AbortError');
    this.#end.abort(reason);
    for (const reader of this.#readers.values()) reader.close(reason);
    this.#readers.clear();
  }

  /** The newest live still; where that takes its time and `alsoRecorded`, the newest recorded one as well. */
  async #newest(
    camera: StillCamera,
    { stills, recordings }: Vms,
    width: number,
    late: AbortSignal,
    alsoRecorded: boolean,
  ): Promise<{ readonly live?: Still | undefined; readonly recorded?: Still | undefined }> {
    const key = `${camera.vmsId} ${camera.id} ${width}`;
    const looking = untilAborted(
      this.#look(`live ${key}`, async (signal) => {
        const still = await stills?.live(camera.id, width, signal);
        if (still !== undefined) this.#remember(camera, { ...still, receivedAt: this.#monotonic() });
        return still;
      }),
      late,
    );
    if (!alsoRecorded) return { live: await looking };
    const soon = await untilAborted(looking, AbortSignal.any([late, AbortSignal.timeout(headStartMs)]));
    if (soon !== undefined) return { live: soon };
    const search = this.#look(`recorded ${key}`, async (signal) =>
      recordings?.newestStill?.(camera.id, width, signal),
    );
    const recorded = untilAborted(search, late);
    const live = await looking;
    return live === undefined ? { recorded: await recorded } : { live };
  }

  #vms(camera: StillCamera): Vms | undefined {
    return this.#parts.systems.find(({ id }) => id === camera.vmsId);
  }

  #remember({ vmsId, id }: StillCamera, still: TakenStill): void {
    this.#memory.set(`${vmsId} ${id}`, { ...still, bytes: still.jpeg.length });
  }

  #recall({ vmsId, id }: StillCamera, mostAgeMs: number): LastStill | undefined {
    const known = this.#memory.get(`${vmsId} ${id}`);
    if (known === undefined) return undefined;
    const ageMs = this.#monotonic() - known.receivedAt;
    return ageMs <= mostAgeMs ? { timeMs: known.timeMs, jpeg: known.jpeg, ageMs } : undefined;
  }

  /** One search at a time for the same thing; it goes on when those who began it have lost patience. */
  #look(
    key: string,
    search: (signal: AbortSignal) => Promise<Still | undefined>,
  ): Promise<Still | undefined> {
    const running = this.#looks.get(key);
    if (running !== undefined) return running;
    const look = search(AbortSignal.any([this.#end.signal, AbortSignal.timeout(lookMs)]))
      // A VMS that fails is as good as one that has no picture: whoever watches the camera is told why elsewhere.
      .catch(() => undefined)
      .finally(() => this.#looks.delete(key));
    this.#looks.set(key, look);
    return look;
  }

  #letGo(): void {
    if (this.#readers.size < mostReaders) return;
    for (const [key, reader] of this.#readers) if (reader.isIdle) this.#readers.delete(key);
  }
}

/** What work gives, or undefined once the signal aborts. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const stop = (): void => resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, over]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
