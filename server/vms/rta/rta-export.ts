import { z } from 'zod';
import type { RecordedSpan, VmsFilm } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { readAnswer } from './answers.ts';
import type { RtaApi } from './rta-api.ts';

/*
 * `POST /api/export` of the requirements. The document names the path and how many may run at once; the rest is assumed:
 * fields as the document calls them elsewhere, an id to ask again with, and an address to fetch the file from.
 */

/** From the requirements' "API Request Limits". */
const documentedExports = 10;

export interface ExportPace {
  /** How many the server makes at a time. */
  readonly atOnce: number;
  /** How often it is asked whether one is done, ms: first, and at most. */
  readonly pollMs: readonly [first: number, most: number];
}

export const usualExportPace: ExportPace = { atOnce: documentedExports, pollMs: [500, 10_000] };

const State = z
  .object({
    export_id: z.string().min(1).optional(),
    id: z.string().min(1).optional(),
    status: z.string().default('running'),
    download_url: z.string().min(1).optional(),
    url: z.string().min(1).optional(),
  })
  .transform(({ export_id, id, status, download_url, url }) => ({
    id: export_id ?? id,
    status: status.toLowerCase(),
    address: download_url ?? url,
  }));

const isDone = (status: string): boolean =>
  ['completed', 'complete', 'done', 'finished', 'ready'].includes(status);
const hasFailed = (status: string): boolean => ['failed', 'error', 'cancelled', 'canceled'].includes(status);

/** Has the server make files of recordings. */
export class RtaExport {
  readonly #api: RtaApi;
  readonly #path: string;
  readonly #pace: ExportPace;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(api: RtaApi, path: string, pace: ExportPace = usualExportPace) {
    this.#api = api;
    this.#path = path;
    this.#pace = pace;
  }

  /**
   * Starts the export of this camera, waits for it and opens its file. The server's place for it is held until the file has
   * been read to its end or left. Throws {@link VmsError}, or the signal's reason.
   * @param id the server's id of the camera
   */
  async film(id: string, { start, end }: RecordedSpan, caller: AbortSignal): Promise<VmsFilm> {
    await this.#enter(caller);
    const leaving = new AbortController();
    const signal = AbortSignal.any([caller, leaving.signal]);
    let isOver = false;
    const leave = (): void => {
      if (isOver) return;
      isOver = true;
      caller.removeEventListener('abort', leave);
      leaving.abort();
      this.#leave();
    };
    caller.addEventListener('abort', leave, { once: true });
    try {
      const wish = { camera_id: id, start_time: iso(start), end_time: iso(end) };
      const started = await this.#api.post(this.#path, wish, 'export', signal);
      const film = await this.#api.file(await this.#made(started, signal), 'export', signal);
      return { ...film, body: until(film.body, leave) };
    } catch (error) {
      leave();
      caller.throwIfAborted();
      throw error;
    }
  }

  /** Where the file is, once there is one. */
  async #made(started: string, signal: AbortSignal): Promise<string> {
    let state = readAnswer(started, State, 'export');
    const { id } = state;
    const [first, most] = this.#pace.pollMs;
    for (let pauseMs = first; !isDone(state.status); pauseMs = Math.min(most, pauseMs * 2)) {
      if (hasFailed(state.status))
        throw new VmsError('unavailable', 'The Milestone server could not make the export');
      if (id === undefined)
        throw new VmsError('unexpected-answer', 'The Milestone server’s export has no id to ask for it with');
      await pause(pauseMs, signal);
      const path = `${this.#path}/${encodeURIComponent(id)}`;
      state = readAnswer(await this.#api.get(path, 'export', signal), State, 'export');
    }
    if (state.address === undefined)
      throw new VmsError('unexpected-answer', 'The Milestone server does not say where the export is');
    return state.address;
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#pace.atOnce) {
      this.#running += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const enter = (): void => resolve(undefined);
    const give = (): void => {
      this.#waiting.delete(enter);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', give, { once: true });
    this.#waiting.add(enter);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', give);
    }
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

async function* until(body: AsyncIterable<Uint8Array>, over: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    over();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const leave = (): void => reject(signal.reason as Error);
  const timer = setTimeout(() => resolve(undefined), ms);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}
