import type { StreamError } from '../../media-source.ts';
import type { RoomLink, RoomTrack, RoomVideo } from '../room-link.ts';

/** What is published in a pretend room. */
interface Publication {
  readonly publisher: string;
  readonly sid: string;
  failure?: StreamError | undefined;
}

/** How the pretend server departs from doing everything right; may be changed while it runs. */
export interface Quirks {
  /** Answers a request for a ticket with this instead. */
  ticket?: () => Response;
  /** Waits for this before it lets anybody in. */
  joinHeld?: Promise<unknown>;
  /** Lets nobody in. */
  joinFails?: StreamError;
  /** What receivers say of themselves. */
  stats: { framesDecoded: number; bytesReceived: number };
  /** Who publishes, by the ticket; undefined leaves it out. */
  publisher?: string | undefined;
  /** The same by reservation, before it. */
  publisherOf?: (reservation: string) => string;
  /** The room of every ticket, instead of one for each reservation. */
  room?: string;
}

/**
 * LiveKit in the page, at the height of {@link RoomLink}: rooms with publishers, whose tracks are those of a bright moving
 * canvas. Keeps count of every link that was made.
 */
export class PretendRooms {
  readonly quirks: Quirks = { stats: { framesDecoded: 9, bytesReceived: 5000 }, publisher: 'camera 1' };
  readonly links: PretendLink[] = [];
  /** Tokens of the tickets given out. */
  readonly tickets: string[] = [];
  readonly published: Publication[] = [];
  readonly stream: MediaStream;
  readonly #timer: ReturnType<typeof setInterval>;
  #sid = 0;

  constructor() {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [320, 180];
    const brush = canvas.getContext('2d');
    let hue = 0;
    this.#timer = setInterval(() => {
      if (!brush) return;
      brush.fillStyle = `hsl(${String((hue += 20) % 360)} 50% 50%)`;
      brush.fillRect(0, 0, 320, 180);
    }, 40);
    this.stream = canvas.captureStream(25);
    this.publish('camera 1');
  }

  /** Links that are in a room now. */
  get joined(): PretendLink[] {
    return this.links.filter((link) => link.room !== undefined);
  }

  /** Subscriptions that run now. */
  get subscriptions(): string[] {
    return this.links.flatMap((link) => [...link.tracks.keys()]);
  }

  readonly makeLink = async (): Promise<PretendLink> => {
    const link = new PretendLink(this);
    this.links.push(link);
    return link;
  };

  /** The BFF's side: tickets. */
  readonly fetch: typeof fetch = async (input, init) => {
    init?.signal?.throwIfAborted();
    if (this.quirks.ticket) return this.quirks.ticket();
    const token = `token ${String(this.tickets.length + 1)}`;
    this.tickets.push(`${init?.method ?? 'GET'} ${token}`);
    const reservation = (input as string).replace('/api/livekit/', '');
    const { room = `camera_${reservation}`, publisherOf } = this.quirks;
    const publisher = publisherOf?.(reservation) ?? this.quirks.publisher;
    return Response.json({
      url: 'wss://rooms.test',
      token,
      room,
      ...(publisher === undefined ? {} : { publisher }),
      expiresAt: '2026-11-20T12:01:00Z',
    });
  };

  publish(publisher: string): Publication {
    this.#sid += 1;
    const publication = { publisher, sid: `T${String(this.#sid)}` };
    this.published.push(publication);
    this.#tell();
    return publication;
  }

  unpublish(publisher: string): void {
    for (let i = this.published.length - 1; i >= 0; i -= 1)
      if (this.published[i]?.publisher === publisher) this.published.splice(i, 1);
    this.#tell();
  }

  /** As a full reconnect does: everything is published by another name, and nothing subscribed to. */
  reconnect(): void {
    for (const publication of this.published) {
      this.#sid += 1;
      Object.assign(publication, { sid: `T${String(this.#sid)}` });
    }
    this.#tell();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const track of this.stream.getTracks()) track.stop();
    for (const link of this.links) link.forget();
  }

  #tell(): void {
    for (const link of this.joined) link.settle();
  }
}

export class PretendLink implements RoomLink {
  changed: () => void = () => undefined;
  lost: (reason: StreamError) => void = () => undefined;
  room: string | undefined;
  readonly tokens: string[] = [];
  readonly tracks = new Map<string, RoomTrack>();
  /** Every change of mind, in order: `+T1`, `-T1`. */
  readonly wishes: string[] = [];
  joinSignal: AbortSignal | undefined;
  readonly #server: PretendRooms;
  readonly #wanted = new Set<string>();

  constructor(server: PretendRooms) {
    this.#server = server;
  }

  get videos(): readonly RoomVideo[] {
    if (this.room === undefined) return [];
    return this.#server.published.map(({ publisher, sid, failure }) => ({
      publisher,
      sid,
      source: 'camera',
      track: this.tracks.get(sid),
      failure: this.#wanted.has(sid) ? failure : undefined,
      want: (isWanted) => this.#want(sid, isWanted),
    }));
  }

  async join(url: string, token: string, signal: AbortSignal): Promise<void> {
    const { joinHeld, joinFails } = this.#server.quirks;
    this.joinSignal = signal;
    await Promise.race([
      joinHeld,
      new Promise((_resolve, reject) => {
        if (joinHeld === undefined) reject(new Error('not held'));
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    ]).catch((error: unknown) => {
      if (signal.aborted) throw error;
    });
    if (joinFails) throw joinFails;
    this.tokens.push(token);
    this.room = url;
  }

  async leave(): Promise<void> {
    this.forget();
  }

  forget(): void {
    this.room = undefined;
    for (const track of this.tracks.values()) track.mediaStreamTrack.stop();
    this.tracks.clear();
    this.#wanted.clear();
  }

  /** Drops what is published no more, and says that something has changed. */
  settle(): void {
    const sids = new Set(this.#server.published.map(({ sid }) => sid));
    for (const sid of [...this.tracks.keys()]) if (!sids.has(sid)) this.#drop(sid);
    this.changed();
  }

  #want(sid: string, isWanted: boolean): void {
    if (this.#wanted.has(sid) === isWanted) return;
    if (isWanted) this.#wanted.add(sid);
    else this.#wanted.delete(sid);
    this.wishes.push(`${isWanted ? '+' : '-'}${sid}`);
    if (!isWanted) {
      this.#drop(sid);
      return;
    }
    const { stats } = this.#server.quirks;
    queueMicrotask(() => {
      if (!this.#wanted.has(sid)) return;
      const [track] = this.#server.stream.getVideoTracks();
      if (!track || this.#server.published.some((one) => one.sid === sid && one.failure)) {
        this.changed();
        return;
      }
      const receiver = {
        getStats: async () => new Map([['in', { type: 'inbound-rtp', ...stats }]]),
      } as unknown as RTCRtpReceiver;
      this.tracks.set(sid, { mediaStreamTrack: track.clone(), receiver });
      this.changed();
    });
  }

  #drop(sid: string): void {
    this.tracks.get(sid)?.mediaStreamTrack.stop();
    this.tracks.delete(sid);
  }
}
