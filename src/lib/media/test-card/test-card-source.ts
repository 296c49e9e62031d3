import { attachStream } from '../attach-stream.ts';
import {
  StreamError,
  type MediaSession,
  type MediaSource,
  type StreamErrorCode,
  type Vitals,
  type Way,
} from '../media-source.ts';
import { Scene, type CardSubject } from './scene.ts';

const [width, height, framesPerSecond] = [640, 360, 15];

/** One timer draws all cards of the page. */
const painters = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function paint(painter: () => void): () => void {
  painters.add(painter);
  timer ??= setInterval(() => painters.forEach((one) => one()), 1000 / framesPerSecond);
  return () => {
    painters.delete(painter);
    if (painters.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Pictures drawn in the page: a quiet street with the camera's name and a running clock. Needs no server and no codec. */
export class TestCardSource implements MediaSource {
  readonly way: Way;
  readonly #subject: CardSubject;
  readonly #sessions = new Set<TestCardSession>();
  #isFrozen = false;
  #fault: StreamErrorCode | undefined;
  #opened = 0;

  /** `way`: in tests, the way that it stands in for. */
  constructor(subject: CardSubject, way: Way = 'test-card') {
    this.#subject = subject;
    this.way = way;
  }

  /** Sessions that are open now. */
  get openSessions(): number {
    return this.#sessions.size;
  }

  /** How often it was opened. */
  get timesOpened(): number {
    return this.#opened;
  }

  /** No new pictures, while everything stays connected: the fault that looks like life. */
  freeze(isFrozen = true): void {
    this.#isFrozen = isFrozen;
  }

  /** Breaks what is open and refuses to open, until {@link revive}. */
  kill(code: StreamErrorCode = 'camera-offline'): void {
    this.#fault = code;
    for (const session of [...this.#sessions])
      session.fail(new StreamError(code, 'The test card was switched off'));
  }

  /** Works again. Sessions that broke stay broken. */
  revive(): void {
    this.#fault = undefined;
    this.#isFrozen = false;
  }

  async open(signal: AbortSignal): Promise<MediaSession> {
    signal.throwIfAborted();
    // As far as a real source gets without waiting for anybody.
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.#fault !== undefined) throw new StreamError(this.#fault, 'The test card is switched off');
    this.#opened += 1;
    const session = new TestCardSession(
      this.way,
      this.#subject,
      () => this.#isFrozen,
      () => this.#sessions.delete(session),
    );
    this.#sessions.add(session);
    return session;
  }
}

class TestCardSession implements MediaSession {
  readonly way: Way;
  readonly hasConnected = true;
  readonly #stream: MediaStream;
  readonly ended: Promise<void>;
  readonly #end = Promise.withResolvers<undefined>();
  readonly #stopPainting: () => void;
  readonly #onClose: () => void;
  #frames = 0;
  #isClosed = false;

  constructor(way: Way, subject: CardSubject, isFrozen: () => boolean, onClose: () => void) {
    this.way = way;
    this.ended = this.#end.promise;
    this.ended.catch(() => undefined);
    this.#onClose = onClose;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    const brush = canvas.getContext('2d', { alpha: false });
    const scene = new Scene(subject, width, height);
    this.#stream = canvas.captureStream(framesPerSecond);
    this.#stopPainting = paint(() => {
      if (!brush || isFrozen()) return;
      scene.draw(brush, Date.now());
      this.#frames += 1;
    });
  }

  attach(video: HTMLVideoElement): () => void {
    return attachStream(video, this.#stream);
  }

  captureTimeOf(): undefined {
    return undefined;
  }

  async vitals(): Promise<Vitals | undefined> {
    return this.#isClosed ? undefined : { framesDecoded: this.#frames, framesDropped: 0, width, height };
  }

  fail(error: StreamError): void {
    this.#stopPainting();
    this.#end.reject(error);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopPainting();
    for (const track of this.#stream.getTracks()) track.stop();
    this.#end.resolve(undefined);
    this.#onClose();
  }
}
