import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { VmsError } from '#server/vms/vms.ts';
import type { Calls } from './calls.ts';
import type { FreshToken } from './fresh-token.ts';
import { readJson, readValue } from './json.ts';

/** One object: seconds on a busy server. */
const objectTimeoutMs = 30_000;
/** A page of a list. Whole inventories have been seen to take up to 180 s on sites with 2,500 devices. */
const pageTimeoutMs = 180_000;
/** Objects per page: 500 cameras in three calls, each short enough not to hold a slow gateway up. */
const pageSize = 200;
const pageCap = 500;

const List = z.object({ array: z.array(z.unknown()) });
const Single = z.object({ data: z.unknown() });
const Tasks = z.object({ tasks: z.array(z.object({ id: z.string() })) });
/** A task that is still being done says where it is to be looked for. */
const Begun = z.object({
  result: z.object({
    state: z.enum(['Idle', 'InProgress']),
    path: z.object({ type: z.literal('tasks'), id: z.string().regex(/^[\w-]+$/) }),
  }),
});
const Progress = z.object({ data: z.looseObject({ state: z.string(), errorText: z.string().nullish() }) });
/** Between two looks at a task that is being done, ms; later ones have more between them. */
const firstLookMs = 200;
const lookEveryMs = 2000;
/** Nobody waits for the tidying up, ms. */
const tidyMs = 10_000;

/** What the gateway answers to a request of ours, whatever its status but 401, 429 and 5xx. */
export interface RestReply {
  readonly status: number;
  readonly body: string;
}

/** The gateway's REST API, `/api/rest/v1`: configuration, read-only, tasks, and what keeps to the same rules. All methods throw {@link VmsError} or the signal's reason. */
export class ConfigApi {
  readonly #calls: Calls;
  readonly #origin: URL;
  readonly #token: FreshToken;

  constructor(calls: Calls, origin: URL, token: FreshToken) {
    this.#calls = calls;
    this.#origin = origin;
    this.#token = token;
  }

  /** One object, or undefined where there is none. */
  async one<T extends z.ZodType>(
    path: string,
    schema: T,
    signal: AbortSignal,
  ): Promise<z.output<T> | undefined> {
    const body = await this.#get(path, objectTimeoutMs, signal);
    return body === undefined ? undefined : readJson(body, Single.transform(({ data }) => data).pipe(schema));
  }

  /**
   * All objects of a list, page by page: nobody says how many there are, so it goes on until a page is short.
   * Objects of an unknown shape are left out and counted. An unknown list is empty.
   */
  async all<T extends z.ZodType>(
    path: string,
    schema: T,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly z.output<T>[]; readonly unreadable: number }> {
    const items: z.output<T>[] = [];
    let unreadable = 0;
    let previous = '';
    for (let page = 0; page < pageCap; page++) {
      const body = await this.#get(`${path}?page=${page}&size=${pageSize}`, pageTimeoutMs, signal);
      // A gateway that does not know paging gives the same list for ever.
      if (body === undefined || body === previous) break;
      previous = body;
      const { array } = readJson(body, List);
      for (const entry of array) {
        const parsed = schema.safeParse(entry);
        if (parsed.success) items.push(parsed.data);
        else unreadable++;
      }
      if (array.length !== pageSize) break;
    }
    if (items.length === 0 && unreadable > 0)
      throw new VmsError('unexpected-answer', 'XProtect lists objects of an unknown shape');
    return { items, unreadable };
  }

  /** The first objects of a list, at most so many. */
  async some<T extends z.ZodType>(
    path: string,
    count: number,
    schema: T,
    signal: AbortSignal,
  ): Promise<readonly z.output<T>[]> {
    const body = await this.#get(`${path}?page=0&size=${count}`, pageTimeoutMs, signal);
    return body === undefined
      ? []
      : readJson(body, List).array.flatMap((entry) => {
          const parsed = schema.safeParse(entry);
          return parsed.success ? [parsed.data] : [];
        });
  }

