import type { StreamName } from '#contract/camera.ts';
import type {
  OnRecordingChange,
  RecordedSpan,
  RecordingAbilities,
  RecordingCursor,
  Still,
  VmsBookmark,
  VmsEvidenceLock,
  VmsRecordings,
} from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { abortable } from '../abortable.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { AbilityProbe } from './ability-probe.ts';
import { ImageServerCursor } from './cursor.ts';
import { Evidence } from './evidence.ts';
import type { ImageChannel, ImageReply } from './image-channel.ts';
import { ImagePool, usualLimits, type ImagePoolLimits, type Seat } from './image-pool.ts';
import type { ImageRequest } from './image-requests.ts';
import { LiveEdge } from './live-edge.ts';
import { RecorderSoap } from './recorder-soap.ts';
import { readRecordedPacket } from './recorded-packet.ts';
import type { RecorderParts } from './recorder-parts.ts';
import { SequenceChoice, type SequenceLimits } from './sequence-choice.ts';
import { SoapSequences } from './soap-sequences.ts';
import { SoapTimeline } from './soap-timeline.ts';
import { SpanBook } from './span-book.ts';
import { TaskSequences } from './task-sequences.ts';
import { TurnsByPlace } from './turns.ts';

export interface RecordingsLimits extends ImagePoolLimits, SequenceLimits {
  /** For what is known of spans: about 75 cameras over 90 days. */
  readonly spanBytes: number;
  /** Bookmarks or evidence locks to ask for at a time. */
  readonly marksPerCall: number;
  /** How often the present is asked for while no events come, ms. */
  readonly liveEdgeEveryMs: number;
}

export const usualRecordingsLimits: RecordingsLimits = {
  ...usualLimits,
  spanBytes: 32 * 1024 * 1024,
  marksPerCall: 1000,
  liveEdgeEveryMs: 10_000,
  probeMs: 3000,
  taskMs: 5000,
};

/** Windows from this length on are asked for in bits where only their outline is wanted, ms. */
const overviewMs = 48 * 3_600_000;
/** Finer than this, spans are as cheap as bits, ms. */
const finestBitMs = 30_000;
/** 90 days to the half minute; more is nobody's screen. */
const mostBits = 260_000;
/** JPEGs that a recorder makes for us at a time: transcoding is work. */
const stillsPerRecorder = 6;
/** A camera whose recorder refuses to make JPEGs of it is not asked for any for so long, ms. */
const refusedMs = 60_000;
/** Farther from the moment than this a picture does not stand for it, ms. */
const stillReachMs = 5000;

export interface XProtectRecordingsParts extends RecorderParts {
  /** Ends with the adapter. */
  readonly closed: AbortSignal;
  /** Events of the cameras, where the gateway tells them. */
  readonly events: EventFeed;
  /** A few cameras to try things on, best on several recorders. */
  sampleCameras(signal: AbortSignal): Promise<readonly string[]>;
}

/**
 * The past of an XProtect: spans by the task `GetSequences` where it is offered, else by SOAP from each recorder; coded
 * frames and JPEGs from the ImageServer; bookmarks and evidence locks by REST.
 */
export class XProtectRecordings implements VmsRecordings {
  readonly #parts: XProtectRecordingsParts;
  readonly #soap: SoapSequences;
  readonly #sequences: SequenceChoice;
  readonly #timeline: SoapTimeline;
  readonly #book: SpanBook;
  readonly #liveEdge: LiveEdge;
  readonly #pool: ImagePool;
  readonly #evidence: Evidence;
  readonly #stills = new TurnsByPlace(stillsPerRecorder);
  readonly #refusals = new Map<string, { readonly error: VmsError; readonly until: number }>();
  readonly #probe: AbilityProbe;

