import Hls from 'hls.js/light';
import type { ErrorData, HlsConfig } from 'hls.js';
import { behindEdgeS } from '../latency.ts';
import { StreamError, type LatencyChoice, type MediaSession, type Vitals } from '../media-source.ts';
import { refusal } from '../whep/refusal.ts';
import { isNarrowLine } from '../line.ts';
import { isFarBehind, lagOf, mendingFor, shallJump, type Lag } from './mending.ts';
import { pollingLoader } from './polling-loader.ts';
import { grainFor, tileSettings } from './settings.ts';

export interface HlsOptions {
  /** For tests: what asks first whether there is anything to play. */
  readonly fetch?: typeof fetch;
  /** For tests: what hls.js loads with. */
  readonly loader?: HlsConfig['loader'];
  /** How long the far end may take to have something to play, ms. */
  readonly timeoutMs?: number;
  /** Whether requests of the page share few connections; else what the browser says of it. */
  readonly isNarrow?: () => boolean;
}

/** Sessions of the page that are open now. */
let running = 0;
/** Without a stall for so long, ms, the picture goes back to where the server would have it played. */
const calmMs = 10_000;
/** Jumps are forgotten after this long without one, ms. */
const forgottenMs = 60_000;

/** The source may take 1.5 s to answer and ten more until there is a whole segment. */
const defaultTimeoutMs = 15_000;

