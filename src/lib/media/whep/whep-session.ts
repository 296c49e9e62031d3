import { attachStream } from '../attach-stream.ts';
import { StreamError, type LatencyChoice, type MediaSession, type Vitals } from '../media-source.ts';
import { setBuffer } from '../latency.ts';
import { CaptureTimes, clockOf } from './capture-times.ts';
import { Darkness } from './darkness.ts';
import { LagGauge } from './lag.ts';
import { firstMedia, readIce, withIce, writeFragment } from './sdp-fragment.ts';
import type { Patched, Posted, Resource } from './signalling.ts';
import { readVitals } from './vitals.ts';

export interface WhepTimings {
  /** How long to gather before candidates are told. In this time most connections stand, and need none told. */
  readonly gatherMs?: number;
  /** How long ICE may be `disconnected` before it is restarted. It often comes back by itself. */
  readonly disconnectedMs?: number;
}

/** Restarts in a row that did not lead to a connection: after these, a new session is the better try. */
const mostRestarts = 3;

/** One agreed reception: keeps its ICE session alive, and ends it at both ends. */
export class WhepSession implements MediaSession {
  readonly way = 'whep';
  readonly #stream: MediaStream;
  readonly #lag = new LagGauge();
  readonly #captureTimes: CaptureTimes;
  readonly ended: Promise<void>;
  readonly #connection: RTCPeerConnection;
  readonly #receiver: RTCRtpReceiver;
  readonly #resource: Resource;
  readonly #timings: Required<WhepTimings>;
  readonly #end = Promise.withResolvers<undefined>();
  readonly #life = new AbortController();
  readonly #darkness = new Darkness();
  /** The far end's description in the role of an answer, for the next ICE restart. */
  #answer: string;
  #hasConnected = false;
  #isRestarting = false;
  /** Since it was last connected. */
  #restarts = 0;
  #disconnected: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: RTCPeerConnection, receiver: RTCRtpReceiver, posted: Posted, timings: WhepTimings) {
    this.#connection = connection;
    this.#receiver = receiver;
    this.#resource = posted.resource;
    this.#timings = { gatherMs: timings.gatherMs ?? 250, disconnectedMs: timings.disconnectedMs ?? 2000 };
    // Whoever counter-offered waits for our DTLS hello; said as an answer, that is `passive` (RFC 5763 §5).
    this.#answer = posted.sdp.replace(/^a=setup:actpass/gm, 'a=setup:passive');
    this.#stream = new MediaStream([receiver.track]);
    this.#captureTimes = new CaptureTimes(receiver);
    const clock = clockOf(posted.sdp);
    if (clock !== undefined) this.#lag.heard(clock, posted.at);
    this.ended = this.#end.promise;
    // Nobody has to listen.
    this.ended.catch(() => undefined);

    const { signal } = this.#life;
    connection.addEventListener('connectionstatechange', () => this.#connectionChanged(), { signal });
    receiver.transport?.addEventListener('statechange', () => this.#transportChanged(), { signal });
    addEventListener('online', () => this.#hasConnected && this.#isBroken() && void this.#restart(), {
      signal,
    });
    addEventListener('pagehide', () => this.close(), { signal });
    this.#connectionChanged();
    void this.#tellCandidates();
  }

