import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Format } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { CameraMakes } from '../camera-makes.ts';
import { streamId } from '../config-objects.ts';
import type { Faults } from '../faults.ts';
import type { Features } from '../features.ts';
import type { LivePictures } from '../image-server/live-feed.ts';
import type { LiveWheel, WheelEntry } from '../image-server/live-wheel.ts';
import { RecordedFrames } from '../image-server/recorded-frames.ts';
import type { AccessTokens } from '../tokens.ts';
import { openPeer, type Candidate, type Peer } from './peer.ts';
import { LiveRun, RecordedRun, type PictureRun } from './picture-run.ts';
import { aggregated, Refusal } from './refusal.ts';
import type { SessionWish } from './wish.ts';

/** How long a gateway takes to get the camera's pictures from the recorder, ms: creations overlap within it. */
const openingMs = 40;
/** How often sessions are held against the life of their tokens, ms. */
const checkEveryMs = 250;
/** A session outlives its token by so much, ms: who was a little late with the next one has not lost it. */
const graceMs = 2000;
/** A session that nobody has connected to in this time is forgotten, ms. */
const patienceMs = 30_000;

export interface SessionParts {
  readonly cameras: readonly SiteCamera[];
  readonly accessTokens: AccessTokens;
  readonly pictures: LivePictures;
  readonly wheel: LiveWheel;
  readonly faults: Faults;
  readonly features: Features;
  readonly makes: CameraMakes;
}

/** One session: a camera's pictures on their way to one client. */
export interface Session {
  readonly id: string;
  /** SDP. */
  readonly offer: string;
  readonly candidates: readonly Candidate[];
  /** Takes the client's answer. Throws a {@link Refusal} when it does not fit. */
  answer(sdp: string): void;
  /** Goes on with this token. */
  renew(token: string): void;
}

