import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamName } from '#contract/camera.ts';
import type {
  RecordedFrame,
  RecordedSpan,
  RecordingAbilities,
  RecordingCursor,
  Still,
  VmsBookmark,
  VmsEvidenceLock,
  VmsRecordings,
} from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
/** 640 × 360, constrained baseline; of x264. */
const parameterSets = [hex('6742c01eda0280bfe5c044000003000400000300c83c58ba80'), hex('68ce0fc8')];

/** 25 pictures a second, a keyframe every two seconds, counted from the beginning of each span. */
export const frameMs = 40;
export const gopMs = 2000;

/** The moment that a fake picture was taken at, read from its coded slice. */
export const momentOf = (unit: Uint8Array): number =>
  Number(Buffer.from(unit.subarray(1)).toString('latin1'));

/** A recorder in memory: each camera's spans, pictures that hold nothing but their moment, and all it was asked. */
export class FakeRecordings implements VmsRecordings {
  readonly recorded = new Map<string, readonly RecordedSpan[]>();
  readonly motion = new Map<string, readonly RecordedSpan[]>();
  /** Every question by name and camera, for order and number. */
  readonly calls: string[] = [];
  can: RecordingAbilities = {
    nativeFrames: true,
    stills: true,
    motion: true,
    bookmarks: 'write',
    evidenceLocks: 'write',
  };
  /** Thrown by every question while set; `failing` narrows it to some cameras. */
  error: Error | undefined;
  failing: ReadonlySet<string> | undefined;
  /** How long each frame takes, ms. */
  frameDelayMs = 0;
  /** Awaited before each frame. */
  beforeFrame: ((cameraId: string, signal: AbortSignal) => Promise<void>) | undefined;
  /** Bytes of padding of each picture. */
  padding = 0;
  codec: RecordedFrame['codec'] = 'H264';
  /** The parameter sets as they are at a moment. */
  parameterSetsAt: (timeMs: number, cameraId: string) => readonly Uint8Array[] = () => parameterSets;
  bookmarks: VmsBookmark[] = [];
  locks: VmsEvidenceLock[] = [];
  openCursors = 0;
  hasKeyframesAlone = true;
  #ids = 0;

