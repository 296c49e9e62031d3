import type { RoomConnectOptions, RoomEvent, RoomOptions } from 'livekit-client';
import { StreamError } from '../media-source.ts';
import { codeOfDisconnect, connectFailure, subscriptionFailure } from './reasons.ts';
import { reconnectPolicy } from './reconnect-policy.ts';

/** A video that somebody publishes in a room. */
export interface RoomVideo {
  /** Who publishes it. */
  readonly publisher: string;
  /** Names the publication until it is published anew. */
  readonly sid: string;
  /** LiveKit's word for where it is from: `camera`, `screen_share`, … */
  readonly source: string;
  /** What arrives, once it is subscribed to. */
  readonly track: RoomTrack | undefined;
  /** Why it cannot be had, when the server has said so. */
  readonly failure: StreamError | undefined;
  /** Subscribes or no longer; the same word twice is one. */
  want(isWanted: boolean): void;
}

export interface RoomTrack {
  readonly mediaStreamTrack: MediaStreamTrack;
  readonly receiver?: RTCRtpReceiver | undefined;
}

/** One connection to a room, which subscribes to nothing by itself. */
export interface RoomLink {
  /** Every video that is published there now. */
  readonly videos: readonly RoomVideo[];
  /** Called when {@link videos}, or what is known of one, may have changed. */
  changed: () => void;
  /** Called once when the connection is lost and does not come back by itself. */
  lost: (reason: StreamError) => void;
  /** Joins. Rejects with a {@link StreamError}, or the signal's reason when aborted. */
  join(url: string, token: string, signal: AbortSignal): Promise<void>;
  /** Leaves; after it resolves, another room may be joined. Safe to call twice. */
  leave(): Promise<void>;
}

/** What is used of livekit-client's Room. */
export interface RoomLike {
  readonly remoteParticipants: ReadonlyMap<string, ParticipantLike>;
  connect(url: string, token: string, options: RoomConnectOptions): Promise<void>;
  disconnect(): Promise<void>;
  on(event: `${RoomEvent}`, listener: (...said: never[]) => void): unknown;
}

export interface ParticipantLike {
  readonly identity: string;
  readonly trackPublications: ReadonlyMap<string, PublicationLike>;
}

export interface PublicationLike {
  readonly trackSid: string;
  readonly kind: string;
  readonly source: string;
  readonly isDesired: boolean;
  readonly track?: RoomTrack | undefined;
  setSubscribed(isSubscribed: boolean): void;
}

export type RoomClass = new (options: RoomOptions) => RoomLike;

export interface LinkOptions {
  /** How long joining may take, ms. `connect()` of 2.23.0 asks for ever where a server answers 404. */
  readonly timeoutMs?: number;
  /** Called when a peer connection is made, which the page has a limited number of. */
  readonly countPeer?: () => void;
  readonly userAgent?: string;
  /** How long a Room rests after a join that was given up, ms. */
  readonly restMs?: number;
}

const defaultTimeoutMs = 10_000;
/** Longer than what is under way in a Room whose join was given up can take, see `connect` below. */
const defaultRestMs = 15_000;

/** A room of livekit-client's. */
export class LiveKitLink implements RoomLink {
  changed: () => void = () => undefined;
  lost: (reason: StreamError) => void = () => undefined;
  readonly #room: RoomLike;
  readonly #options: LinkOptions;
  readonly #failures = new Map<string, StreamError>();
  readonly #peersEach: number;
  #isJoined = false;
  #isGivenUp = false;

  constructor(Room: RoomClass, options: LinkOptions = {}) {
    this.#options = options;
    // Firefox joins without its subscriptions now and then where one connection serves both directions
    // (livekit/livekit#4494, bigbluebutton#24727).
    const isFirefox = /\bfirefox\//i.test(options.userAgent ?? navigator.userAgent);
    this.#peersEach = isFirefox ? 2 : 1;
    const room = new Room({
      singlePeerConnection: !isFirefox,
      // The wall knows what is seen, in what size, and by which stream.
      adaptiveStream: false,
      dynacast: false,
      reconnectPolicy,
      // The pool leaves when the page does; a dialogue at `beforeunload` must not cost the pictures.
      disconnectOnPageLeave: false,
      loggerName: 'parapet',
    });
    this.#room = room;
    const changed = (): void => this.changed();
    for (const event of [
      'participantConnected',
      'participantDisconnected',
      'trackPublished',
      'trackSubscribed',
      'trackUnsubscribed',
      // After a full reconnect nothing is subscribed to any more.
      'reconnected',
    ] as const)
      room.on(event, changed);
    room.on('trackUnpublished', (publication: PublicationLike) => {
      this.#failures.delete(publication.trackSid);
      changed();
    });
    room.on('trackSubscriptionFailed', (sid: string, _publisher: unknown, reason?: number) => {
      this.#failures.set(sid, subscriptionFailure(reason));
      changed();
    });
    room.on('reconnecting', () => this.#countPeers());
    room.on('disconnected', (reason?: number) => {
      // Also said of a connection that never stood; whoever waits for that is told by `join`.
      if (!this.#isJoined) return;
      this.#isJoined = false;
      this.lost(
        new StreamError(codeOfDisconnect(reason), `The room was left: reason ${String(reason ?? 0)}`),
      );
    });
  }

  get videos(): readonly RoomVideo[] {
    return [...this.#room.remoteParticipants.values()].flatMap(({ identity, trackPublications }) =>
      [...trackPublications.values()]
        .filter(({ kind }) => kind === 'video')
        .map((publication) => this.#video(identity, publication)),
    );
  }

  async join(url: string, token: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(this.#options.timeoutMs ?? defaultTimeoutMs);
    const either = AbortSignal.any([signal, limit]);
    const { promise: given, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(either.reason as Error);
    either.addEventListener('abort', giveUp, { once: true });
    this.#countPeers();
    try {
      const connecting = this.#room.connect(url, token, {
        // The room's constructor takes the same word and ignores it.
        autoSubscribe: false,
        maxRetries: 0,
        websocketTimeout: 5000,
        peerConnectionTimeout: 8000,
      });
      await Promise.race([connecting, given]);
      this.#isJoined = true;
    } catch (cause) {
      // It may go on trying otherwise.
      this.#isGivenUp = either.aborted;
      this.#room.disconnect().catch(() => undefined);
      signal.throwIfAborted();
      throw limit.aborted
        ? new StreamError('unreachable', 'The room did not let us in in time', { cause })
        : connectFailure(cause);
    } finally {
      either.removeEventListener('abort', giveUp);
    }
  }

  async leave(): Promise<void> {
    this.#isJoined = false;
    this.#failures.clear();
    await this.#room.disconnect();
    if (!this.#isGivenUp) return;
    // The attempt ends by itself some time later, and takes with it whatever the Room is connected to by then.
    await new Promise((resolve) => setTimeout(resolve, this.#options.restMs ?? defaultRestMs));
    this.#isGivenUp = false;
    await this.#room.disconnect();
  }

  #video(publisher: string, publication: PublicationLike): RoomVideo {
    const { trackSid: sid, source } = publication;
    return {
      publisher,
      sid,
      source,
      track: publication.isDesired ? publication.track : undefined,
      failure: this.#failures.get(sid),
      want: (isWanted) => {
        if (publication.isDesired === isWanted) return;
        this.#failures.delete(sid);
        publication.setSubscribed(isWanted);
      },
    };
  }

  #countPeers(): void {
    for (let n = 0; n < this.#peersEach; n += 1) this.#options.countPeer?.();
  }
}