/** The gateway's WebRTC sessions, however they were signalled. Made one by one, ended by their token, the client or a recycling. */
export class WebRtcSessions {
  readonly #parts: SessionParts;
  readonly #cameras: ReadonlyMap<string, SiteCamera>;
  readonly #sessions = new Map<string, OpenSession>();
  #checks: NodeJS.Timeout | undefined;
  #opening = 0;
  #overlaps = 0;
  readonly #closed = new AbortController();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#cameras = new Map(parts.cameras.map((camera) => [camera.id, camera]));
    parts.faults.on('recycle', () => this.#endAll());
    parts.makes.on('change', (number) => {
      for (const session of [...this.#sessions.values()]) if (session.camera.number === number) session.end();
    });
  }

  get count(): number {
    return this.#sessions.size;
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id.toLowerCase());
  }

  /** Makes a session whose offer waits for an answer. Throws a {@link Refusal}. */
  async create(wish: SessionWish, token: string): Promise<Session> {
    const { features, faults } = this.#parts;
    const overlaps = this.#opening > 0;
    this.#opening += 1;
    try {
      await sleep(openingMs + (faults.surface('webrtc').latencyMs ?? 0), undefined, {
        signal: this.#closed.signal,
      });
      // Every other time: nobody knows what it depends on.
      if (overlaps && features.now.overlappingSessions === 'refused-at-times' && this.#overlaps++ % 2 === 0)
        throw new Refusal(400, aggregated('Sequence contains no matching element'));
      const { camera, format } = this.#choose(wish);
      const { codec } = this.#parts.makes.of(camera.number);
      const made: { session?: OpenSession } = {};
      const peer = await openPeer(codec, features.now.candidates === 'in-offer', {
        open: () => made.session?.begin(),
        gone: () => made.session?.end(),
      });
      if (this.#closed.signal.aborted) peer.close();
      this.#closed.signal.throwIfAborted();
      const run = this.#runOf(camera, format, wish);
      const session = new OpenSession({ camera, peer, run, token, wheel: this.#parts.wheel }, () => {
        this.#sessions.delete(session.id);
        if (this.#sessions.size === 0) this.#stopChecking();
      });
      made.session = session;
      this.#sessions.set(session.id, session);
      this.#checks ??= setInterval(() => this.#check(), checkEveryMs);
      return session;
    } finally {
      this.#opening -= 1;
    }
  }

  close(): void {
    this.#closed.abort();
    this.#endAll();
  }

  #choose(wish: SessionWish): { camera: SiteCamera; format: Format } {
    const { features, makes } = this.#parts;
    const camera = this.#cameras.get(wish.deviceId);
    if (camera === undefined) throw new Refusal(400, aggregated('The device was not found'));
    const format =
      wish.streamId === undefined
        ? 'main'
        : (['main', 'sub'] as const).find((name) => streamId(camera.number, name) === wish.streamId);
    if (format === undefined) throw new Refusal(400, aggregated('The stream was not found'));
    const { isMasked, codec } = makes.of(camera.number);
    if (isMasked) throw new Refusal(400, aggregated('The device has a privacy mask'));
    // H.265 and MJPEG came with the same release as the new name.
    if (codec !== 'H.264' && features.now.webRtc === 'camera-id')
      throw new Refusal(500, aggregated(`The codec ${codec} is not supported`));
    return { camera, format };
  }

  #runOf(camera: SiteCamera, format: Format, { playback }: SessionWish): PictureRun {
    const { pictures, faults, features } = this.#parts;
    if (playback === undefined)
      return new LiveRun({ pictures, subject: camera, format, fault: () => faults.camera(camera.number) });
    const recorded = features.now.recordsSubStream ? format : 'main';
    return new RecordedRun(
      new RecordedFrames(camera, recorded, pictures),
      (index) => pictures.at(camera, recorded, index),
      playback,
    );
  }

  #check(): void {
    const now = performance.now();
    for (const session of [...this.#sessions.values()]) {
      if (this.#parts.accessTokens.isAlive(session.token)) session.aliveAt = now;
      if (session.aliveAt < now - graceMs || session.waitsSince < now - patienceMs) session.end();
    }
  }

  #endAll(): void {
    for (const session of [...this.#sessions.values()]) session.end();
  }

  #stopChecking(): void {
    clearInterval(this.#checks);
    this.#checks = undefined;
  }
}

class OpenSession implements Session, WheelEntry {
  readonly id = randomUUID();
  readonly camera: SiteCamera;
  readonly #peer: Peer;
  readonly #run: PictureRun;
  readonly #wheel: LiveWheel;
  readonly #onEnd: () => void;
  #isAnswered = false;
  #isEnded = false;
  token: string;
  /** When its token was last seen alive, monotonic ms. */
  aliveAt = performance.now();
  /** Since when it waits for its client, monotonic ms. */
  waitsSince = performance.now();

  constructor(
    of: {
      readonly camera: SiteCamera;
      readonly peer: Peer;
      readonly run: PictureRun;
      readonly token: string;
      readonly wheel: LiveWheel;
    },
    onEnd: () => void,
  ) {
    this.camera = of.camera;
    this.#peer = of.peer;
    this.#run = of.run;
    this.#wheel = of.wheel;
    this.token = of.token;
    this.#onEnd = onEnd;
  }

  get offer(): string {
    return this.#peer.offer;
  }

  get candidates(): readonly Candidate[] {
    return this.#peer.candidates;
  }

  get dueAt(): number {
    return this.#run.dueAt;
  }

  answer(sdp: string): void {
    if (this.#isAnswered) throw new Refusal(400, aggregated('The session has an answer'));
    try {
      this.#peer.answered(sdp);
    } catch {
      throw new Refusal(500, aggregated('The answer does not fit the offer'));
    }
    this.#isAnswered = true;
  }

  renew(token: string): void {
    this.token = token;
  }

  /** Pictures may go out. */
  begin(): void {
    if (this.#isEnded) return;
    this.waitsSince = Infinity;
    this.turn(Date.now());
    this.#wheel.add(this);
  }

  turn(now: number): void {
    try {
      for (const picture of this.#run.take(now)) if (picture.unit.codec !== 'MJPEG') this.#peer.send(picture);
    } catch {
      // A camera whose picture cannot be made is this session's trouble only.
      this.end();
    }
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#wheel.delete(this);
    this.#peer.close();
    this.#onEnd();
  }
}
