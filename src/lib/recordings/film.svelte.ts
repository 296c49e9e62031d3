import type { RecordedFilm } from '#lib/media/recorded/recorded-film.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import type { StreamName } from '#contract/camera.ts';
import { urlOf } from '#lib/api/call.ts';
import type { PastMoment, PastStatus } from './past-moment.ts';

export interface FilmOptions {
  readonly cameraId: string;
  readonly stream: () => StreamName;
  /** Where recording goes on after `time`. */
  readonly findNext: (time: number) => Promise<number | undefined>;
}

/**
 * A camera's past by hls.js, where single frames cannot be decoded: plays forwards and seeks to about the moment, without
 * steps, reverse or exact frames. hls.js is fetched when the first of them is wanted.
 */
export class Film {
  readonly #options: FilmOptions;
  #film: RecordedFilm | undefined;
  #moment: PastMoment | undefined;
  #gap: { readonly next: number | 'never' | undefined } | undefined;
  #isClosed = false;

  status: PastStatus = $state.raw({ kind: 'loading' });
  shownTime: number | undefined = $state.raw();

  constructor(options: FilmOptions) {
    this.#options = options;
  }

  /** Plays in this element. An attachment. */
  readonly screen = (video: HTMLVideoElement): (() => void) => {
    let isGone = false;
    void import('#lib/media/recorded/recorded-film.ts').then(
      ({ RecordedFilm: Recorded }) => {
        if (isGone || this.#isClosed) return;
        if (!Recorded.isSupported) {
          this.status = { kind: 'failed', code: 'codec' };
          return;
        }
        const { cameraId, stream } = this.#options;
        const film = new Recorded(video, {
          playlistOf: (from, to) =>
            urlOf(recordingMediaRoutes.recordedPlaylist, {
              params: { cameraId },
              query: { from, to, stream: stream() },
            }),
          now: Date.now,
          onChange: () => this.#take(film),
        });
        this.#film = film;
        if (this.#moment) this.present(this.#moment);
      },
      () => (this.status = { kind: 'failed', code: 'unreachable' }),
    );
    return () => {
      isGone = true;
      this.#film?.close();
      this.#film = undefined;
    };
  };

  /** Whether it shows what it should, or cannot. */
  get isReady(): boolean {
    const time = this.#moment?.time ?? 0;
    return (
      this.status.kind !== 'loading' &&
      (this.status.kind !== 'shown' || Math.abs((this.shownTime ?? 0) - time) < 1_500)
    );
  }

  present(moment: PastMoment): void {
    this.#moment = moment;
    this.#film?.present(moment);
  }

  hurry(): void {
    this.#film?.hurry();
  }

  /** Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#film?.close();
    this.#film = undefined;
  }

  #take(film: RecordedFilm): void {
    const { status, shownTime } = film;
    this.shownTime = shownTime;
    if (status.kind === 'gap') {
      this.#showGap();
      return;
    }
    this.#gap = undefined;
    if (status.kind === 'shown') {
      if (this.status.kind !== 'shown') this.status = { kind: 'shown', isExact: false };
    } else this.status = status;
  }

  #showGap(): void {
    if (this.#gap) return;
    const gap = (this.#gap = { next: undefined });
    this.status = { kind: 'gap', next: undefined };
    this.#options.findNext(this.#moment?.time ?? 0).then(
      (next) => {
        if (this.#gap === gap) this.status = { kind: 'gap', next: next ?? 'never' };
      },
      () => undefined,
    );
  }
}
