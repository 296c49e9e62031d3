import { RoomServiceClient } from 'livekit-server-sdk';
import { Breaker, type BreakerOptions } from './breaker.ts';
import { asLiveKitError, LiveKitError } from './error.ts';
import type { LiveKitKey } from './tokens.ts';

/** The part of LiveKit's server API that is used here. Every call throws a {@link LiveKitError}, or the signal's reason. */
export interface RoomApi {
  /** Whether LiveKit has failed lately and is being spared. */
  readonly isDown: boolean;
  /** Makes the room, or leaves the one there is. */
  makeRoom(room: string, signal: AbortSignal): Promise<void>;
  /** The identities in a room; none where there is no such room. */
  participants(room: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Takes a participant's pictures away, then the participant. Fine when it is gone already. */
  expel(room: string, identity: string, signal: AbortSignal): Promise<void>;
  /** Looks whether LiveKit is there, where that is not known. Never rejects. */
  look(signal: AbortSignal): Promise<void>;
}

export interface RoomApiOptions extends LiveKitKey, BreakerOptions {
  /** `http:` or `https:`, without a path: the SDK drops it. */
  readonly apiUrl: string;
  readonly timeoutMs?: number;
}

/** An empty room goes after so long, seconds: a viewer may be there before the camera. */
const emptyTimeout = 60;
/** And a room that everybody has left, seconds. */
const departureTimeout = 20;
const triesOfACall = 2;
/** The pause before the second try, at most. */
const pauseMs = 200;

/** Everything taken away, all of it named: permissions are replaced as a whole. */
const nothing = {
  canSubscribe: false,
  canPublish: false,
  canPublishData: false,
  canUpdateMetadata: false,
  hidden: true,
};

/** Speaks to LiveKit behind a circuit breaker, with one retry of calls that may be repeated; all of these may. */
export function createRoomApi(options: RoomApiOptions): RoomApi {
  const { apiUrl, apiKey, apiSecret, timeoutMs = 1500, random = Math.random } = options;
  const client = new RoomServiceClient(apiUrl, apiKey, apiSecret, {
    requestTimeout: timeoutMs / 1000,
    failover: false,
  });
  const breaker = new Breaker(options);

  async function call<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    return await breaker.run(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await abortable(work(), signal);
        } catch (cause) {
          signal.throwIfAborted();
          const error = asLiveKitError(cause);
          // What took too long once is not waited for twice.
          if (attempt === triesOfACall || error.code !== 'unavailable') throw error;
        }
        await pause(random() * pauseMs, signal);
      }
    });
  }

  return {
    get isDown() {
      return breaker.isOpen;
    },
    async makeRoom(room, signal) {
      await call(() => client.createRoom({ name: room, emptyTimeout, departureTimeout }), signal);
    },
    async participants(room, signal) {
      try {
        const all = await call(() => client.listParticipants(room), signal);
        return all.map(({ identity }) => identity);
      } catch (error) {
        if (error instanceof LiveKitError && error.code === 'not-found') return [];
        throw error;
      }
    },
    async expel(room, identity, signal) {
      // In this order: taking the permission away stops the pictures and the refreshed token of whoever is connected;
      // removing alone would leave that one a token to come back with.
      await unlessGone(call(() => client.updateParticipant(room, identity, { permission: nothing }), signal));
      await unlessGone(call(() => client.removeParticipant(room, identity), signal));
    },
    async look(signal) {
      if (breaker.isOpen && !breaker.isDue) return;
      await breaker
        .run(async () => {
          try {
            const answer = await fetch(apiUrl, {
              redirect: 'error',
              signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
            });
            await answer.body?.cancel();
            // 406: its node has not reported for a while.
            if (!answer.ok) throw new LiveKitError('unavailable');
          } catch (cause) {
            signal.throwIfAborted();
            throw asLiveKitError(cause);
          }
        })
        .catch(() => undefined);
    },
  };
}

async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof LiveKitError && error.code === 'not-found')) throw error;
  }
}

/** The SDK takes no signal: what it does goes on by itself, for as long as its own time lasts. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    resolve(undefined);
  }, ms);
  try {
    await abortable(promise, signal);
  } finally {
    clearTimeout(timer);
  }
}
