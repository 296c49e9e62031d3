import type { StreamName } from '#contract/camera.ts';
import type { PlaybackFeed } from '#server/vms/playback-feed.ts';
import type {
  RecordedSpan,
  RecordingAbilities,
  RecordingCursor,
  Still,
  VmsBookmark,
  VmsEvidenceLock,
  VmsFilm,
  VmsRecordings,
} from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { abortable } from './abortable.ts';
import { type AddressedCamera, playbackAddress } from './addresses.ts';
import { GopShelf } from './gop-shelf.ts';
import { PlaybackCursor } from './playback-cursor.ts';
import type { RtaSettings } from './settings.ts';
import { SpanDays, type SpanSource } from './span-days.ts';

export interface RecordedCamera extends AddressedCamera {
  readonly retentionDays: number;
  readonly recorder: string | undefined;
}

export interface RtaRecordingsParts {
  readonly settings: RtaSettings;
  /** Absent where nobody plays recordings: then there is only the timeline. */
  readonly feed: PlaybackFeed | undefined;
  readonly source: SpanSource;
  /** Throws `unknown-camera`. */
  readonly find: (cameraId: string, signal: AbortSignal) => Promise<RecordedCamera>;
  /** What is known of it without asking anybody. */
  readonly peek: (cameraId: string) => RecordedCamera | undefined;
  /** Has the server make a file, by its id of the camera. Absent where it does not. */
  readonly film: ((id: string, within: RecordedSpan, signal: AbortSignal) => Promise<VmsFilm>) | undefined;
  /** Cameras to try playback on. */
  readonly samples: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly closed: AbortSignal;
  readonly now: () => number;
}

const dayMs = 86_400_000;
const shelfBytes = 32 * 1024 * 1024;
/** Whether the server plays recordings is tried again after this, ms; sooner where that could not be found out. */
const abilitiesMs = 600_000;
const doubtMs = 30_000;
/** Playback of one camera has to show its first picture within this, ms. */
const tryMs = 8000;

/**
 * The past as the requirements describe it: a timeline by REST, pictures by time-shifted RTSP. Bookmarks, evidence locks,
 * motion and stills there are none.
 */
export class RtaRecordings implements VmsRecordings {
  readonly hasKeyframesAlone = false;
  readonly exportFilm?: NonNullable<VmsRecordings['exportFilm']>;
  readonly #parts: RtaRecordingsParts;
  readonly #days: SpanDays;
  readonly #shelf = new GopShelf(shelfBytes);
  #abilities: { readonly answer: Promise<RecordingAbilities>; until: number } | undefined;

  constructor(parts: RtaRecordingsParts) {
    this.#parts = parts;
    this.#days = new SpanDays(parts.source, parts.now, parts.closed);
    const { film } = parts;
    if (film !== undefined)
      this.exportFilm = async (cameraId, within, caller) => {
        const signal = this.#alive(caller);
        return await film((await parts.find(cameraId, signal)).id, within, signal);
      };
  }

  recorderOf(cameraId: string): string | undefined {
    return this.#parts.peek(cameraId)?.recorder;
  }

