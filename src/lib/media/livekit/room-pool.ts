import type { LiveKitEntry } from '#contract/reservation.ts';
import { StreamError } from '../media-source.ts';
import type { RoomLink, RoomVideo } from './room-link.ts';

export interface RoomPoolOptions {
  readonly makeLink: () => Promise<RoomLink>;
  /** How long a room that nobody watches stays joined, ms: the next page of a tour may want it back. */
  readonly lingerMs?: number;
}

/**
 * Links that have left their room and are kept for another: livekit-client keeps hold of every Room ever made, so one that
 * is not used again is lost for as long as the page lives. As many as a page may watch.
 */
const mostSpare = 64;

/** How a room is got into. */
export interface Door {
  /** Where its tickets are asked for. Whoever comes by the same address has the same right, and shares a connection. */
  readonly url: string;
  /** Asks for a ticket. Rejects with a {@link StreamError}, or the signal's reason when aborted. */
  ticket(signal: AbortSignal): Promise<LiveKitEntry>;
}

/** Somebody who watches one publisher of a room. */
export interface Visitor {
  /** Which of the videos it wants now; undefined while there is none. `publisher`: whom the ticket names. */
  choose(videos: readonly RoomVideo[], publisher: string | undefined): RoomVideo | undefined;
  /** What it chose, or what is known of it, may have changed. */
  changed(video: RoomVideo | undefined): void;
  lost(reason: StreamError): void;
}

/** A place in a room. */
export interface Visit {
  /** Has the server send anew what the visitor wants. */
  resubscribe(): void;
  /** Safe to call twice. */
  leave(): void;
}

/**
 * Every room of the page. One connection for each reservation, however many tiles watch by it; joined with the first, left
 * some time after the last. Two reservations never share one though they lead to the same room, as the two streams of a
 * camera do: LiveKit would know it by the ticket of the first, and it would end with the first.
 */
export class RoomPool {
  readonly #makeLink: RoomPoolOptions['makeLink'];
  readonly #lingerMs: number;
  readonly #rooms = new Map<string, PooledRoom>();
  readonly #spare: RoomLink[] = [];
  #leaving = 0;
  #listening: AbortController | undefined;

  constructor({ makeLink, lingerMs = 5000 }: RoomPoolOptions) {
    this.#makeLink = makeLink;
    this.#lingerMs = lingerMs;
  }

  /** Rooms that are being joined, joined, or being left. */
  get size(): number {
    return this.#rooms.size + this.#leaving;
  }

