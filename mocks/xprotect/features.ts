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
  /**
   * WebRTC of the gateway: sessions name their camera by `deviceId` (since 2025 R2) or by `cameraId` (before: H.264 only), or
   * there is none.
   */
  readonly webRtc: 'device-id' | 'camera-id' | 'none';
  /** Whether WebRTC can be signalled over a WebSocket as well (since 2025 R1). */
  readonly webRtcSocket: boolean;
  /** Whether the gateway's candidates stand in its offer, as they have been seen to, or have to be asked for. */
  readonly candidates: 'in-offer' | 'polled';
  /** Whether making WebRTC sessions at once fails with 400 every now and then, as it does in the field. */
  readonly overlappingSessions: 'refused-at-times' | 'taken';
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
  webRtc: 'device-id',
  webRtcSocket: true,
  candidates: 'in-offer',
  overlappingSessions: 'refused-at-times',
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