  async #asked(question: string, cameraId: string, signal: AbortSignal): Promise<void> {
    this.calls.push(`${question} ${cameraId}`.trim());
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.error !== undefined && (this.failing?.has(cameraId) ?? true)) throw this.error;
  }

  async abilities(signal: AbortSignal): Promise<RecordingAbilities> {
    await this.#asked('abilities', '', signal);
    return this.can;
  }

  async spans(cameraId: string, within: RecordedSpan, signal: AbortSignal) {
    await this.#asked('spans', cameraId, signal);
    const clip = (spans: readonly RecordedSpan[] = []): RecordedSpan[] =>
      spans.flatMap(({ start, end }) => {
        const clipped = { start: Math.max(start, within.start), end: Math.min(end, within.end) };
        return clipped.start < clipped.end ? [clipped] : [];
      });
    return { recorded: clip(this.recorded.get(cameraId)), motion: clip(this.motion.get(cameraId)) };
  }

  async oldest(cameraId: string, signal: AbortSignal): Promise<number | undefined> {
    await this.#asked('oldest', cameraId, signal);
    return this.recorded.get(cameraId)?.[0]?.start;
  }

  async cursor(cameraId: string, stream: StreamName, signal: AbortSignal): Promise<RecordingCursor> {
    await this.#asked(`cursor ${stream}`, cameraId, signal);
    this.openCursors += 1;
    let at: number | undefined;
    let isClosed = false;
    const frame = async (question: string, time: number | undefined, ending: AbortSignal) => {
      await this.#asked(question, cameraId, ending);
      await this.beforeFrame?.(cameraId, ending);
      if (this.frameDelayMs > 0) await sleep(this.frameDelayMs, undefined, { signal: ending });
      if (isClosed) throw new VmsError('unavailable', 'the cursor is closed');
      if (time === undefined) return undefined;
      at = time;
      return this.#frame(cameraId, time);
    };
    return {
      at: async (timeMs, { keyframe }, ending) =>
        await frame(keyframe ? 'keyframe' : 'at', this.#timeAtOrBefore(cameraId, timeMs, keyframe), ending),
      next: async (ending) => await frame('next', at && this.#neighbour(cameraId, at, 1), ending),
      previous: async (ending) => await frame('previous', at && this.#neighbour(cameraId, at, -1), ending),
      close: () => {
        if (!isClosed) this.openCursors -= 1;
        isClosed = true;
      },
    };
  }

  #timeAtOrBefore(cameraId: string, timeMs: number, isKeyframe: boolean): number | undefined {
    const span = this.recorded.get(cameraId)?.findLast(({ start }) => start <= timeMs);
    if (span === undefined) return undefined;
    const step = isKeyframe ? gopMs : frameMs;
    const within = Math.min(timeMs, span.end - 1) - span.start;
    return span.start + Math.floor(within / step) * step;
  }

  #neighbour(cameraId: string, timeMs: number, direction: 1 | -1): number | undefined {
    const spans = this.recorded.get(cameraId) ?? [];
    const beside = timeMs + direction * frameMs;
    if (spans.some(({ start, end }) => start <= beside && beside < end)) return beside;
    if (direction === 1) return spans.find(({ start }) => start > timeMs)?.start;
    const before = spans.findLast(({ end }) => end <= timeMs);
    return before && this.#timeAtOrBefore(cameraId, before.end - 1, false);
  }

  #frame(cameraId: string, timeMs: number): RecordedFrame {
    const span = this.recorded.get(cameraId)?.findLast(({ start }) => start <= timeMs);
    const isKeyframe = (timeMs - (span?.start ?? 0)) % gopMs === 0;
    const slice = (type: number): Uint8Array =>
      new Uint8Array(
        Buffer.concat([Buffer.from([type]), Buffer.from(String(timeMs).padStart(16 + this.padding, '0'))]),
      );
    return {
      codec: this.codec,
      timeMs,
      isKeyframe,
      units: isKeyframe ? [...this.parameterSetsAt(timeMs, cameraId), slice(0x65)] : [slice(0x41)],
      previousMs: this.#neighbour(cameraId, timeMs, -1),
      nextMs: this.#neighbour(cameraId, timeMs, 1),
    };
  }

  async still(
    cameraId: string,
    timeMs: number,
    width: number,
    signal: AbortSignal,
  ): Promise<Still | undefined> {
    await this.#asked('still', cameraId, signal);
    const time = this.#timeAtOrBefore(cameraId, timeMs, false);
    if (time === undefined || timeMs - time > 5000) return undefined;
    const nextMs = this.#neighbour(cameraId, time, 1);
    return {
      timeMs: time,
      jpeg: new Uint8Array(Buffer.from(`jpeg ${cameraId} ${time} ${width}`)),
      ...(nextMs === undefined ? {} : { nextMs }),
    };
  }

  async listBookmarks(cameraIds: readonly string[], within: RecordedSpan, signal: AbortSignal) {
    await this.#asked('listBookmarks', '', signal);
    return this.bookmarks.filter(
      ({ cameraId, start, end }) => cameraIds.includes(cameraId) && start < within.end && end > within.start,
    );
  }

  async saveBookmark(bookmark: Omit<VmsBookmark, 'id'> & { id?: string }, signal: AbortSignal) {
    await this.#asked('saveBookmark', '', signal);
    const { id: before } = bookmark;
    const known = this.bookmarks.find(({ id }) => id === before);
    // As XProtect has it: one of another camera is another one.
    const isNew = before === undefined || (known !== undefined && known.cameraId !== bookmark.cameraId);
    const saved = { ...bookmark, id: isNew ? `bookmark-${(this.#ids += 1)}` : before };
    this.bookmarks = [...this.bookmarks.filter(({ id }) => id !== before), saved];
    return saved;
  }

  async deleteBookmark(id: string, signal: AbortSignal): Promise<void> {
    await this.#asked('deleteBookmark', '', signal);
    this.bookmarks = this.bookmarks.filter((one) => one.id !== id);
  }

  async listEvidenceLocks(within: RecordedSpan, signal: AbortSignal) {
    await this.#asked('listEvidenceLocks', '', signal);
    return this.locks.filter(({ start, end }) => start < within.end && end > within.start);
  }

  async readEvidenceLock(id: string, signal: AbortSignal) {
    await this.#asked('readEvidenceLock', '', signal);
    return this.locks.find((one) => one.id === id);
  }

  async saveEvidenceLock(lock: Omit<VmsEvidenceLock, 'id'> & { id?: string }, signal: AbortSignal) {
    await this.#asked('saveEvidenceLock', '', signal);
    const saved = { ...lock, id: lock.id ?? `lock-${(this.#ids += 1)}` };
    this.locks = [...this.locks.filter(({ id }) => id !== saved.id), saved];
    return saved;
  }

  async deleteEvidenceLock(id: string, signal: AbortSignal): Promise<void> {
    await this.#asked('deleteEvidenceLock', '', signal);
    this.locks = this.locks.filter((one) => one.id !== id);
  }
}
