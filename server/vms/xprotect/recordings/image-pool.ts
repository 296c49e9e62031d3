import { VmsError } from '#server/vms/vms.ts';
import { ChannelLost, ConnectRefused, ImageChannel } from './image-channel.ts';
import type { ImageChannelKind } from './image-requests.ts';
import { hasMoved, isSilent, type RecorderParts } from './recorder-parts.ts';

export interface ImagePoolLimits {
  /** Connections to one recorder, those that rest included. */
  readonly perRecorder: number;
  /** How long a connection that nobody uses is kept, ms. */
  readonly idleMs: number;
  /** How long to wait for a connection when all are in use, ms. */
  readonly waitMs: number;
  /** How long a recorder may take to accept a connection before it counts as gone, ms. */
  readonly connectMs: number;
}

export const usualLimits: ImagePoolLimits = {
  perRecorder: 24,
  idleMs: 30_000,
  waitMs: 10_000,
  connectMs: 4000,
};

/** A connection with answers still under way is worth waiting for so long, ms; then it is thrown away. */
const drainMs = 2000;
/** A refusal that does not speak of the token is held against the token once in this time, ms. */
const suspicionMs = 60_000;

interface Resting {
  readonly channel: ImageChannel;
  readonly timer: NodeJS.Timeout;
}

/** The places at one recorder. */
interface Yard {
  /** Places taken: connections in use and resting ones. */
  taken: number;
  /** Resting connections by what they are for, the longest resting first. */
  readonly resting: Map<string, Resting[]>;
  readonly waiting: Set<() => void>;
  /** Connections that nobody uses and that still have answers to come; the longest waiting for them first. */
  readonly draining: Set<ImageChannel>;
}

/** The right to one connection, and the connection while there is one. Belongs to one user at a time. */
export interface Seat {
  readonly kind: ImageChannelKind;
  /** The connection, opened or renewed as necessary. Throws {@link VmsError} or the signal's reason. */
  channel(signal: AbortSignal): Promise<ImageChannel>;
  /** Gives place and connection back. Safe to call twice. */
  release(): void;
}

/** Connections for recordings: few at each recorder, kept for a while after use for whoever asks the same camera next. */
export class ImagePool {
  readonly #parts: RecorderParts;
  readonly #limits: ImagePoolLimits;
  readonly #yards = new Map<string, Yard>();
  readonly #inUse = new Set<ImageChannel>();
  #suspectedAt = -Infinity;
  #isClosed = false;