  constructor(parts: XProtectRecordingsParts, limits: RecordingsLimits = usualRecordingsLimits) {
    this.#parts = parts;
    const soap = new RecorderSoap(parts);
    this.#soap = new SoapSequences(soap);
    this.#timeline = new SoapTimeline(parts, soap, this.#soap);
    this.#sequences = new SequenceChoice(new TaskSequences(parts.api), this.#soap, limits);
    this.#book = new SpanBook(this.#sequences, { budgetBytes: limits.spanBytes });
    this.#liveEdge = new LiveEdge({
      feed: parts.events,
      read: (cameraId, within, signal) => this.#sequences.read(cameraId, 'recorded', within, signal),
      everyMs: limits.liveEdgeEveryMs,
    });
    this.#pool = new ImagePool(parts, limits);
    this.#evidence = new Evidence(parts.api, limits.marksPerCall);
    this.#probe = new AbilityProbe({
      sampleCameras: (signal) => parts.sampleCameras(signal),
      evidence: this.#evidence,
      pool: this.#pool,
      sequences: this.#sequences,
      soap: this.#soap,
      probeMs: limits.probeMs,
      closed: parts.closed,
    });
  }

  /** Connections to recorders that are open, in use or resting. */
  get connectionCount(): number {
    return this.#pool.size;
  }

  close(): void {
    this.#pool.close();
  }

  recorderOf(cameraId: string): string | undefined {
    return this.#parts.knownRecorderOf(cameraId.toLowerCase());
  }

  async abilities(caller: AbortSignal): Promise<RecordingAbilities> {
    return this.#probe.abilities(this.#alive(caller));
  }

  async spans(cameraId: string, within: RecordedSpan, caller: AbortSignal, resolutionMs = 1) {
    const signal = this.#alive(caller);
    const id = idOf(cameraId);
    this.#liveEdge.note(id, within);
    return (await this.#overview(id, within, resolutionMs, signal)) ?? this.#book.spans(id, within, signal);
  }

  async followChanges(onChange: OnRecordingChange, caller: AbortSignal): Promise<void> {
    await this.#liveEdge.follow(onChange, AbortSignal.any([caller, this.#parts.closed]));
  }

  async oldest(cameraId: string, caller: AbortSignal): Promise<number | undefined> {
    return this.#book.oldest(idOf(cameraId), this.#alive(caller));
  }

  async cursor(cameraId: string, stream: StreamName, caller: AbortSignal): Promise<RecordingCursor> {
    const signal = this.#alive(caller);
    const deviceId = idOf(cameraId);
    const streams = await this.#parts.streamsOf(deviceId, signal);
    const wanted = streams.find(({ name }) => name === stream);
    // A stream without recordings of its own is played from what is recorded of the camera.
    const streamId = wanted?.isRecorded === true ? wanted.id : undefined;
    const seat = await this.#pool.seat({ deviceId, ...(streamId === undefined ? {} : { streamId }) }, signal);
    try {
      await seat.channel(signal);
    } catch (error) {
      seat.release();
      throw error;
    }
    return new ImageServerCursor(seat);
  }

  async still(
    cameraId: string,
    timeMs: number,
    width: number,
    caller: AbortSignal,
  ): Promise<Still | undefined> {
    const reply = await this.#still(cameraId, width, this.#alive(caller), async (ask) => {
      const found = await ask({ method: 'goto', timeMs, keyframe: false });
      return found.timeMs !== undefined && found.timeMs > timeMs && found.previousMs !== undefined
        ? ask({ method: 'goto', timeMs: found.previousMs, keyframe: false })
        : found;
    });
    return reply === undefined || reply.timeMs > timeMs || timeMs - reply.timeMs > stillReachMs
      ? undefined
      : reply;
  }

  async newestStill(cameraId: string, width: number, caller: AbortSignal): Promise<Still | undefined> {
    return this.#still(cameraId, width, this.#alive(caller), (ask) => ask({ method: 'end' }));
  }

  async listBookmarks(cameraIds: readonly string[], within: RecordedSpan, caller: AbortSignal) {
    return this.#evidence.listBookmarks(cameraIds.map(idOf), within, this.#alive(caller));
  }

  async readBookmark(id: string, caller: AbortSignal) {
    return this.#evidence.readBookmark(id, this.#alive(caller));
  }

  async saveBookmark(bookmark: Omit<VmsBookmark, 'id'> & { id?: string }, caller: AbortSignal) {
    return this.#evidence.saveBookmark(
      { ...bookmark, cameraId: idOf(bookmark.cameraId) },
      this.#alive(caller),
    );
  }

  async deleteBookmark(id: string, caller: AbortSignal): Promise<void> {
    await this.#evidence.deleteBookmark(id, this.#alive(caller));
  }

  async listEvidenceLocks(within: RecordedSpan, caller: AbortSignal) {
    return this.#evidence.listEvidenceLocks(within, this.#alive(caller));
  }

  async readEvidenceLock(id: string, caller: AbortSignal) {
    return this.#evidence.readEvidenceLock(id, this.#alive(caller));
  }

  async saveEvidenceLock(lock: Omit<VmsEvidenceLock, 'id'> & { id?: string }, caller: AbortSignal) {
    return this.#evidence.saveEvidenceLock(
      { ...lock, cameraIds: lock.cameraIds.map(idOf) },
      this.#alive(caller),
    );
  }

  async deleteEvidenceLock(id: string, caller: AbortSignal): Promise<void> {
    await this.#evidence.deleteEvidenceLock(id, this.#alive(caller));
  }

  /** Months at a time in bits; undefined where the spans themselves are wanted, or the recorder has no such bits. */
  async #overview(cameraId: string, within: RecordedSpan, resolutionMs: number, signal: AbortSignal) {
    const window = { start: Math.max(0, within.start), end: Math.min(within.end, Date.now()) };
    // A gap as wide as the resolution holds at least one whole interval of half of it, wherever it begins.
    const intervalMs = Math.floor(resolutionMs / 2);
    const isWorthIt = intervalMs >= finestBitMs && window.end - window.start >= overviewMs;
    if (!isWorthIt || (window.end - window.start) / intervalMs > mostBits) return undefined;
    try {
      return await this.#timeline.read(cameraId, window, intervalMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (await this.#sequences.isByTask(cameraId, signal)) return undefined;
      throw error;
    }
  }

  /** The picture that `find` finds on a connection for JPEG. */
  async #still(
    cameraId: string,
    width: number,
    signal: AbortSignal,
    find: (ask: (request: ImageRequest) => Promise<ImageReply>) => Promise<ImageReply>,
  ): Promise<Still | undefined> {
    const kind = { deviceId: idOf(cameraId), jpegWidth: Math.min(3840, Math.max(16, Math.floor(width))) };
    const refusal = this.#refusals.get(kind.deviceId);
    if (refusal !== undefined && performance.now() < refusal.until) throw refusal.error;
    const recorder = await this.#parts.recorderOf(kind.deviceId, signal);
    return this.#stills.take(recorder.href, signal, async () => {
      const seat = await this.#pool.seat(kind, signal);
      try {
        const channel = await this.#jpegChannel(seat, signal);
        const { data, timeMs, nextMs } = await find((request) => abortable(channel.ask(request), signal));
        if (data === undefined || timeMs === undefined) return undefined;
        const { codec, units } = readRecordedPacket(data);
        const [jpeg] = units;
        if (codec !== 'MJPEG' || jpeg === undefined)
          throw new VmsError('unexpected-answer', 'The recorder sent a still that is no JPEG');
        return { timeMs, jpeg, ...(nextMs === undefined ? {} : { nextMs }) };
      } finally {
        seat.release();
      }
    });
  }

  /** Whether a recorder transcodes, it says when it is connected to. */
  async #jpegChannel(seat: Seat, signal: AbortSignal): Promise<ImageChannel> {
    const { deviceId } = seat.kind;
    try {
      const channel = await seat.channel(signal);
      this.#refusals.delete(deviceId);
      return channel;
    } catch (error) {
      if (error instanceof VmsError && error.code === 'refused')
        this.#refusals.set(deviceId, { error, until: performance.now() + refusedMs });
      throw error;
    }
  }

  #alive(caller: AbortSignal): AbortSignal {
    const signal = AbortSignal.any([caller, this.#parts.closed]);
    signal.throwIfAborted();
    return signal;
  }
}

/** A camera id goes into paths and requests: only a GUID may. */
function idOf(cameraId: string): string {
  const id = cameraId.toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id;
  throw new VmsError('unknown-camera', 'XProtect has no such camera');
}
