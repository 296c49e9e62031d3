import { z } from 'zod';
import { News } from '#contract/news.ts';
import { readSession } from '#server/account/sessions.ts';
import { type CameraDirectory, isAllowed, type KnownCamera, rightsOf } from '#server/cameras/directory.ts';
import type { Logger } from '#server/http/log.ts';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Store } from '#server/store/store.ts';
import { channel, type Envelope, readEnvelope } from './envelope.ts';

const heartbeatMs = 15_000;
/** A page that does not read loses its stream, and reads afresh when it comes back. */
const mostUnread = 500;
/** One page has one stream; a person may have several pages, not hundreds. */
const mostPerSession = 16;

export interface NewsParts {
  readonly store: Store;
  readonly directory: CameraDirectory;
  readonly log: Logger;
  readonly now: () => number;
  readonly heartbeatMs?: number;
}

/** The event streams of this process. */
export interface NewsDesk {
  /** Server-sent events for this person, until the page goes, the session ends, or the desk closes. */
  open(principal: Principal, signal: AbortSignal): Response;
  /** Ends all streams. Safe to call twice. */
  close(): Promise<void>;
}

type Cameras = ReadonlyMap<string, KnownCamera> | undefined;

class Subscriber {
  principal: Principal;
  readonly body: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  readonly #onEnd: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(principal: Principal, onEnd: () => void) {
    this.principal = principal;
    this.#onEnd = onEnd;
    this.body = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => {
          this.#controller = undefined;
          onEnd();
        },
      },
      { highWaterMark: mostUnread },
    );
  }

  write(text: string): void {
    if (this.#controller === undefined) return;
    if ((this.#controller.desiredSize ?? 0) <= 0) this.end();
    else this.#controller.enqueue(this.#encoder.encode(text));
  }

  tell(news: News): void {
    this.write(`event: ${news.kind}\ndata: ${JSON.stringify(z.encode(News, news))}\n\n`);
  }

  end(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    if (controller === undefined) return;
    controller.close();
    this.#onEnd();
  }
}

/** Opens the desk: from now on it hears what any BFF of this database publishes. */
export async function openNewsDesk(parts: NewsParts): Promise<NewsDesk> {
  const { store, directory, log, now } = parts;
  const subscribers = new Set<Subscriber>();
  // One text after the other, so that everybody hears them in the order they were said.
  let queue = Promise.resolve();

  /** Whether a piece of news is for this person; `camera` is the one it is about, if any. */
  const isFor = (
    { principal }: Subscriber,
    envelope: Envelope & { kind: 'news' },
    camera: KnownCamera | undefined,
  ): boolean => {
    if (envelope.sessions !== undefined && !envelope.sessions.includes(principal.sessionId)) return false;
    const isTheirs =
      envelope.user === undefined ||
      envelope.user === principal.user.id ||
      (envelope.isForAdministrators === true && principal.user.role === 'administrator');
    if (!isTheirs) return false;
    if (envelope.notUser === principal.user.id) return false;
    return (
      envelope.news.kind !== 'camera' || (camera !== undefined && rightsOf(principal.user, camera).length > 0)
    );
  };

  const refresh = async (subscriber: Subscriber): Promise<void> => {
    const principal = await readSession(store.db, subscriber.principal.sessionId, now());
    if (principal !== undefined) {
      subscriber.principal = principal;
      return;
    }
    subscriber.tell({ kind: 'signed-out' });
    subscriber.end();
  };

  /** The news as this person may hear it; undefined where nothing of it is for them. */
  const partFor = ({ principal }: Subscriber, news: News, cameras: Cameras): News | undefined => {
    if (news.kind !== 'recordings') return news;
    const cameraIds = news.cameraIds.filter((id) => {
      const camera = cameras?.get(id);
      return camera !== undefined && isAllowed(principal.user, camera, 'playback');
    });
    return cameraIds.length === 0 ? undefined : { ...news, cameraIds };
  };

  const pass = async (envelope: Envelope): Promise<void> => {
    const isAboutCameras = envelope.kind === 'news' && ['camera', 'recordings'].includes(envelope.news.kind);
    const cameras = isAboutCameras ? (await directory.snapshot()).cameras : undefined;
    const camera =
      envelope.kind === 'news' && envelope.news.kind === 'camera'
        ? cameras?.get(envelope.news.cameraId)
        : undefined;
    for (const subscriber of [...subscribers]) {
      const { sessionId, user } = subscriber.principal;
      switch (envelope.kind) {
        case 'news': {
          if (!isFor(subscriber, envelope, camera)) break;
          const news = partFor(subscriber, envelope.news, cameras);
          if (news !== undefined) subscriber.tell(news);
          break;
        }
        case 'sessions-ended':
          if (!envelope.sessions.includes(sessionId)) break;
          subscriber.tell({ kind: 'signed-out' });
          subscriber.end();
          break;
        case 'users-changed':
          if (!envelope.users.includes(user.id)) break;
          await refresh(subscriber);
          // Other cameras are theirs to see now.
          subscriber.tell({ kind: 'directory' });
          break;
      }
    }
  };

  const endAll = (): void => {
    for (const subscriber of [...subscribers]) subscriber.end();
  };

  const stop = await store.listen(channel, {
    onText(text) {
      const envelope = readEnvelope(text);
      if (envelope === undefined || subscribers.size === 0) return;
      queue = queue
        .then(() => pass(envelope))
        .catch((err: unknown) => {
          log.error({ err }, 'news could not be passed on');
          // What was missed is read afresh by whoever comes back.
          endAll();
        });
    },
    onGap: endAll,
  });

  const heartbeat = setInterval(() => {
    for (const subscriber of [...subscribers]) {
      subscriber.write(': \n\n');
      // A session that runs out makes no noise elsewhere.
      refresh(subscriber).catch((err: unknown) => log.warn({ err }, 'a session could not be looked up'));
    }
  }, parts.heartbeatMs ?? heartbeatMs);
  heartbeat.unref();

  let isClosed = false;
  return {
    open(principal, signal) {
      if (isClosed) throw new Refusal('overloaded', { retryAfterS: 1 });
      const own = [...subscribers].filter((one) => one.principal.sessionId === principal.sessionId);
      // The oldest goes: a page that crashed may still seem connected.
      if (own.length >= mostPerSession) own[0]?.end();
      const subscriber = new Subscriber(principal, () => subscribers.delete(subscriber));
      subscribers.add(subscriber);
      signal.addEventListener('abort', () => subscriber.end(), { once: true });
      // A browser waits this long before it comes back; several at once after a restart are no burden.
      subscriber.write('retry: 1000\n\n');
      subscriber.tell({ kind: 'hello', serverTime: now() });
      // The session may have ended between the gate and here, before there was anybody to be told.
      refresh(subscriber).catch(() => subscriber.end());
      return new Response(subscriber.body, {
        headers: {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          // nginx would collect events otherwise.
          'x-accel-buffering': 'no',
        },
      });
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(heartbeat);
      endAll();
      await stop();
    },
  };
}
