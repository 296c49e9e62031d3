import Hls from 'hls.js/light';
import type { ErrorData, HlsConfig } from 'hls.js';
import { fastestRate, FilmTime, keepTo } from './film-time.ts';

/** Why a film cannot be shown. */
export type FilmFault = 'no-recording' | 'not-permitted' | 'signed-out' | 'unreachable' | 'codec' | 'damaged';

/** What a film has to say. */
export type FilmStatus =
  | { readonly kind: 'loading' }
  | { readonly kind: 'shown' }
  /** Nothing is recorded at the moment. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'failed'; readonly code: FilmFault };

/** What the clock says. */
export interface FilmMoment {
  readonly time: number;
  readonly speed: number;
  readonly isPlaying: boolean;
}

export interface RecordedFilmOptions {
  /** The address of the playlist of that window, epoch ms. */
  readonly playlistOf: (from: number, to: number) => string;
  /** The wall clock, epoch ms. */
  readonly now: () => number;
  /** Called when status or shown time may have changed. */
  readonly onChange: () => void;
}

/** How much of the past a playlist covers: an entry per segment, so not all of it, ms. */
const around = { before: 300_000, after: 1_200_000 } as const;
/** A playlist that ended at the live edge is asked for again when its end is this near, ms. */
const renewMs = 15_000;
const retryMs = { first: 1_000, most: 15_000 } as const;
/** Seeks while somebody drags are this far apart, unless the one before is through, ms. */
const seekMs = 250;

const settings: Partial<HlsConfig> = {
  // fMP4 needs no transmuxing to speak of; nine workers would.
  enableWorker: false,
  backBufferLength: 20,
  maxBufferLength: 12,
  maxMaxBufferLength: 20,
  maxBufferSize: 20_000_000,
};

/**
 * A camera's past as hls.js plays it, kept to a clock from outside. For browsers that cannot decode single frames (no
 * WebCodecs outside of secure contexts, or not for this codec): it plays forward and seeks, but is not frame-exact.
 */
export class RecordedFilm {
  readonly #options: RecordedFilmOptions;
  readonly #video: HTMLVideoElement;
  #hls: Hls | undefined;
  #filmTime = new FilmTime();
  #window: { readonly from: number; readonly to: number } | undefined;
  #hasPlaylist = false;
  #soughtAt = -Infinity;
  #sought: number | undefined;
  #retryAt = -Infinity;
  #failures = 0;
  #callback = 0;
  #status: FilmStatus = { kind: 'loading' };
  #shownTime: number | undefined;
  #isClosed = false;

  constructor(video: HTMLVideoElement, options: RecordedFilmOptions) {
    this.#video = video;
    this.#options = options;
    video.muted = true;
    video.playsInline = true;
    this.#watch();
  }

  get status(): FilmStatus {
    return this.#status;
  }
  /** When the picture that is seen was taken, epoch ms. */
  get shownTime(): number | undefined {
    return this.#shownTime;
  }
  /** Whether hls.js can play anything here at all. */
  static get isSupported(): boolean {
    return Hls.isSupported();
  }