  /** Which tasks an object offers: the way to find out what an installation can do. */
  async tasks(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const body = await this.#get(`${path}?tasks&noData`, objectTimeoutMs, signal);
    return body === undefined ? [] : readJson(body, Tasks).tasks.map(({ id }) => id);
  }

  /** Has a task done and reads its answer, `{ result }`; waits for one that takes longer. */
  async task<T extends z.ZodType>(
    path: string,
    name: string,
    content: object,
    schema: T,
    signal: AbortSignal,
  ): Promise<z.output<T>> {
    const { status, body } = await this.send('POST', `${path}?task=${name}`, content, signal);
    if (status === 403) throw new VmsError('refused', `XProtect does not let this user do ${name}`);
    if (status !== 200 && status !== 201)
      throw new VmsError('unexpected-answer', `XProtect answered ${name} with status ${status}`);
    const answer = readJson(body, z.unknown());
    const begun = Begun.safeParse(answer);
    if (!begun.success) return readValue(answer, schema);
    const late = AbortSignal.timeout(objectTimeoutMs);
    const place = `tasks/${begun.data.result.path.id}`;
    try {
      return await this.#outcome(place, name, schema, AbortSignal.any([signal, late]));
    } catch (error) {
      signal.throwIfAborted();
      if (!late.aborted) throw error;
      throw new VmsError('unavailable', `XProtect did not do ${name} in time`, { cause: error });
    } finally {
      // It would be kept for whoever asks.
      const ending = AbortSignal.timeout(tidyMs);
      void this.send('POST', `${place}?task=TaskCleanup`, {}, ending).catch(() => undefined);
    }
  }

  /** Any request; the caller judges the status. */
  send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    content: object | undefined,
    signal: AbortSignal,
  ): Promise<RestReply> {
    return this.#exchange(method, path, content, objectTimeoutMs, signal);
  }

  /** Looks at a task until it is done. What it found out stands in the task itself then. */
  async #outcome<T extends z.ZodType>(
    place: string,
    name: string,
    schema: T,
    signal: AbortSignal,
  ): Promise<z.output<T>> {
    for (let pauseMs = firstLookMs; ; pauseMs = Math.min(pauseMs * 2, lookEveryMs)) {
      await sleep(pauseMs, undefined, { signal });
      const body = (await this.#get(place, objectTimeoutMs, signal)) ?? '';
      const { data } = readJson(body, Progress);
      if (data.state === 'Idle' || data.state === 'InProgress') continue;
      if (data.state === 'Success') return readValue({ result: data }, schema);
      throw new VmsError('unexpected-answer', `XProtect could not do ${name}`, {
        cause: new Error(data.errorText ?? data.state),
      });
    }
  }

  async #get(path: string, timeoutMs: number, signal: AbortSignal): Promise<string | undefined> {
    const { status, body } = await this.#exchange('GET', path, undefined, timeoutMs, signal);
    if (status === 200) return body;
    if (status === 404) return undefined;
    if (status === 403)
      throw new VmsError('refused', 'XProtect does not let this user read its configuration');
    throw new VmsError('unexpected-answer', `XProtect answered with status ${status}`);
  }

  /** A token can die between any two calls: one that is not accepted is replaced once. */
  async #exchange(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    content: object | undefined,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<RestReply> {
    for (let attempt = 1; ; attempt++) {
      const { value } = await this.#token.get(signal);
      const reply = await this.#calls.call({
        method,
        url: new URL(`/api/rest/v1/${path}`, this.#origin),
        headers: {
          authorization: `Bearer ${value}`,
          accept: 'application/json',
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(content === undefined ? {} : { body: JSON.stringify(content) }),
        timeoutMs,
        signal,
      });
      if (reply.status === 401 && attempt === 1) {
        this.#token.invalidate(value);
        continue;
      }
      if (reply.status === 401)
        throw new VmsError('refused', 'XProtect does not let this user read its configuration');
      if (reply.status === 429 || reply.status >= 500)
        throw new VmsError('unavailable', `XProtect cannot answer now (status ${reply.status})`);
      return reply;
    }
  }
}
