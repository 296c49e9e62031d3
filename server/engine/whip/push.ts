import { randomInt } from 'node:crypto';
import { EngineError } from '../error.ts';
import { causeOf, type Log } from '../log.ts';
import type { Path, Reader } from '../source/path.ts';
import { pause } from '../source/retry.ts';
import { Playback } from '../webrtc/playback.ts';
import { deleteSession, postOffer } from './endpoint.ts';
import { openSendingPeer, type SendingPeer } from './sending-peer.ts';
import { WhipError, type WhipErrorCode, type WhipTarget } from './target.ts';

/** Where a push stands. `running`: the endpoint has a connection and says so about once a second. */
export type WhipState = 'connecting' | 'running' | 'error';

/** A push, as `GET /v3/paths/list` shows it. */
export interface WhipItem {
  readonly name: string;
  readonly state: WhipState;
  readonly since: string;
  readonly code?: WhipErrorCode;
  readonly packets: number;
  readonly bytes: number;
  /** Connections made since it was asked for, the one under way included. */
  readonly connections: number;
}

export interface WhipTimes {
  /** How long a camera may take to tell its codec. */
  readonly cameraMs: number;
  /** From the answer to the first packet that may go out. */
  readonly connectMs: number;
  /** A server tells of what it receives about once a second (RFC 3550 6.2); one that is silent for longer has gone. */
  readonly silenceMs: number;
  readonly reportMs: number;
  /** After so long the log says what is pushed, once per connection. */
  readonly rateMs: number;
}

export const defaultTimes: WhipTimes = {
  cameraMs: 5000,
  connectMs: 8000,
  silenceMs: 6000,
  reportMs: 2000,
  rateMs: 3000,
};

export interface WhipPushOptions {
  readonly path: Path;
  readonly target: WhipTarget;
  readonly log: Log;
  readonly times?: WhipTimes;
  readonly random?: () => number;
}

/** Retrying: the first pause is short, because most breaks are; what will not get better by itself is asked less often. */
const firstPauseMs = 400;
const longestPauseMs = 10_000;
const stubbornPauseMs = 30_000;
/** The next keyframe is worth waiting for when it is no further away than this. */
const patientMs = 1100;
let count = 0;

/**
 * Pushes one path to a WHIP endpoint for as long as it is not closed: H.264 as it came, its own RTP numbering, sender
 * reports, what is asked for again from the reel. Connects anew, with full jitter, whenever the connection breaks.
 */
export class WhipPush {
  readonly #options: WhipPushOptions;
  readonly #times: WhipTimes;
  readonly #ending = new AbortController();
  readonly #log: Log;
  /** Closed and gone from the endpoint, when this resolves. */
  readonly ended: Promise<void>;
  #token: string;
  #state: WhipState = 'connecting';
  #since = Date.now();
  #code: WhipErrorCode | undefined;
  #sent = { packets: 0, bytes: 0 };
  #player: Playback | undefined;
  #connections = 0;
  #retry = new AbortController();
  #connectedAt = 0;
  #saidRate = true;
  readonly #keyframes = new KeyframeRhythm();
  #peer: SendingPeer | undefined;
  #stop: (() => void) | undefined;
  /** Attached from the first moment to the last: the path must not close while it is to be pushed. */
  readonly #reader: Reader = {
    pump: () => {
      this.#keyframes.look(this.#options.path.reel.keyframe);
      if (this.#peer?.isOpen === true) this.#player?.pump();
    },
    hold: () => {
      this.#player?.hold();
    },
    end: () => {
      this.#stop?.();
    },
  };

  constructor(options: WhipPushOptions) {
    this.#options = options;
    this.#times = options.times ?? defaultTimes;
    this.#token = options.target.token;
    this.#log = options.log;
    this.#log.info(this.#named(), 'WHIP push begins');
    options.path.attach(this.#reader);
    this.ended = this.#keepUp().finally(() => {
      options.path.detach(this.#reader);
    });
  }