  async abilities(caller: AbortSignal): Promise<RecordingAbilities> {
    const signal = this.#alive(caller);
    if (this.#abilities === undefined || performance.now() >= this.#abilities.until) {
      const attempt = { answer: this.#probe(), until: performance.now() + abilitiesMs };
      attempt.answer.then(
        ({ nativeFrames }) => {
          if (!nativeFrames) attempt.until = performance.now() + doubtMs;
        },
        () => {
          if (this.#abilities === attempt) this.#abilities = undefined;
        },
      );
      this.#abilities = attempt;
    }
    return await abortable(this.#abilities.answer, signal);
  }

  async spans(cameraId: string, within: RecordedSpan, caller: AbortSignal) {
    const signal = this.#alive(caller);
    const camera = await this.#parts.find(cameraId, signal);
    const start = Math.max(within.start, this.#oldestPossible(camera));
    return { recorded: await this.#spansOf(camera, { start, end: within.end }, signal), motion: [] };
  }

  async oldest(cameraId: string, caller: AbortSignal): Promise<number | undefined> {
    const signal = this.#alive(caller);
    const camera = await this.#parts.find(cameraId, signal);
    const window = { start: this.#oldestPossible(camera), end: this.#parts.now() };
    return (await this.#spansOf(camera, window, signal))[0]?.start;
  }

  /** Of one stream only: the document knows no other. */
  async cursor(cameraId: string, _stream: StreamName, caller: AbortSignal): Promise<RecordingCursor> {
    const camera = await this.#parts.find(cameraId, this.#alive(caller));
    const { feed } = this.#parts;
    if (feed === undefined) throw new VmsError('unavailable', 'Nothing here plays recordings');
    return this.#cursor(camera, feed);
  }

  async still(): Promise<Still | undefined> {
    return await this.#none('stills');
  }

  async listBookmarks(): Promise<readonly VmsBookmark[]> {
    return await Promise.resolve([]);
  }

  async saveBookmark(): Promise<VmsBookmark> {
    return await this.#none('bookmarks');
  }

  async deleteBookmark(): Promise<void> {
    await this.#none('bookmarks');
  }

  async listEvidenceLocks(): Promise<readonly VmsEvidenceLock[]> {
    return await Promise.resolve([]);
  }

  async saveEvidenceLock(): Promise<VmsEvidenceLock> {
    return await this.#none('evidence locks');
  }

  #none(what: string): Promise<never> {
    return Promise.reject(new VmsError('unexpected-answer', `This Milestone interface has no ${what}`));
  }

  #alive(caller: AbortSignal): AbortSignal {
    const signal = AbortSignal.any([caller, this.#parts.closed]);
    signal.throwIfAborted();
    return signal;
  }

  /** Servers delete by the day, so a day more than they promise may be there. */
  #oldestPossible({ retentionDays }: RecordedCamera): number {
    return this.#parts.now() - (retentionDays + 1) * dayMs;
  }

  async #spansOf(camera: RecordedCamera, within: RecordedSpan, signal: AbortSignal) {
    return camera.retentionDays > 0 ? await this.#days.spans(camera.id, within, signal) : [];
  }

  #cursor(camera: RecordedCamera, feed: PlaybackFeed): PlaybackCursor {
    const { settings, now } = this.#parts;
    const { username, password } = settings;
    return new PlaybackCursor({
      cameraId: camera.id,
      feed,
      windowOf: (start, end) => ({
        url: playbackAddress(settings, camera, start, end),
        start,
        end,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      }),
      spans: (within, signal) => this.#spansOf(camera, within, signal),
      shelf: this.#shelf,
      oldest: () => this.#oldestPossible(camera),
      now,
    });
  }

  /** Plays a moment of some camera. Throws when nobody could be asked at all. */
  async #probe(): Promise<RecordingAbilities> {
    const { feed, samples, find, closed } = this.#parts;
    const abilities = (nativeFrames: boolean): RecordingAbilities => ({
      nativeFrames,
      stills: false,
      motion: false,
      bookmarks: 'none',
      evidenceLocks: 'none',
    });
    if (feed === undefined) return abilities(false);
    let failure: VmsError | undefined;
    for (const cameraId of await samples(closed)) {
      const signal = AbortSignal.any([closed, AbortSignal.timeout(tryMs)]);
      try {
        const cursor = this.#cursor(await find(cameraId, signal), feed);
        try {
          // A little before now: what is recorded this very moment may not be played yet.
          const frame = await cursor.at(this.#parts.now() - 60_000, { keyframe: true }, signal);
          if (frame !== undefined) return abilities(true);
        } finally {
          cursor.close();
        }
      } catch (error) {
        closed.throwIfAborted();
        if (signal.aborted) continue;
        if (!(error instanceof VmsError)) throw error;
        // A server that refuses has answered: it does not play. One that does not answer may yet.
        if (error.code === 'unavailable') failure = error;
      }
    }
    if (failure !== undefined) throw failure;
    return abilities(false);
  }
}
