import type { z } from 'zod';
import type { VmsFilm } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { abortable } from './abortable.ts';
import { CameraAnswer, CameraListAnswer, type ReadList, readAnswer, RecordingsAnswer } from './answers.ts';
import { type Answer, type Exchange, HttpExchanger } from './http-exchange.ts';
import { PerMinute } from './per-minute.ts';
import type { RtaSettings } from './settings.ts';
import { SignIn } from './sign-in.ts';

/** What the server is asked at most, from the requirements' "API Request Limits". */
export interface RequestLimits {
  readonly cameraListEveryMs: number;
  readonly recordingsPerMinute: number;
}

export const documentedLimits: RequestLimits = { cameraListEveryMs: 60_000, recordingsPerMinute: 100 };

/** Where it is said what could not be read. */
export interface RtaLog {
  warn(fields: object, message: string): void;
}

/** How long a failure to list cameras stands, ms: other processes, and other programs, may have asked the last time. */
const failureMs = 10_000;
/** The longest that it stands because the server wants to be left alone, ms: its minute, and a bit. */
const longestFailureMs = 75_000;
/** What cannot be read is said this often, ms. */
const complainEveryMs = 600_000;

/** A stretch that the server lists as recorded, epoch ms, without what it calls gaps. */
export interface ListedSpan {
  readonly start: number;
  readonly end: number;
}

/** The requirements' REST, within its limits. Every method throws {@link VmsError} and aborts with its signal. */
export class RtaApi {
  readonly #settings: RtaSettings & { readonly apiUrl: string };
  readonly #http: HttpExchanger;
  readonly #signIn: SignIn;
  readonly #recordings: PerMinute;
  readonly #limits: RequestLimits;
  readonly #closed = new AbortController();
  #listing: Promise<readonly CameraAnswer[]> | undefined;
  /** The last camera list that the server has given. */
  #list: { readonly at: number; readonly cameras: readonly CameraAnswer[] } | undefined;
  /** How the server, asked after that, has failed to. */
  #failure: { readonly at: number; readonly error: VmsError } | undefined;
  readonly #log: RtaLog | undefined;
  readonly #complainedAt = new Map<string, number>();

  constructor(
    settings: RtaSettings & { readonly apiUrl: string },
    {
      ca,
      limits = documentedLimits,
      log,
    }: { ca?: string | undefined; limits?: RequestLimits; log?: RtaLog | undefined },
  ) {
    this.#settings = settings;
    this.#limits = limits;
    this.#log = log;
    this.#http = new HttpExchanger({ ca });
    this.#recordings = new PerMinute(limits.recordingsPerMinute);
    this.#signIn = new SignIn({ ...settings, tokenUrl: this.#url(settings.paths.token) }, this.#http);
  }

  /**
   * All cameras. Within a minute of the last answer that answer again: more often the server is not to be asked. It stands,
   * too, while the server says that it has been asked too often: each process keeps to the limit, all of them may not.
   */
  async cameras(signal: AbortSignal): Promise<readonly CameraAnswer[]> {
    signal.throwIfAborted();
    const [now, list, failure] = [performance.now(), this.#list, this.#failure];
    if (list !== undefined && now - list.at < this.#limits.cameraListEveryMs) return list.cameras;
    if (failure !== undefined && now - failure.at < standingMs(failure.error)) {
      if (failure.error instanceof TooOften && list !== undefined) return list.cameras;
      throw failure.error;
    }
    this.#listing ??= this.#readList().finally(() => {
      this.#listing = undefined;
    });
    return await abortable(this.#listing, signal);
  }

  async #readList(): Promise<readonly CameraAnswer[]> {
    const { cameras: path } = this.#settings.paths;
    try {
      const answer = await this.#get(path, {}, CameraListAnswer, 'camera list', this.#closed.signal);
      const cameras = this.#readable(answer, 'camera list');
      this.#list = { at: performance.now(), cameras };
      this.#failure = undefined;
      return cameras;
    } catch (error) {
      // A server that could not be reached has not been asked.
      if (error instanceof VmsError && error.code !== 'refused' && !(error instanceof NotReached))
        this.#failure = { at: performance.now(), error };
      if (error instanceof TooOften && this.#list !== undefined) return this.#list.cameras;
      throw error;
    }
  }

  /** The entries of a list that could be read; the others are spoken of once in a while. */
  #readable<T>({ items, unreadable }: ReadList<T>, list: string): readonly T[] {
    const now = performance.now();
    if (unreadable > 0 && now - (this.#complainedAt.get(list) ?? -Infinity) > complainEveryMs) {
      this.#complainedAt.set(list, now);
      this.#log?.warn({ list, unreadable }, 'the Milestone server lists what nobody can read');
    }
    return items;
  }

  /** One camera afresh. */
  async camera(id: string, signal: AbortSignal): Promise<CameraAnswer> {
    const path = `${this.#settings.paths.cameras}/${encodeURIComponent(id)}`;
    return await this.#get(path, {}, CameraAnswer, 'camera', signal);
  }

  /** Whether recordings can be asked for at leisure; else what is known should do for a while. */
  get isAtLeisure(): boolean {
    return this.#recordings.room > this.#limits.recordingsPerMinute / 2;
  }

  /** What is recorded between the two moments, epoch ms, as the server lists it. */
  async recordings(id: string, start: number, end: number, signal: AbortSignal): Promise<ListedSpan[]> {
    await this.#recordings.take(signal);
    const path = `${this.#settings.paths.recordings}/${encodeURIComponent(id)}`;
    const times = { start: iso(start), end: iso(end) };
    const answer = await this.#get(path, times, RecordingsAnswer, 'recording timeline', signal);
    return this.#readable(answer, 'recording timeline').flatMap(
      ({ start_time, end_time, has_video, gaps }) =>
        has_video ? withoutGaps({ start: start_time, end: end_time }, gaps) : [],
    );
  }

