import { frameHeaders, type SpansQuery } from '#contract/recording.ts';
import type { StreamName } from '#contract/camera.ts';
import type { ProblemCode } from '#contract/problem.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import { previewPart } from '#mocks/preview-part.ts';
import { type SiteCamera, siteCameras } from '#mocks/site/cameras.ts';
import { frameFile } from '#mocks/site/frame-file.ts';
import type { FetchFrames, FrameSourceOptions } from '../frame-source.ts';
import type { FetchPreviews } from '../preview-track.ts';
import type { Wanted } from '../scrub.ts';
import type { SpanCacheOptions } from '../span-cache.ts';
import { SpanStore } from '../span-store.svelte.ts';
import { type Span, spanAt } from '../spans.ts';

function refused(code: ProblemCode): Response {
  const body = { type: `urn:parapet:problem:${code}`, code, title: code, status: 404 };
  return Response.json(body, { status: 404, headers: { 'content-type': 'application/problem+json' } });
}

/** What was asked of it. */
export interface AskedFrames {
  readonly cameraId: string;
  readonly at: number;
  readonly stream: string;
  readonly only: string;
  readonly signal: AbortSignal;
}

/**
 * A BFF with a recorder behind it, in the page: coded pictures of synthetic cameras, whose strip says which moment each
 * of them shows. `recorded` should begin and end where groups do: see `groupEdge`.
 */
export class PretendRecorder {
  readonly asked: AskedFrames[] = [];
  /** Of previews: what each request wanted, the most wanted first. */
  readonly previewed: (readonly Wanted[])[] = [];
  readonly spansAsked: SpansQuery[] = [];
  recorded: readonly Span[] = [];
  /** Said no with, instead of an answer. */
  refusal: ProblemCode | undefined;
  /** Bytes sent instead of frames. */
  garbage: Uint8Array<ArrayBuffer> | undefined;
  delayMs = 0;
  /** Whether previews come with how long they hold. */
  tellsUntil = true;
  /** Moments of which no previews are answered, and the signals of those requests. */
  previewsHang: (at: number) => boolean = () => false;
  readonly hanging: AbortSignal[] = [];
  /** Moments that nothing is answered for. */
  hangs: (at: number) => boolean = () => false;
  readonly #pictures: Pictures;
  readonly #now: number;

  constructor(pictures: Pictures, now: number) {
    this.#pictures = pictures;
    this.#now = now;
  }

  camera(id: string): SiteCamera {
    const camera = siteCameras.find((one) => one.id === id);
    if (!camera) throw new Error(`no camera ${id}`);
    return camera;
  }

  /** When the group of `time` begins; each stream has its own. */
  groupEdge(cameraId: string, time: number, stream: StreamName = 'main'): number {
    return frameFile(this.#pictures, this.camera(cameraId), stream, time, 'keyframe').start;
  }

  readonly fetchFrames: FetchFrames = async (cameraId, { at, stream, only }, signal) => {
    this.asked.push({ cameraId, at, stream, only, signal });
    if (this.hangs(at))
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    signal.throwIfAborted();
    const span = this.recorded.findLast(({ start }) => start <= at);
    const problem = this.refusal ?? (span ? undefined : 'no-recording');
    if (problem) return refused(problem);
    const moment = Math.min(at, (span?.end ?? at) - 1);
    const { bytes, start, end, codec } = frameFile(
      this.#pictures,
      this.camera(cameraId),
      stream,
      moment,
      only,
    );
    const isLast = spanAt(this.recorded, end) === undefined;
    const next = isLast ? this.recorded.find((one) => one.start >= end)?.start : end;
    return new Response(this.garbage ?? bytes, {
      headers: {
        'content-type': 'video/mp4',
        [frameHeaders.start]: new Date(start).toISOString(),
        [frameHeaders.codec]: codec,
        ...(next === undefined ? {} : { [frameHeaders.end]: new Date(next).toISOString() }),
      },
    });
  };

  /** Keyframes of many cameras and moments. */
  readonly fetchPreviews: FetchPreviews = async ({ cameras, from, slots, stream }, signal) => {
    const wanted = slots.map(({ camera, ms }) => ({ cameraId: cameras[camera] ?? '', at: from + ms }));
    this.previewed.push(wanted);
    if (this.refusal) return refused(this.refusal);
    if (wanted.some(({ at }) => this.previewsHang(at))) {
      this.hanging.push(signal);
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    }
    const parts = wanted.map(({ cameraId, at }, slot) => {
      if (spanAt(this.recorded, at) === undefined) return previewPart({ slot, problem: 'no-recording' });
      const found = frameFile(this.#pictures, this.camera(cameraId), stream, at, 'keyframe');
      const until = frameFile(this.#pictures, this.camera(cameraId), stream, at, 'gop').end;
      const times = {
        start: new Date(found.start).toISOString(),
        ...(this.tellsUntil ? { until: new Date(until).toISOString() } : {}),
      };
      return previewPart({ slot, ...times, codec: found.codec }, found.bytes);
    });
    return new Response(new Blob(parts));
  };

  /** All that is asked of a BFF for pictures. */
  get source(): Pick<FrameSourceOptions, 'fetchFrames' | 'fetchPreviews'> {
    return { fetchFrames: this.fetchFrames, fetchPreviews: this.fetchPreviews };
  }

  /** What is recorded, as the BFF would tell. The same for all cameras. */
  answers(): Pick<SpanCacheOptions, 'read'> {
    return {
      read: async (query) => {
        this.spansAsked.push(query);
        const { cameras, from, to, resolutionMs } = query;
        const recorded = this.recorded
          .map(({ start, end }) => [Math.max(start, from) - from, Math.min(end, to) - from] as const)
          .filter(([start, end]) => start < end)
          .flat();
        const oldest = this.recorded[0]?.start;
        const each = { oldest, recorded, motion: [], isComplete: true };
        return { from, to, resolutionMs, cameras: cameras.map((cameraId) => ({ cameraId, ...each })) };
      },
    };
  }

  spans(): SpanStore {
    return new SpanStore({ now: () => this.#now, ...this.answers() });
  }
}
