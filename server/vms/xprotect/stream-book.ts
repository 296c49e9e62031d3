import { VmsError } from '#server/vms/vms.ts';
import { SettingsAnswer, StreamsAnswer } from './answers.ts';
import type { ConfigApi } from './config-api.ts';
import { inLanes } from './lanes.ts';
import { chooseStreams, type KnownStream } from './streams.ts';

/** Calls under way at a time while somebody waits; while nobody does, so few that a busy gateway does not feel it. */
const lanesWaiting = 8;
const lanesBehind = 2;

/** Whether a change of streams moves a camera's `lastModified` is not documented: look again this often, ms. */
const staleMs = 6 * 3_600_000;

interface Entry {
  readonly streams: readonly KnownStream[];
  /** The camera's `lastModified` when they were read: another one means they are to be read again. */
  readonly version: string;
  /** On the monotonic clock. */
  readonly readAt: number;
}

/**
 * What is known of the cameras' streams. XProtect tells streams camera by camera, two calls each: a thousand calls
 * for 500 cameras. So they are read once and again only for cameras that have changed; the first time as many as fit
 * into a short wait, the rest behind everybody's back.
 */
export class StreamBook {
  readonly #api: ConfigApi;
  readonly #entries = new Map<string, Entry>();
  readonly #versions = new Map<string, string>();
  #behind = new AbortController();

  constructor(api: ConfigApi) {
    this.#api = api;
  }

  /** What is known of this camera's streams; undefined before the first reading. */
  known(cameraId: string): readonly KnownStream[] | undefined {
    return this.#entries.get(cameraId)?.streams;
  }

  /** Reads one camera's streams afresh. */
  async read(cameraId: string, signal: AbortSignal): Promise<readonly KnownStream[]> {
    const version = this.#versions.get(cameraId) ?? '';
    const [streams, settings] = await Promise.all([
      this.#api.one(`streams/${cameraId}`, StreamsAnswer, signal),
      this.#api.one(`settings/${cameraId}`, SettingsAnswer, signal).catch((error: unknown) => {
        // Drivers answer in any shape. Without settings the streams are still there, just not their sizes.
        if (error instanceof VmsError && error.code === 'unexpected-answer') return undefined;
        throw error;
      }),
    ]);
    if (streams === undefined) throw new VmsError('unknown-camera', 'XProtect has no such camera');
    const chosen = chooseStreams(streams, settings);
    this.#entries.set(cameraId, { streams: chosen, version, readAt: performance.now() });
    return chosen;
  }

  /**
   * Reads what is missing or out of date of these cameras, waits `budgetMs` for it and lets the rest come in later.
   * `versions` are the cameras' `lastModified` by id; cameras that are not in it are forgotten. Never throws but for
   * the signal: what cannot be read now is tried again the next time.
   */
  async catchUp(versions: ReadonlyMap<string, string>, budgetMs: number, signal: AbortSignal): Promise<void> {
    this.#behind.abort();
    this.#behind = new AbortController();
    this.#versions.clear();
    for (const [id, version] of versions) this.#versions.set(id, version);
    for (const id of [...this.#entries.keys()]) if (!versions.has(id)) this.#entries.delete(id);

    const enough = AbortSignal.any([signal, this.#behind.signal, AbortSignal.timeout(budgetMs)]);
    await this.#readThese(this.#due(Infinity), lanesWaiting, enough);
    signal.throwIfAborted();
    void this.#readThese(this.#due(staleMs), lanesBehind, this.#behind.signal);
  }

  close(): void {
    this.#behind.abort();
  }

  /** Cameras nobody has read, that have changed, or that were read longer ago than `age`, ms. */
  #due(age: number): string[] {
    const now = performance.now();
    return [...this.#versions]
      .filter(([id, version]) => {
        const entry = this.#entries.get(id);
        return entry?.version !== version || now - entry.readAt > age;
      })
      .map(([id]) => id);
  }

  async #readThese(ids: readonly string[], lanes: number, signal: AbortSignal): Promise<void> {
    const readOne = async (id: string): Promise<void> => {
      try {
        await this.read(id, signal);
      } catch (error) {
        const isAboutThisOne =
          error instanceof VmsError &&
          (error.code === 'unknown-camera' || error.code === 'unexpected-answer');
        // Anything else would hit the next camera just the same: leave it for the next time.
        if (!isAboutThisOne) throw error;
      }
    };
    await inLanes(ids, lanes, readOne, signal).catch(() => undefined);
  }
}