  /** The text of an answer, for what has a form of its own. */
  async get(path: string, what: string, signal: AbortSignal): Promise<string> {
    const wish = { method: 'GET', url: this.#url(path), headers: {} } as const;
    return (await this.#ask(wish, what, signal, (own) => this.#http.exchange(own, signal))).body;
  }

  /** The same for what is sent. */
  async post(path: string, body: object, what: string, signal: AbortSignal): Promise<string> {
    const wish = {
      method: 'POST',
      url: this.#url(path),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    } as const;
    return (await this.#ask(wish, what, signal, (own) => this.#http.exchange(own, signal))).body;
  }

  /** A file of the server's, at an address that it has named. Credentials go to the configured server only. */
  async file(address: string, what: string, signal: AbortSignal): Promise<VmsFilm> {
    const url = URL.parse(address, `${this.#settings.apiUrl}/`);
    if (url?.origin !== new URL(this.#settings.apiUrl).origin)
      throw new VmsError('unexpected-answer', `The Milestone server’s ${what} is on another server`);
    const wish = { method: 'GET', url, headers: { accept: '*/*' } } as const;
    const { mediaType, bytes, body } = await this.#ask(wish, what, signal, (own) =>
      this.#http.stream(own, signal),
    );
    return { mediaType, bytes, body };
  }

  close(): void {
    this.#closed.abort(new VmsError('unavailable', 'Parapet is ending'));
    this.#signIn.close();
    this.#http.close();
  }

  #url(path: string): URL {
    return new URL(this.#settings.apiUrl + path);
  }

  async #get<T extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: T,
    what: string,
    signal: AbortSignal,
  ): Promise<z.output<T>> {
    const url = this.#url(path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const wish = { method: 'GET', url, headers: {} } as const;
    const { body } = await this.#ask(wish, what, signal, (own) => this.#http.exchange(own, signal));
    return readAnswer(body, schema, what);
  }

  /** Sends it with the user's credentials, once more where a token has died. Gives what succeeds only. */
  async #ask<A extends Omit<Answer, 'body'>>(
    wish: Exchange,
    what: string,
    signal: AbortSignal,
    send: (wish: Exchange) => Promise<A>,
  ): Promise<A> {
    for (let attempt = 1; ; attempt++) {
      const authorization = await this.#reach(() => this.#signIn.authorization(signal));
      const headers = { ...wish.headers, ...(authorization === undefined ? {} : { authorization }) };
      const answer = await this.#reach(() => send({ ...wish, headers }));
      if (answer.status >= 200 && answer.status < 300) return answer;
      if (answer.status !== 401) throw refusalOf(answer, what);
      if (this.#signIn.rejected(authorization, answer) && attempt === 1) continue;
      throw this.#signIn.refusal;
    }
  }

  async #reach<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof VmsError && error.code === 'unavailable') throw new NotReached(error);
      throw error;
    }
  }
}

function refusalOf({ status, retryAfterMs }: Omit<Answer, 'body'>, what: string): VmsError {
  if (status === 403)
    return new VmsError('refused', `The Milestone server does not let this user see the ${what}`);
  if (status === 404 && what !== 'camera list')
    return new VmsError('unknown-camera', 'The Milestone server knows no such camera');
  if (status === 429) return new TooOften(what, retryAfterMs);
  if (status >= 500)
    return new VmsError(
      'unavailable',
      `The Milestone server fails at the ${what} (status ${String(status)})`,
    );
  return new VmsError(
    'unexpected-answer',
    `The Milestone server answers the ${what} with status ${String(status)}`,
  );
}

/** How long a failure to list cameras stands. */
const standingMs = ({ retryAfterMs = 0 }: VmsError): number =>
  Math.min(Math.max(failureMs, retryAfterMs), longestFailureMs);

/** No answer at all, as against one that is no use. */
class NotReached extends VmsError {
  constructor(error: VmsError) {
    super(error.code, error.message, { cause: error.cause });
  }
}

/** 429. */
class TooOften extends VmsError {
  constructor(what: string, retryAfterMs: number | undefined) {
    super('unavailable', `The Milestone server is asked too often for the ${what}`, { retryAfterMs });
  }
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** What is left of the span; gaps may overlap, be in any order and reach beyond it. */
export function withoutGaps(
  span: ListedSpan,
  gaps: readonly { readonly start_time: number; readonly end_time: number }[],
): ListedSpan[] {
  const left: ListedSpan[] = [];
  let from = span.start;
  for (const { start_time, end_time } of gaps.toSorted((a, b) => a.start_time - b.start_time)) {
    const until = Math.min(start_time, span.end);
    if (from < until) left.push({ start: from, end: until });
    from = Math.max(from, end_time);
  }
  if (from < span.end) left.push({ start: from, end: span.end });
  return left;
}