  /**
   * Takes a place in the room behind this door; asks for a ticket, and joins, where no place is taken yet. Rejects with a
   * {@link StreamError}, or the signal's reason when aborted.
   */
  async visit(door: Door, visitor: Visitor, signal: AbortSignal): Promise<Visit> {
    signal.throwIfAborted();
    let pooled = this.#rooms.get(door.url);
    if (pooled === undefined) {
      const made: PooledRoom = new PooledRoom(this.#lingerMs, (link) => {
        if (this.#rooms.get(door.url) === made) this.#rooms.delete(door.url);
        if (link) void this.#give(link);
        this.#rest();
      });
      pooled = made;
      this.#rooms.set(door.url, made);
      this.#listen();
      made.begin((joining) => this.#join(door, joining));
    }
    return await pooled.enter(visitor, signal);
  }

  /** Leaves every room at once. Safe to call twice. */
  close(): void {
    for (const pooled of [...this.#rooms.values()]) pooled.close();
  }

  async #join(door: Door, signal: AbortSignal): Promise<Joined> {
    const { url, token, publisher } = await door.ticket(signal);
    const link = this.#spare.pop() ?? (await this.#makeLink());
    try {
      await link.join(url, token, signal);
    } catch (error) {
      void this.#give(link);
      throw error;
    }
    return { link, publisher };
  }

  /** Leaves, and keeps the link for another room. */
  async #give(link: RoomLink): Promise<void> {
    this.#leaving += 1;
    try {
      [link.changed, link.lost] = [() => undefined, () => undefined];
      await link.leave();
      if (this.#spare.length < mostSpare) this.#spare.push(link);
    } catch {
      // One that cannot even leave is not used again.
    } finally {
      this.#leaving -= 1;
    }
  }

  /** Rooms are left with the page: it may go to the back-forward cache, which open connections bar. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = new AbortController();
    addEventListener('pagehide', () => this.close(), { signal: this.#listening.signal });
  }

  #rest(): void {
    if (this.#rooms.size > 0) return;
    this.#listening?.abort();
    this.#listening = undefined;
  }
}

/** A connection that stands, and whom to watch by it. */
interface Joined {
  readonly link: RoomLink;
  readonly publisher: string | undefined;
}

class PooledRoom {
  readonly #lingerMs: number;
  /** Called when it is over, with the link where one stands; with one that stands only after that, once more. */
  readonly #over: (link: RoomLink | undefined) => void;
  readonly #visitors = new Set<Visitor>();
  readonly #joining = new AbortController();
  #joined: Promise<void> | undefined;
  #link: RoomLink | undefined;
  #publisher: string | undefined;
  #waiting = 0;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(lingerMs: number, over: (link: RoomLink | undefined) => void) {
    this.#lingerMs = lingerMs;
    this.#over = over;
  }

  begin(join: (signal: AbortSignal) => Promise<Joined>): void {
    this.#joined = join(this.#joining.signal).then(({ link, publisher }) => {
      if (this.#isOver) {
        // Given up while it was let in; nobody else knows of it.
        this.#over(link);
        throw new StreamError('unreachable', 'The room is left already');
      }
      this.#link = link;
      this.#publisher = publisher;
      link.changed = () => this.#settle();
      link.lost = (reason) => this.#lose(reason);
    });
    this.#joined.catch(() => this.#end(undefined));
  }

  async enter(visitor: Visitor, signal: AbortSignal): Promise<Visit> {
    clearTimeout(this.#linger);
    this.#waiting += 1;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#joined, aborted]);
      signal.throwIfAborted();
    } catch (error) {
      this.#waiting -= 1;
      this.#rest();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
    this.#waiting -= 1;
    this.#visitors.add(visitor);
    this.#settle();
    return {
      resubscribe: () => {
        const wanted = this.#choice(visitor, this.#link?.videos ?? []);
        wanted?.want(false);
        wanted?.want(true);
      },
      leave: () => {
        if (!this.#visitors.delete(visitor)) return;
        this.#settle();
        this.#rest();
      },
    };
  }

  #choice(visitor: Visitor, videos: readonly RoomVideo[]): RoomVideo | undefined {
    return visitor.choose(videos, this.#publisher);
  }

  close(): void {
    this.#lose(new StreamError('unreachable', 'The room was left'));
  }

  /** Wants of the room exactly what somebody watches, and tells each what became of it. */
  #settle(): void {
    const videos = this.#link?.videos ?? [];
    const choices = new Map([...this.#visitors].map((visitor) => [visitor, this.#choice(visitor, videos)]));
    const wanted = new Set([...choices.values()].map((video) => video?.sid));
    for (const video of videos) video.want(wanted.has(video.sid));
    for (const [visitor, video] of choices) if (this.#visitors.has(visitor)) visitor.changed(video);
  }

  #rest(): void {
    if (this.#isOver || this.#visitors.size > 0 || this.#waiting > 0) return;
    if (this.#link === undefined) {
      this.#end(undefined);
      return;
    }
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#end(this.#link), this.#lingerMs);
  }

  #lose(reason: StreamError): void {
    const visitors = [...this.#visitors];
    this.#visitors.clear();
    this.#end(this.#link);
    for (const visitor of visitors) visitor.lost(reason);
  }

  #end(link: RoomLink | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#linger);
    this.#joining.abort(new StreamError('unreachable', 'Nobody waits for the room any more'));
    this.#over(link);
  }
}