  get item(): WhipItem {
    const running = this.#player?.counters;
    return {
      name: this.#options.target.name,
      state: this.#state,
      since: new Date(this.#since).toISOString(),
      ...(this.#code === undefined ? {} : { code: this.#code }),
      packets: this.#sent.packets + (running?.packets ?? 0),
      bytes: this.#sent.bytes + (running?.bytes ?? 0),
      connections: this.#connections,
    };
  }

  /** Whether it goes there already; takes the fresh token if so. */
  renew(target: WhipTarget): boolean {
    if (target.url !== this.#options.target.url || target.name !== this.#options.target.name) return false;
    this.#token = target.token;
    // The old token may have been what was wrong.
    if (this.#code === 'target-refused' || this.#code === 'target-missing') this.#retry.abort();
    return true;
  }

  /** Ends the push and takes leave of the endpoint. Safe to call twice. */
  close(): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#log.info(this.#named(), 'WHIP push ends');
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#ending;
    const random = this.#options.random ?? Math.random;
    const isOver = (): boolean => signal.aborted;
    let failures = 0;
    while (!isOver()) {
      let notBeforeMs = 0;
      const startedAt = performance.now();
      try {
        await this.#runOnce(signal);
        failures = 0;
      } catch (cause) {
        if (isOver()) return;
        // What ran for a while was no failed attempt.
        failures = performance.now() - startedAt > longestPauseMs ? 1 : failures + 1;
        const error = asWhipError(cause);
        notBeforeMs = error.retryAfterMs;
        this.#fail(error, failures);
      }
      this.#retry = new AbortController();
      const cap = this.#code === 'codec-unsupported' ? stubbornPauseMs : longestPauseMs;
      const ceiling = Math.min(cap, firstPauseMs * 2 ** Math.min(failures, 16));
      const ms = Math.max(notBeforeMs, Math.round(100 + random() * (ceiling - 100)));
      await pause(ms, AbortSignal.any([signal, this.#retry.signal]));
    }
  }

  /** One connection from beginning to end. Throws why it broke; returns when the path wants to begin anew. */
  async #runOnce(signal: AbortSignal): Promise<void> {
    const { path, target } = this.#options;
    const codec = await path.ready(this.#times.cameraMs, signal);
    if (codec !== 'H264')
      throw new WhipError('codec-unsupported', `The camera sends ${codec}, and H.264 is what can be pushed.`);
    if (this.#code === undefined) this.#setState('connecting');
    const broken = Promise.withResolvers<undefined>();
    broken.promise.catch(() => undefined);
    const fail = (words: string): void => {
      broken.reject(new WhipError('target-unavailable', words));
    };
    const sender = { ssrc: randomInt(1, 2 ** 32), cname: `parapet-push-${String(++count)}` };
    let heardAt = performance.now();
    let opened = false;
    const peer = await openSendingPeer(path.format, sender, {
      open: () => {
        opened = true;
        heardAt = performance.now();
        this.#connected();
        this.#player?.pump();
        this.#player?.report(Date.now());
      },
      gone: () => {
        fail('The connection has ended.');
      },
      rtcp: (packet) => {
        heardAt = performance.now();
        this.#player?.feedback(packet);
      },
    });
    const stop = (): void => {
      broken.resolve(undefined);
    };
    this.#peer = peer;
    this.#stop = stop;
    let session: string | undefined;
    const token = this.#token;
    let timer: NodeJS.Timeout | undefined;
    try {
      signal.throwIfAborted();
      const answer = await postOffer({ url: target.url, token }, peer.offer, signal);
      ({ session } = answer);
      const payloadType = peer.answered(answer.sdp);
      this.#player = new Playback({
        reel: path.reel,
        ...sender,
        payloadType,
        firstSequence: randomInt(0, 2 ** 15),
        firstTimestamp: randomInt(2 ** 20, 2 ** 31),
        // Whoever watches already sees the pictures since the keyframe run by again: only where waiting would be long.
        rewinds: () => this.#keyframes.isFarOff,
        send: (packet) => {
          peer.send(packet);
        },
      });
      if (peer.isOpen) this.#player.pump();
      signal.addEventListener('abort', stop, { once: true });
      const answeredAt = performance.now();
      timer = setInterval(() => {
        const now = performance.now();
        if (!opened && now - answeredAt > this.#times.connectMs)
          fail('No media connection to the endpoint came about.');
        if (opened && now - heardAt > this.#times.silenceMs) fail('The endpoint has fallen silent.');
        this.#player?.report(Date.now());
        this.#sayRate();
      }, this.#times.reportMs);
      timer.unref();
      await broken.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      clearInterval(timer);
      this.#peer = undefined;
      this.#stop = undefined;
      const counters = this.#player?.counters;
      this.#sent = {
        packets: this.#sent.packets + (counters?.packets ?? 0),
        bytes: this.#sent.bytes + (counters?.bytes ?? 0),
      };
      this.#player?.close();
      this.#player = undefined;
      peer.close();
      if (session !== undefined) await deleteSession(session, token);
    }
  }

  #connected(): void {
    this.#connections++;
    this.#code = undefined;
    this.#setState('running');
    this.#connectedAt = performance.now();
    this.#saidRate = false;
    this.#log.info(this.#named(), 'WHIP push is connected');
  }

  /** The rate goes to the log once, when it can be told: that pictures really go out is what one looks for there. */
  #sayRate(): void {
    const ms = performance.now() - this.#connectedAt;
    const bytes = this.#player?.counters.bytes ?? 0;
    if (this.#saidRate || ms < this.#times.rateMs || bytes === 0) return;
    this.#saidRate = true;
    const mbps = Number(((bytes * 8) / ms / 1000).toFixed(2));
    this.#log.info({ ...this.#named(), mbps }, `WHIP push sends at ${String(mbps)} Mbps`);
  }

  #fail(error: WhipError, failures: number): void {
    // A server that is down for hours says so once per push, not every ten seconds.
    const level = failures === 1 || error.code !== this.#code ? 'warn' : 'debug';
    this.#log[level](
      { ...this.#named(), code: error.code, reason: error.message, cause: causeOf(error), failures },
      'WHIP push failed',
    );
    this.#code = error.code;
    this.#setState('error');
  }

  #setState(state: WhipState): void {
    if (state !== this.#state) this.#since = Date.now();
    this.#state = state;
  }

  #named(): { path: string; whip: string; endpoint: string } {
    const { path, target } = this.#options;
    return { path: path.name, whip: target.name, endpoint: new URL(target.url).origin };
  }
}

/** How far apart a camera's keyframes are. */
class KeyframeRhythm {
  #last: number | undefined;
  #at = 0;
  #everyMs = Infinity;

  /** @param keyframe the reel's number of the newest keyframe */
  look(keyframe: number | undefined): void {
    if (keyframe === undefined || keyframe === this.#last) return;
    const now = performance.now();
    if (this.#last !== undefined) this.#everyMs = now - this.#at;
    this.#last = keyframe;
    this.#at = now;
  }

  /** Whether the next one is not to be expected soon. */
  get isFarOff(): boolean {
    return this.#everyMs - (performance.now() - this.#at) > patientMs;
  }
}

function asWhipError(cause: unknown): WhipError {
  if (cause instanceof WhipError) return cause;
  if (!(cause instanceof EngineError))
    return new WhipError('target-unavailable', 'Pushing failed.', { cause });
  const isCodec = cause.code === 'codec-unsupported' || cause.code === 'b-frames';
  return new WhipError(isCodec ? 'codec-unsupported' : 'camera-offline', cause.message, { cause });
}