  /** How this session's connection stands, for diagnosis. */
  get connectionState(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  attach(video: HTMLVideoElement): () => void {
    return attachStream(video, this.#stream);
  }

  captureTimeOf(): number | undefined {
    return this.#lag.takenAt;
  }

  get lagMs(): number {
    return this.#lag.lagAt(performance.now());
  }

  presented({ rtpTimestamp }: VideoFrameCallbackMetadata): void {
    if (rtpTimestamp === undefined) return;
    const now = performance.now();
    this.#lag.take(rtpTimestamp, now, this.#captureTimes.of(rtpTimestamp, now));
  }

  setLatency(choice: LatencyChoice): void {
    this.#lag.reset();
    setBuffer(this.#receiver, choice);
  }

  async vitals(): Promise<Vitals | undefined> {
    if (this.#life.signal.aborted) return undefined;
    const report = await this.#receiver.getStats();
    const vitals = readVitals(report.values() as Iterable<RTCStats & Record<string, unknown>>);
    // What this browser does not decode by WebRTC it may by another way.
    if (this.#darkness.isLasting(vitals, performance.now()))
      this.#end.reject(
        new StreamError('codec-unsupported', 'Pictures come that this browser does not decode'),
      );
    return vitals;
  }

  close(): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    clearTimeout(this.#disconnected);
    this.#resource.delete();
    this.#connection.close();
    this.#end.resolve(undefined);
  }

  #isBroken(): boolean {
    return ['disconnected', 'failed'].includes(this.#connection.connectionState);
  }

  #connectionChanged(): void {
    clearTimeout(this.#disconnected);
    switch (this.#connection.connectionState) {
      case 'connected':
        this.#hasConnected = true;
        this.#restarts = 0;
        break;
      case 'disconnected':
        this.#disconnected = setTimeout(() => void this.#restart(), this.#timings.disconnectedMs);
        break;
      case 'failed':
        void this.#restart();
        break;
      case 'closed':
        this.#end.resolve(undefined);
        break;
      case 'new':
      case 'connecting':
        break;
    }
  }

  #transportChanged(): void {
    // The far end said goodbye (DTLS close_notify). ICE would take another 6 s to notice.
    if (this.#receiver.transport?.state === 'closed') this.#end.resolve(undefined);
  }

  #break(message: string, cause?: unknown): void {
    this.#end.reject(new StreamError('unreachable', message, { cause }));
  }

  /** One PATCH with all candidates, and another when gathering takes longer; none when the connection stands without. */
  async #tellCandidates(): Promise<void> {
    const { signal } = this.#life;
    const connection = this.#connection;
    try {
      await pause(this.#timings.gatherMs, signal);
      for (;;) {
        if (connection.connectionState === 'connected' || !this.#resource.takesFragments) return;
        const isComplete = connection.iceGatheringState === 'complete';
        await this.#tell(isComplete);
        if (isComplete) return;
        await once(connection, 'icegatheringstatechange', signal);
      }
    } catch (error) {
      // A session that was closed has nothing more to tell.
      if (!signal.aborted) this.#break('Candidates could not be told', error);
    }
  }

  async #tell(isComplete: boolean): Promise<void> {
    const sdp = this.#connection.localDescription?.sdp ?? '';
    const [ice, tagged] = [readIce(sdp), firstMedia(sdp)];
    if (!ice || !tagged || ice.candidates.length === 0) return;
    const { kind } = await this.#resource.trickle(writeFragment(ice, tagged, isComplete), this.#life.signal);
    if (kind === 'stale') await this.#restart();
    if (kind === 'gone') this.#break('The session is gone at the far end');
  }

  /**
   * Another ICE session under the same DTLS and RTP: costs no peer connection. Only one at a time, so that only the
   * answer to the last restart can count. Where it cannot be had the session breaks, and the caller opens a new one.
   */
  async #restart(): Promise<void> {
    const { signal } = this.#life;
    if (this.#isRestarting || signal.aborted) return;
    if (!this.#hasConnected || !this.#resource.canRestart || this.#restarts >= mostRestarts) {
      if (this.#connection.connectionState === 'failed') this.#break('The connection failed');
      return;
    }
    this.#isRestarting = true;
    this.#restarts += 1;
    let isTaken = false;
    try {
      const patched = await this.#offerRestart(signal);
      isTaken = patched.kind === 'taken';
      if (patched.kind === 'gone') this.#break('The session is gone at the far end');
      else if (!isTaken && this.#connection.connectionState === 'failed')
        this.#break(`ICE could not be restarted: ${patched.kind}`);
    } catch (error) {
      if (!this.#life.signal.aborted) this.#break('ICE could not be restarted', error);
    } finally {
      this.#isRestarting = false;
    }
    if (isTaken) void this.#tellCandidates();
  }

  async #offerRestart(signal: AbortSignal): Promise<Patched> {
    const connection = this.#connection;
    await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
    const sdp = connection.localDescription?.sdp ?? '';
    const [ice, tagged] = [readIce(sdp), firstMedia(sdp)];
    const patched: Patched =
      ice && tagged
        ? await this.#resource.restart(writeFragment(ice, tagged, false), signal)
        : { kind: 'failed' };
    const remote = patched.kind === 'taken' && patched.fragment ? readIce(patched.fragment) : undefined;
    if (!remote) {
      // Any refusal leaves the old ICE session as it was.
      signal.throwIfAborted();
      await connection.setLocalDescription({ type: 'rollback' });
      return patched.kind === 'taken' ? { kind: 'failed' } : patched;
    }
    const answer = withIce(this.#answer, remote);
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    this.#answer = answer;
    return patched;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function once(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    target.addEventListener(name, () => resolve(), { once: true, signal });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