  /** Brings the film to that moment. Cheap: call it for each picture of the screen. */
  present({ time, speed, isPlaying }: FilmMoment): void {
    if (this.#isClosed) return;
    if (this.#status.kind === 'failed' && performance.now() < this.#retryAt) return;
    if (!this.#covers(time)) this.#load(time);
    if (!this.#hasPlaylist) return;
    const to = this.#filmTime.mediaOf(time);
    if (to === undefined || to === 'gap') {
      this.#video.pause();
      this.#say({ kind: 'gap' });
      return;
    }
    if (isPlaying && speed > 0 && speed <= fastestRate) this.#play(to, speed);
    else {
      if (!this.#video.paused) this.#video.pause();
      if (this.#sought === undefined || Math.abs(this.#sought - to) > 0.01) this.#seek(to);
    }
  }

  /** Asks again at once for what failed. */
  hurry(): void {
    this.#retryAt = -Infinity;
  }

  /** Gives back decoder, buffers and connections. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#video.cancelVideoFrameCallback(this.#callback);
    this.#end();
  }

  #play(to: number, speed: number): void {
    const video = this.#video;
    this.#sought = undefined;
    const keeping = keepTo((to - video.currentTime) * 1000, speed);
    if (keeping.do === 'seek') this.#seek(to);
    else if (video.playbackRate !== keeping.rate) video.playbackRate = keeping.rate;
    if (video.paused)
      // Nothing comes of it while another play or pause is on its way: the next picture tries again.
      video.play().catch(() => undefined);
  }

  /** The newest wish wins: the element drops what it was seeking for. */
  #seek(to: number): void {
    const now = performance.now();
    if (this.#video.seeking && now - this.#soughtAt < seekMs) return;
    this.#soughtAt = now;
    this.#sought = to;
    // A little into the frame, so that rounding does not show the one before.
    this.#video.currentTime = to + 0.001;
  }

  #covers(time: number): boolean {
    const { from, to } = this.#window ?? { from: 0, to: 0 };
    if (time < from || time >= to) return false;
    // At the live edge the playlist was shorter than asked for.
    const isGrowing = to > this.#options.now() - renewMs;
    return !isGrowing || this.#status.kind !== 'gap' || performance.now() - this.#loadedAt < renewMs / 3;
  }

  #loadedAt = -Infinity;

  #load(time: number): void {
    this.#end();
    this.#loadedAt = performance.now();
    const window = { from: Math.floor(time - around.before), to: Math.ceil(time + around.after) };
    this.#window = window;
    this.#hasPlaylist = false;
    this.#sought = undefined;
    this.#filmTime = new FilmTime();
    this.#say({ kind: 'loading' });
    const hls = new Hls({ ...settings, startPosition: around.before / 1000 });
    this.#hls = hls;
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => {
      if (hls !== this.#hls) return;
      this.#filmTime.pieces = details.fragments;
      this.#hasPlaylist = true;
    });
    hls.on(Hls.Events.INIT_PTS_FOUND, (_, { frag, initPTS, timescale }) => {
      if (hls === this.#hls) this.#filmTime.learn(frag.cc, initPTS / timescale);
    });
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (hls === this.#hls && error.fatal) this.#fail(error);
    });
    hls.loadSource(this.#options.playlistOf(window.from, window.to));
    hls.attachMedia(this.#video);
  }

  #fail(error: ErrorData): void {
    this.#end();
    const code = faultOf(error);
    const ceiling = Math.min(retryMs.most, retryMs.first * 2 ** this.#failures++);
    this.#retryAt = performance.now() + (code === 'codec' ? Infinity : (0.5 + Math.random() / 2) * ceiling);
    // A window without any recording is known to be empty until time leaves it.
    if (code !== 'no-recording') this.#window = undefined;
    this.#say(code === 'no-recording' ? { kind: 'gap' } : { kind: 'failed', code });
  }

  /** Notes each picture that is presented. */
  #watch(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_, { mediaTime }) => {
      if (this.#isClosed) return;
      this.#shownTime = this.#filmTime.epochOf(mediaTime);
      this.#failures = 0;
      this.#status = { kind: 'shown' };
      this.#options.onChange();
      this.#watch();
    });
  }

  #say(status: FilmStatus): void {
    if (this.#status.kind === status.kind && status.kind !== 'failed') return;
    this.#status = status;
    this.#options.onChange();
  }

  #end(): void {
    this.#hls?.destroy();
    this.#hls = undefined;
    // Chromium keeps buffers and decoder of an element until it is told to load nothing.
    if (this.#video.hasAttribute('src')) {
      this.#video.removeAttribute('src');
      this.#video.load();
    }
  }
}

function faultOf(error: ErrorData): FilmFault {
  if (error.type === Hls.ErrorTypes.NETWORK_ERROR)
    switch (error.response?.code) {
      case 401:
        return 'signed-out';
      case 403:
        return 'not-permitted';
      case 404:
        return 'no-recording';
      default:
        return 'unreachable';
    }
  const isCodec =
    error.details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
    error.details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR ||
    error.details === Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR;
  return isCodec ? 'codec' : 'damaged';
}
