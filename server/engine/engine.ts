import { EngineError, type EngineErrorCode } from './error.ts';
import type { Log } from './log.ts';
import { Path, type PathState, type PathTimes } from './source/path.ts';
import type { SourceRequest } from './source/source.ts';
import { readOffer } from './webrtc/offer.ts';
import type { MediaAddress } from './webrtc/peer.ts';
import { openSession, type Session } from './whep/session.ts';

export interface EngineOptions {
  readonly where: MediaAddress;
  readonly mtu: number;
  /** How long a path that nobody wants stays up after its last viewer. */
  readonly lingerMs: number;
  /** How long an offer waits for a source that is just being connected. */
  readonly patienceMs: number;
  readonly log: Log;
  readonly pathTimes?: PathTimes;
}

/** One line of `GET /v3/paths/list`. */
export interface PathItem {
  readonly name: string;
  /** MediaMTX's word for `state: running`. */
  readonly available: boolean;
  readonly state: PathState;
  readonly since: string;
  readonly code?: EngineErrorCode;
  /** Still wanted; false while it lingers. */
  readonly isWanted: boolean;
  readonly readers: number;
  readonly codec?: string;
  readonly width?: number;
  readonly height?: number;
  readonly bytes: number;
  readonly packets: number;
  readonly pictures: number;
  readonly lost: number;
  readonly restarts: number;
  /** The source's clock minus ours. */
  readonly clockOffsetMs?: number;
}

interface Entry {
  readonly path: Path;
  isWanted: boolean;
  linger: NodeJS.Timeout | undefined;
}

const reportMs = 2000;
/** More than this on one machine is a mistake, or an attack. */
const maxSessions = 2000;

/** Paths and their viewers. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #paths = new Map<string, Entry>();
  readonly #sessions = new Map<string, Session>();
  readonly #reports: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#reports = setInterval(() => {
      for (const session of this.#sessions.values()) session.report();
    }, reportMs);
    this.#reports.unref();
  }

  /** Makes the path exist and start. The same source again changes nothing. */
  configure(name: string, source: SourceRequest): void {
    const entry = this.#paths.get(name);
    if (entry !== undefined) {
      entry.isWanted = true;
      clearTimeout(entry.linger);
      entry.linger = undefined;
      entry.path.change(source);
      return;
    }
    const { mtu, log, pathTimes } = this.#options;
    const path = new Path({
      name,
      source,
      mtu,
      log,
      ...(pathTimes === undefined ? {} : { times: pathTimes }),
    });
    this.#paths.set(name, { path, isWanted: true, linger: undefined });
  }

  /** Lets go of a path: it closes after its last viewer and the linger. Gives whether there was one. */
  drop(name: string): boolean {
    const entry = this.#paths.get(name);
    if (entry?.isWanted !== true) return false;
    entry.isWanted = false;
    this.#considerClosing(name);
    return true;
  }

  list(): PathItem[] {
    return [...this.#paths.values()].map(({ path, isWanted }) => ({
      name: path.name,
      available: path.state === 'running',
      state: path.state,
      since: new Date(path.since).toISOString(),
      ...(path.errorCode === undefined ? {} : { code: path.errorCode }),
      isWanted,
      readers: path.readers,
      ...(path.codec === undefined ? {} : { codec: path.codec }),
      ...(path.format === undefined ? {} : { width: path.format.width, height: path.format.height }),
      ...path.counters,
      ...(path.clockOffsetMs === undefined ? {} : { clockOffsetMs: path.clockOffsetMs }),
    }));
  }

  /** Answers a WHEP offer. Throws an {@link EngineError}. */
  async offer(name: string, sdp: string, signal: AbortSignal): Promise<Session> {
    const offer = readOffer(sdp);
    const entry = this.#paths.get(name);
    if (entry?.isWanted !== true) throw new EngineError('not-found', 'There is no such path.');
    if (this.#sessions.size >= maxSessions) throw new EngineError('overloaded', 'The engine is full.');
    const codec = await entry.path.ready(this.#options.patienceMs, signal);
    const session = await openSession(offer, entry.path, codec, this.#options.where, (ended) => {
      this.#forget(ended);
    });
    if (signal.aborted || this.#isClosed || this.#paths.get(name) !== entry) {
      session.close();
      this.#considerClosing(name);
      signal.throwIfAborted();
      throw new EngineError('not-found', 'There is no such path.');
    }
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The path of that name. Throws `not-found` where nobody wants one. */
  path(name: string): Path {
    const entry = this.#paths.get(name);
    if (entry?.isWanted !== true) throw new EngineError('not-found', 'There is no such path.');
    return entry.path;
  }

  /** A reader that is no session has left a path: it may be the last one. */
  left(name: string): void {
    this.#considerClosing(name);
  }

  /** The session of that path and id. */
  session(name: string, id: string): Session | undefined {
    const session = this.#sessions.get(id);
    return session?.path === name ? session : undefined;
  }

  closeSession(session: Session): void {
    session.close();
    this.#forget(session);
  }

  has(name: string): boolean {
    return this.#paths.get(name)?.isWanted === true;
  }

  /** Ends everything. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#reports);
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    for (const entry of this.#paths.values()) {
      clearTimeout(entry.linger);
      entry.path.close();
    }
    this.#paths.clear();
  }

  #forget(session: Session): void {
    this.#sessions.delete(session.id);
    this.#considerClosing(session.path);
  }

  #considerClosing(name: string): void {
    const entry = this.#paths.get(name);
    if (entry === undefined || entry.isWanted || entry.path.readers > 0 || entry.linger !== undefined) return;
    entry.linger = setTimeout(() => {
      entry.linger = undefined;
      if (entry.isWanted || entry.path.readers > 0) return;
      this.#paths.delete(name);
      entry.path.close();
      this.#options.log.info({ path: name }, 'path closed');
    }, this.#options.lingerMs);
  }
}
