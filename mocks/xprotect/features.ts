import type { JpegForm } from './image-server/response.ts';

/** What an installation offers beyond what every one does. Real ones differ; nobody can tell from a version number. */
export interface FeatureSet {
  /** Whether the camera task `GetSequences` is there (releases since about 2025 R3). */
  readonly getSequences: boolean;
  /** How tasks answer: with 200, with 201, or before they are done; then `/tasks/{n}` has to be asked. */
  readonly taskAnswers: 'at-once' | 'created' | 'polled';
  /** Recorded pictures come in the 36-byte "video block" instead of GenericByteData. */
  readonly videoBlocks: boolean;
  /** Corporate has evidence lock, Expert refuses it. */
  readonly edition: 'corporate' | 'expert';
  /** Whether the gateway knows `/bookmarks` and `/evidenceLocks` (since 2024 R2). */
  readonly bookmarks: boolean;
  /** Whether the gateway has the events WebSocket (since 2023 R3). */
  readonly events: boolean;
  /** Whether the sub stream is recorded as well (adaptive playback, since 2023 R2). */
  readonly recordsSubStream: boolean;
  /** What `TimeLineInformationGet` is like: which bit of a byte is the first, or not there. Nothing official says. */
  readonly timeline: 'lowest-first' | 'highest-first' | 'none';
  /** Whether evidence locks can be changed; where not, only made and lifted. */
  readonly changesLocks: boolean;
  /** How transcoded JPEGs come: as such, called GenericByteData though they are none (XProtect has been seen to), or in it. */
  readonly jpegForm: JpegForm;
  /** Whether recorders transcode to JPEG, where there is a picture of the scene to draw on. */
  readonly stills: boolean;
}

export const defaultFeatures: FeatureSet = {
  getSequences: false,
  taskAnswers: 'at-once',
  videoBlocks: false,
  edition: 'corporate',
  bookmarks: true,
  events: true,
  recordsSubStream: true,
  timeline: 'lowest-first',
  changesLocks: true,
  jpegForm: 'plain',
  stills: true,
};

/** What the pretend XProtect offers at the moment; what it was started with, to begin with. */
export class Features {
  readonly #initial: FeatureSet;
  #now: FeatureSet;

  constructor(given: Partial<FeatureSet> = {}) {
    this.#initial = { ...defaultFeatures, ...given };
    this.#now = this.#initial;
  }

  get now(): FeatureSet {
    return this.#now;
  }

  change(changes: Partial<FeatureSet>): void {
    this.#now = { ...this.#now, ...changes };
  }

  reset(): void {
    this.#now = this.#initial;
  }

  toJSON(): object {
    return this.#now;
  }
}
