import { attachStream } from '../attach-stream.ts';
import { setBuffer } from '../latency.ts';
import { StreamError, type LatencyChoice, type MediaSession, type Vitals } from '../media-source.ts';
import { readVitals } from '../whep/vitals.ts';
import { askEntry } from './ask-entry.ts';
import { chooseVideo } from './choose-video.ts';
import { pageRooms } from './page-rooms.ts';
import type { RoomTrack, RoomVideo } from './room-link.ts';
import type { Door, RoomPool, Visit } from './room-pool.ts';

export interface LiveKitOptions {
  readonly fetch?: typeof fetch;
  /** Else the page's own. */
  readonly rooms?: RoomPool;
  readonly patience?: Partial<Patience>;
}

/** How long each may take, ms. */
interface Patience {
  /** The ticket. */
  readonly entryMs: number;
  /** A publisher that is not there yet when the room is joined, or goes away later: it may be starting anew. */
  readonly publisherMs: number;
  /** The first picture of a track, before it is subscribed to anew, and as long again before it is given up. */
  readonly firstFrameMs: number;
}

const usualPatience: Patience = { entryMs: 10_000, publisherMs: 10_000, firstFrameMs: 5000 };

/** Opens what a ticket from `url` leads to; none is asked for while the page is in that room by it. Throws a {@link StreamError}, or the signal's reason when aborted. */
export async function openLiveKit(
  url: string,
  options: LiveKitOptions,
  signal: AbortSignal,
): Promise<MediaSession> {
  const patience = { ...usualPatience, ...options.patience };
  const door: Door = {
    url,
    ticket: (giveUp) => askEntry(url, options.fetch ?? fetch, patience.entryMs, giveUp),
  };
  const session = new LiveKitSession(patience);
  try {
    await session.enter(options.rooms ?? pageRooms(), door, signal);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

class LiveKitSession implements MediaSession {
  readonly way = 'livekit';
  readonly ended: Promise<void>;
  readonly #patience: Patience;
  readonly #end = Promise.withResolvers<undefined>();
  readonly #begun = Promise.withResolvers<undefined>();
  readonly #life = new AbortController();
  #visit: Visit | undefined;
  #track: RoomTrack | undefined;
  #stream: MediaStream | undefined;
  #video: HTMLVideoElement | undefined;
  #detachStream: (() => void) | undefined;
  /** Runs while nobody publishes. */
  #absence: ReturnType<typeof setTimeout> | undefined;
  /** Runs, or has just run out, until a track has given its first picture. */
  #darkness: ReturnType<typeof setTimeout> | undefined;
  #latency: LatencyChoice | undefined;
  #hasConnected = false;

  constructor(patience: Patience) {
    this.#patience = patience;
    this.ended = this.#end.promise;
    // Nobody has to listen.
    this.ended.catch(() => undefined);
    this.#begun.promise.catch(() => undefined);
    addEventListener('pagehide', () => this.close(), { signal: this.#life.signal });
  }

  /** Takes a place in the room, and resolves once its video is on its way. */
  async enter(rooms: RoomPool, door: Door, signal: AbortSignal): Promise<void> {
    const visitor = {
      choose: chooseVideo,
      changed: (video: RoomVideo | undefined) => this.#follow(video),
      lost: (reason: StreamError) => this.#break(reason),
    };
    const visit = await rooms.visit(door, visitor, signal);
    // A connection to the room stands: so does the way through the network.
    this.#hasConnected = true;
    if (this.#life.signal.aborted) visit.leave();
    else this.#visit = visit;
    const abort = (): void => this.#begun.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await this.#begun.promise;
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  attach(video: HTMLVideoElement): () => void {
    if (this.#video !== video) this.#detachStream?.();
    if (this.#life.signal.aborted) return () => undefined;
    this.#video = video;
    this.#show();
    return () => {
      if (this.#video !== video) return;
      this.#video = undefined;
      this.#detachStream?.();
      this.#detachStream = undefined;
    };
  }

  captureTimeOf(): undefined {
    return undefined;
  }

  setLatency(choice: LatencyChoice): void {
    this.#latency = choice;
    if (this.#track?.receiver) setBuffer(this.#track.receiver, choice);
  }

  async vitals(): Promise<Vitals | undefined> {
    if (this.#life.signal.aborted) return undefined;
    const report = await this.#track?.receiver?.getStats();
    return report && readVitals(report.values() as Iterable<RTCStats & Record<string, unknown>>);
  }

  close(): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    clearTimeout(this.#absence);
    clearTimeout(this.#darkness);
    this.#video = undefined;
    this.#detachStream?.();
    this.#detachStream = undefined;
    this.#visit?.leave();
    this.#visit = undefined;
    this.#stream = this.#track = undefined;
    this.#begun.reject(new StreamError('unreachable', 'Closed before it began'));
    this.#end.resolve(undefined);
  }

  /** The room says what became of the publication. */
  #follow(video: RoomVideo | undefined): void {
    if (this.#life.signal.aborted) return;
    if (video?.failure) {
      this.#break(video.failure);
      return;
    }
    if (video === undefined) {
      this.#absence ??= setTimeout(
        () => this.#break(new StreamError('camera-offline', 'Nobody publishes in the room')),
        this.#patience.publisherMs,
      );
    } else {
      clearTimeout(this.#absence);
      this.#absence = undefined;
    }
    const track = video?.track;
    const isOther = track !== undefined && track.mediaStreamTrack !== this.#track?.mediaStreamTrack;
    if (video && (isOther || this.#track === undefined)) this.#awaitFrame();
    if (!isOther) return;
    this.#track = track;
    if (this.#latency !== undefined) this.setLatency(this.#latency);
    this.#stream = new MediaStream([track.mediaStreamTrack]);
    this.#show();
    this.#begun.resolve(undefined);
  }

  /** After a reconnect it is another track, in the same element. */
  #show(): void {
    if (this.#video && this.#stream) this.#detachStream = attachStream(this.#video, this.#stream);
  }

  /** A subscription may come to nothing without anybody being told (livekit/livekit#4695). */
  #awaitFrame(): void {
    if (this.#darkness !== undefined) return;
    const { firstFrameMs } = this.#patience;
    this.#darkness = setTimeout(() => {
      void this.#isDark().then((isDark) => {
        if (this.#life.signal.aborted) return;
        this.#darkness = isDark ? setTimeout(() => void this.#giveUp(), firstFrameMs) : undefined;
        if (isDark) this.#visit?.resubscribe();
      });
    }, firstFrameMs);
  }

  async #isDark(): Promise<boolean> {
    return ((await this.vitals().catch(() => undefined))?.framesDecoded ?? 0) === 0;
  }

  async #giveUp(): Promise<void> {
    const isDark = await this.#isDark();
    this.#darkness = undefined;
    if (!isDark || this.#life.signal.aborted) return;
    const { bytesReceived = 0 } = (await this.vitals().catch(() => undefined)) ?? {};
    this.#break(
      bytesReceived > mostWithoutKeyframe
        ? new StreamError('codec-unsupported', 'Pictures come that this browser does not decode')
        : new StreamError('unreachable', 'No picture came from the room'),
    );
  }

  #break(reason: StreamError): void {
    if (this.#life.signal.aborted) return;
    clearTimeout(this.#absence);
    clearTimeout(this.#darkness);
    this.#visit?.leave();
    this.#visit = undefined;
    this.#begun.reject(reason);
    this.#end.reject(reason);
  }
}

/** So many bytes, in ten seconds, have a keyframe among them: not to see one is the decoder's fault. */
const mostWithoutKeyframe = 100_000;