/** Opens the playlist at `url`. Throws a {@link StreamError}, or the signal's reason when aborted. */
export async function openHls(url: string, options: HlsOptions, signal: AbortSignal): Promise<MediaSession> {
  signal.throwIfAborted();
  if (!Hls.isSupported())
    throw new StreamError('codec-unsupported', 'This browser cannot play from a buffer');
  await askFirst(url, options, signal);
  const session = new HlsSession(url, options);
  try {
    await session.ready(signal);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

/** The refusal of a playlist has a reason in it that hls.js does not pass on. */
async function askFirst(url: string, options: HlsOptions, signal: AbortSignal): Promise<void> {
  const ask = options.fetch ?? fetch;
  const limit = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  try {
    const response = await ask(url, { signal: AbortSignal.any([signal, limit]), cache: 'no-store' });
    const body = await response.text();
    if (!response.ok) throw refusal(response.status, response.headers, body, Date.now());
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof StreamError) throw cause;
    throw new StreamError('unreachable', 'The playlist could not be asked for', { cause });
  }
}

/** What a status in the middle of playing means. The next attempt asks first, and learns the reason. */
function codeOf(
  status: number | undefined,
): 'signed-out' | 'not-permitted' | 'reservation-ended' | 'unreachable' {
  if (status === 401) return 'signed-out';
  if (status === 403) return 'not-permitted';
  return status === 410 ? 'reservation-ended' : 'unreachable';
}

class HlsSession implements MediaSession {
  readonly way = 'hls';
  /** Nothing would have come of asking otherwise: everything here is HTTP. */
  readonly hasConnected = true;
  readonly ended: Promise<void>;
  readonly #url: string;
  readonly #options: HlsOptions;
  readonly #end = Promise.withResolvers<undefined>();
  readonly #manifest = Promise.withResolvers<undefined>();
  readonly #faults: number[] = [];
  #hls: Hls;
  #video: HTMLVideoElement | undefined;
  #beforeBlank: (() => void) | undefined;
  #bytes = 0;
  #arrivals = 0;
  #framesBefore = { decoded: 0, dropped: 0 };
  #farBehindSince: number | undefined;
  #jumps = 0;
  #jumpedAt = 0;
  /** Since the picture last stood because nothing was buffered; undefined when that is made good. */
  #stalledAt: number | undefined;
  /** How much further behind the edge than the server asks for, s, and whether hls.js has been told. */
  #behindS = 0;
  #isBehindTold = true;
  #isClosed = false;

  constructor(url: string, options: HlsOptions) {
    this.#url = url;
    this.#options = options;
    this.ended = this.#end.promise;
    // Nobody has to listen.
    this.ended.catch(() => undefined);
    this.#manifest.promise.catch(() => undefined);
    running += 1;
    this.#hls = this.#begin();
  }

  /** Resolves once the playlist is read. */
  async ready(signal: AbortSignal): Promise<void> {
    const abort = (): void => this.#manifest.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await this.#manifest.promise;
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  attach(video: HTMLVideoElement, beforeBlank?: () => void): () => void {
    this.#detach();
    if (this.#isClosed) return () => undefined;
    this.#video = video;
    this.#beforeBlank = beforeBlank;
    this.#hls.attachMedia(video);
    return () => {
      if (this.#video === video) this.#detach();
    };
  }

  captureTimeOf(video: HTMLVideoElement): number | undefined {
    return video === this.#video ? this.#hls.playingDate?.getTime() : undefined;
  }

  get lagMs(): number {
    return this.#isClosed ? 0 : lagOf(this.#lag);
  }

  get #lag(): Lag {
    const { latency, targetLatency } = this.#hls;
    return { latencyMs: latency * 1000, targetMs: (targetLatency ?? 0) * 1000 };
  }

  setLatency(choice: LatencyChoice): void {
    this.#isBehindTold = this.#behindS === behindEdgeS[choice];
    this.#behindS = behindEdgeS[choice];
    this.#tellBehind();
  }

  async vitals(): Promise<Vitals | undefined> {
    const video = this.#video;
    if (this.#isClosed) return undefined;
    this.#keepUp();
    const codec = this.#hls.levels[Math.max(0, this.#hls.currentLevel)]?.videoCodec;
    const { totalVideoFrames = 0, droppedVideoFrames = 0 } = video?.getVideoPlaybackQuality() ?? {};
    const { latency } = this.#hls;
    return {
      framesDecoded: this.#framesBefore.decoded + totalVideoFrames,
      framesDropped: this.#framesBefore.dropped + droppedVideoFrames,
      bytesReceived: this.#bytes,
      arrivals: this.#arrivals,
      ...(latency > 0 ? { latencyMs: latency * 1000 } : {}),
      ...(codec === undefined ? {} : { codec: nameOf(codec) }),
      ...(video === undefined || video.videoWidth === 0
        ? {}
        : { width: video.videoWidth, height: video.videoHeight }),
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    running -= 1;
    this.#letGo();
    this.#video = undefined;
    this.#end.resolve(undefined);
    this.#manifest.reject(new StreamError('unreachable', 'Closed before it began'));
  }

  #begin(): Hls {
    const { loader = Hls.DefaultConfig.loader, isNarrow = isNarrowLine } = this.#options;
    const grain = isNarrow() ? grainFor(running) : undefined;
    const hls = new Hls({
      ...tileSettings,
      loader,
      ...(grain === undefined ? {} : { pLoader: pollingLoader(loader, grain) }),
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#manifest.resolve(undefined));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
      if (details.advanced) this.#arrivals += 1;
      if (hls === this.#hls) this.#tellBehind();
    });
    hls.on(Hls.Events.FRAG_BUFFERED, (_, { stats }) => {
      this.#arrivals += 1;
      this.#bytes += stats.loaded;
    });
    hls.on(Hls.Events.ERROR, (_, error) => this.#fault(hls, error));
    hls.loadSource(this.#url);
    return hls;
  }

  #fault(hls: Hls, error: ErrorData): void {
    if (error.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.#stalledAt = performance.now();
    // hls.js mends by itself what is not fatal.
    if (!error.fatal || hls !== this.#hls || this.#isClosed) return;
    if (error.type === Hls.ErrorTypes.NETWORK_ERROR) {
      this.#break(codeOf(error.response?.code), error);
    } else if (error.type === Hls.ErrorTypes.MEDIA_ERROR) {
      this.#mend(error);
    } else this.#break('protocol', error);
  }

  #mend(error: ErrorData): void {
    const now = performance.now();
    const mending = mendingFor(this.#faults, now);
    this.#faults.push(now);
    if (this.#faults.length > 4) this.#faults.shift();
    if (error.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR) {
      this.#break('codec-unsupported', error);
    } else if (mending === 'give-up') {
      this.#break('protocol', error);
    } else if (mending === 'recover') {
      this.#beforeBlank?.();
      this.#hls.recoverMediaError();
    } else {
      // Not from within its own event: hls.js goes on with what it was doing.
      queueMicrotask(() => {
        if (!this.#isClosed) this.#beginAnew();
      });
    }
  }

  /** How far behind the edge the server and the viewer would have it played, s; undefined before the first playlist. */
  get #askedS(): number | undefined {
    const details = this.#hls.latestLevelDetails;
    if (!details) return undefined;
    return (details.partHoldBack || details.holdBack || 3 * details.targetduration) + this.#behindS;
  }

  /** As soon as the playlist has said where to play, which hls.js forgets once it is told otherwise. */
  #tellBehind(): void {
    const behindS = this.#askedS;
    if (this.#isBehindTold || behindS === undefined) return;
    this.#isBehindTold = true;
    this.#hls.targetLatency = behindS;
    const { liveSyncPosition } = this.#hls;
    // It catches up by itself, and never falls back.
    if (this.#video && liveSyncPosition !== null) this.#video.currentTime = liveSyncPosition;
  }

  /** Another player on the same element, at the live edge. */
  #beginAnew(): void {
    const video = this.#video;
    const { totalVideoFrames = 0, droppedVideoFrames = 0 } = video?.getVideoPlaybackQuality() ?? {};
    this.#framesBefore = {
      decoded: this.#framesBefore.decoded + totalVideoFrames,
      dropped: this.#framesBefore.dropped + droppedVideoFrames,
    };
    this.#beforeBlank?.();
    this.#letGo();
    this.#isBehindTold = this.#behindS === 0;
    this.#hls = this.#begin();
    if (video) this.#hls.attachMedia(video);
  }

  /** Jumps to the live edge where playing a little faster did not bring it there. */
  #keepUp(): void {
    const now = performance.now();
    const { liveSyncPosition } = this.#hls;
    if (this.#stalledAt !== undefined && now - this.#stalledAt >= calmMs) {
      // hls.js plays further behind after each stall, and stays there.
      this.#stalledAt = undefined;
      const behindS = this.#askedS;
      if (behindS !== undefined) this.#hls.targetLatency = behindS;
    }
    if (now - this.#jumpedAt >= forgottenMs) this.#jumps = 0;
    this.#farBehindSince = isFarBehind(this.#lag) ? (this.#farBehindSince ?? now) : undefined;
    if (!shallJump(this.#farBehindSince, now, this.#jumps) || !this.#video || liveSyncPosition === null)
      return;
    this.#farBehindSince = undefined;
    this.#jumps += 1;
    this.#jumpedAt = now;
    this.#video.currentTime = liveSyncPosition;
  }

  #break(code: ConstructorParameters<typeof StreamError>[0], error: ErrorData): void {
    const failure = new StreamError(code, `hls.js gave up: ${error.details}`, { cause: error.error });
    this.#manifest.reject(failure);
    this.#end.reject(failure);
  }

  #detach(): void {
    const video = this.#video;
    this.#video = undefined;
    this.#hls.detachMedia();
    if (video) empty(video);
  }

  #letGo(): void {
    this.#hls.destroy();
    if (this.#video) empty(this.#video);
  }
}

/** Chromium keeps buffers and decoder of an element until it is told to load nothing. */
function empty(video: HTMLVideoElement): void {
  if (!video.hasAttribute('src')) return;
  video.removeAttribute('src');
  video.load();
}

/** The name people know, of a codec string as RFC 6381 writes it. */
function nameOf(codec: string): string {
  const family = codec.split('.')[0]?.toLowerCase() ?? '';
  const names: Readonly<Record<string, string>> = {
    avc1: 'H264',
    avc3: 'H264',
    hvc1: 'H265',
    hev1: 'H265',
    vp09: 'VP9',
    av01: 'AV1',
  };
  return names[family] ?? codec;
}