  constructor(parts: RecorderParts, limits: ImagePoolLimits = usualLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /** Connections open at the moment, resting ones included. */
  get size(): number {
    let resting = 0;
    for (const yard of this.#yards.values()) for (const list of yard.resting.values()) resting += list.length;
    return resting + this.#inUse.size;
  }

  /** Waits for a place at the camera's recorder. */
  async seat(kind: ImageChannelKind, signal: AbortSignal): Promise<Seat> {
    const recorder = await this.#parts.recorderOf(kind.deviceId, signal);
    const yard = this.#yardOf(recorder.href);
    const key = `${kind.deviceId} ${kind.streamId ?? ''} ${kind.jpegWidth ?? ''}`;
    let channel = takeResting(yard, key);
    if (channel === undefined) await this.#enter(yard, signal);
    if (channel !== undefined) this.#inUse.add(channel);
    let isReleased = false;

    return {
      kind,
      channel: async (inner) => {
        const token = await this.#parts.vmsToken.get(inner);
        if (channel?.isOpen === true) {
          channel.renew(token.value);
          return channel;
        }
        if (channel !== undefined) this.#inUse.delete(channel);
        const opened = await this.#open(kind, inner);
        if (isReleased || this.#isClosed) {
          opened.destroy();
          throw new VmsError('unavailable', 'The connection is closed');
        }
        this.#inUse.add(opened);
        return (channel = opened);
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        if (channel !== undefined) this.#inUse.delete(channel);
        void this.#takeBack(yard, key, channel);
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const channel of this.#inUse) channel.destroy();
    for (const yard of this.#yards.values()) {
      for (const channel of yard.draining) channel.destroy();
      for (const list of yard.resting.values())
        for (const { channel, timer } of list) {
          clearTimeout(timer);
          channel.destroy();
        }
    }
    this.#yards.clear();
  }

  #yardOf(recorder: string): Yard {
    let yard = this.#yards.get(recorder);
    if (yard === undefined)
      this.#yards.set(
        recorder,
        (yard = { taken: 0, resting: new Map(), waiting: new Set(), draining: new Set() }),
      );
    return yard;
  }

  async #enter(yard: Yard, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (yard.taken < this.#limits.perRecorder) {
      yard.taken++;
      return;
    }
    for (const key of [...yard.resting.keys()]) {
      const rested = takeResting(yard, key);
      rested?.destroy();
      // Either its place is ours now, or it had died and its place was given up.
      if (rested !== undefined) return;
      if (yard.taken < this.#limits.perRecorder) {
        yard.taken++;
        return;
      }
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const late = AbortSignal.timeout(this.#limits.waitMs);
    const either = AbortSignal.any([signal, late]);
    const leave = (): void =>
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : new VmsError('unavailable', 'Too many recordings of this recorder are being watched'),
      );
    either.addEventListener('abort', leave, { once: true });
    const enter = (): void => resolve(undefined);
    yard.waiting.add(enter);
    // Who waits gets a connection of his own: nothing has to be read to its end for that.
    const [draining] = yard.draining;
    if (draining !== undefined) {
      yard.draining.delete(draining);
      draining.destroy();
    }
    try {
      await promise;
    } finally {
      yard.waiting.delete(enter);
      either.removeEventListener('abort', leave);
    }
  }

  async #takeBack(yard: Yard, key: string, channel: ImageChannel | undefined): Promise<void> {
    if (channel !== undefined && yard.waiting.size === 0) {
      const late = setTimeout(() => channel.destroy(), drainMs);
      yard.draining.add(channel);
      await channel.drained();
      yard.draining.delete(channel);
      clearTimeout(late);
    }
    const [next] = yard.waiting;
    if (next !== undefined) {
      channel?.destroy();
      yard.waiting.delete(next);
      next();
    } else if (channel?.isOpen === true && !this.#isClosed) this.#rest(yard, key, channel);
    else {
      channel?.destroy();
      yard.taken--;
    }
  }

  #rest(yard: Yard, key: string, channel: ImageChannel): void {
    const resting: Resting = {
      channel,
      timer: setTimeout(() => {
        const list = yard.resting.get(key)?.filter((one) => one !== resting) ?? [];
        if (list.length === 0) yard.resting.delete(key);
        else yard.resting.set(key, list);
        channel.destroy();
        yard.taken--;
      }, this.#limits.idleMs),
    };
    resting.timer.unref();
    const list = yard.resting.get(key) ?? [];
    yard.resting.delete(key);
    yard.resting.set(key, [...list, resting]);
  }

  /**
   * A token that the recorder does not accept is replaced once. A recorder that does not answer is looked up again, and
   * followed once to wherever its cameras are now.
   */
  async #open(kind: ImageChannelKind, signal: AbortSignal): Promise<ImageChannel> {
    let hasNewToken = false;
    let isElsewhere = false;
    for (;;) {
      const [{ value: token }, recorder] = await Promise.all([
        this.#parts.vmsToken.get(signal),
        this.#parts.recorderOf(kind.deviceId, signal),
      ]);
      const { ca } = this.#parts;
      const { connectMs } = this.#limits;
      const from = performance.now();
      try {
        return await ImageChannel.open(recorder, kind, { token, ca, connectMs }, signal);
      } catch (error) {
        if (isSilent(signal, from)) this.#parts.forgetRecorder(kind.deviceId);
        if (error instanceof ChannelLost && !isElsewhere) {
          isElsewhere = await hasMoved(this.#parts, kind.deviceId, recorder, signal);
          if (isElsewhere) continue;
        }
        if (!(error instanceof ConnectRefused)) throw error;
        if (!hasNewToken && this.#suspectsToken(error.reason)) {
          this.#parts.vmsToken.invalidate(token);
          hasNewToken = true;
          continue;
        }
        throw new VmsError('refused', 'The recorder does not give recordings of this camera', {
          cause: new Error(error.reason),
        });
      }
    }
  }

  /** Refusals come in words. Those that do not name the token may mean it all the same, but not again and again. */
  #suspectsToken(reason: string): boolean {
    if (/token|expired/i.test(reason)) return true;
    const now = performance.now();
    if (now - this.#suspectedAt < suspicionMs) return false;
    this.#suspectedAt = now;
    return true;
  }
}

/** The connection that has rested least, so that the others may close. */
function takeResting(yard: Yard, key: string): ImageChannel | undefined {
  const list = yard.resting.get(key) ?? [];
  for (let resting = list.pop(); resting !== undefined; resting = list.pop()) {
    clearTimeout(resting.timer);
    if (list.length === 0) yard.resting.delete(key);
    if (resting.channel.isOpen) return resting.channel;
    yard.taken--;
  }
  return undefined;
}
