import { VmsError } from '#server/vms/vms.ts';
import type { FreshToken } from '../fresh-token.ts';
import { EventTalk } from './event-talk.ts';
import { openSocket, UpgradeRefused, type OpenSocket } from './web-socket.ts';

/** Pauses between attempts, ms: doubling with full jitter up to the longest. */
export interface FeedPace {
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Where the gateway has no such thing it is looked for again after this: upgrades happen. */
  readonly absentMs: number;
  readonly quietMs?: number;
}

export const usualFeedPace: FeedPace = { shortestMs: 500, longestMs: 30_000, absentMs: 600_000 };

export interface FeedParts {
  /** The API gateway. */
  readonly origin: URL;
  readonly ca: string | undefined;
  readonly accessToken: FreshToken;
  readonly log?: { warn(fields: object, message: string): void } | undefined;
  readonly pace?: FeedPace;
  readonly random?: () => number;
}

export interface FeedHearer {
  onEvent(cameraId: string): void;
  /** Events may have been missed: a new session was started where there had been one. */
  onGap(): void;
}

/**
 * Follows the events of an XProtect's cameras over its WebSocket, for as long as it is run: comes back after whatever
 * breaks it, takes its session up again where the gateway still has it.
 */
export class EventFeed {
  readonly #parts: FeedParts;
  #sessionId = '';
  #eventId = '';
  #isConnected = false;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Whether events are coming; while they are not, whoever wants to know has to ask. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Until the signal ends it. Never rejects. */
  async run(hearer: FeedHearer, signal: AbortSignal): Promise<void> {
    const { pace = usualFeedPace, random = Math.random, log } = this.#parts;
    let failures = 0;
    const isEnding = (): boolean => signal.aborted;
    while (!isEnding()) {
      let ceilingMs: number;
      try {
        await this.#follow(hearer, signal, () => {
          failures = 0;
        });
        ceilingMs = pace.shortestMs;
      } catch (error) {
        if (isEnding()) return;
        const isAbsent = error instanceof UpgradeRefused && error.status < 500 && error.status !== 401;
        failures += 1;
        // Once is told; the same thing every half minute is noise.
        if (failures === 1)
          log?.warn({ err: error }, 'XProtect does not tell events; what is recorded is asked for');
        ceilingMs = isAbsent
          ? pace.absentMs
          : Math.min(pace.longestMs, pace.shortestMs * 2 ** Math.min(failures, 16));
      }
      await pause(random() * ceilingMs, signal);
    }
  }

  /** One connection, from its beginning to its end. */
  async #follow(hearer: FeedHearer, signal: AbortSignal, onEntered: () => void): Promise<void> {
    const { origin, ca, accessToken, pace } = this.#parts;
    const { value: token } = await accessToken.get(signal);
    const opened: { socket?: OpenSocket } = {};
    const talk = new EventTalk(
      () => {
        if (opened.socket === undefined) throw new VmsError('unavailable', 'The connection is not open');
        return opened.socket;
      },
      ({ id, cameraId }) => {
        this.#eventId = id;
        hearer.onEvent(cameraId);
      },
    );
    const connection = new AbortController();
    try {
      opened.socket = await openSocket(
        {
          url: new URL('/api/ws/events/v1', origin),
          headers: { authorization: `Bearer ${token}` },
          ca,
          ...(pace?.quietMs === undefined ? {} : { quietMs: pace.quietMs }),
          onText: (text) => talk.hear(text),
        },
        AbortSignal.any([signal, connection.signal]),
      );
      const wasHere = this.#sessionId !== '';
      const { sessionId, isResumed } = await talk.startSession(
        { sessionId: this.#sessionId, eventId: this.#eventId },
        signal,
      );
      if (!isResumed) {
        this.#eventId = '';
        await talk.subscribe(signal);
        if (wasHere) hearer.onGap();
      }
      this.#sessionId = sessionId;
      this.#isConnected = true;
      onEntered();
      await opened.socket.ended;
    } catch (error) {
      const isRefused =
        (error instanceof UpgradeRefused && error.status === 401) ||
        (error instanceof VmsError && error.code === 'refused');
      if (isRefused) accessToken.invalidate(token);
      throw error;
    } finally {
      this.#isConnected = false;
      connection.abort();
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const wake = (): void => resolve(undefined);
  const timer = setTimeout(wake, ms);
  signal.addEventListener('abort', wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', wake);
}
