import type { StreamName } from '#contract/camera.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { RecordedFrame, RecordingCursor, VmsRecordings } from '#server/vms/recordings.ts';
import { ask, Patience } from './ask.ts';
import { createFairLanes, type FairLanes } from './fair-lanes.ts';
import { type Gop, gopOf, keyframeOf } from './gop.ts';
import { GopCache } from './gop-cache.ts';
import { SharedWork } from '#server/vms/shared-work.ts';

/** Which pictures somebody wants to see. */
export interface FrameWish {
  readonly vmsId: string;
  readonly recordings: VmsRecordings;
  readonly cameraId: string;
  readonly stream: StreamName;
  /** Epoch ms. */
  readonly at: number;
  /** Whose turn it is. */
  readonly viewer: string;
  readonly signal: AbortSignal;
}

/** Recorded pictures: read once, remembered, in turns. Both throw a {@link Refusal}. */
export interface Frames {
  /** The keyframe at or before the moment; undefined before the first recording. */
  keyframe(wish: FrameWish): Promise<Gop | undefined>;
  /** That keyframe with every frame up to the next one. */
  gop(wish: FrameWish): Promise<Gop | undefined>;
  /** When the keyframe at or before the moment was taken, where it has been read already. */
  knownKeyframe(wish: Omit<FrameWish, 'signal' | 'viewer'>): number | undefined;
  /** Where readers of this camera's recorder take turns. */
  lanesOf(wish: Pick<FrameWish, 'vmsId' | 'recordings' | 'cameraId'>): FairLanes;
  /** Bytes that are remembered. */
  readonly cachedBytes: number;
}

/** Readers of one recorder at a time; of a whole VMS, where its recorders are not told apart. */
const lanesPerRecorder = 8;
const lanesPerVms = 16;
const mostRecorders = 1000;
/** A GOP that is longer than this is somebody's mistake; what it takes has to fit into memory. */
const mostFrames = 6000;
const mostBytes = 48 * 1024 * 1024;
/** Each frame of a recorder may take so long. */
const framePatienceMs = 10_000;
/** What was recorded just now may not have reached the database yet, ms. */
export const settledMs = 60_000;

interface Flight {
  /** When its keyframe was taken, and up to where its frames are read. */
  readonly start: number;
  readUpTo: number;
  readonly work: SharedWork<Gop>;
}

/** The rest of a GOP, frame after frame. `onFrame` hears how far it is. */
export async function readRest(
  cursor: RecordingCursor,
  keyframe: RecordedFrame,
  signal: AbortSignal,
  onFrame: (timeMs: number) => void = () => undefined,
): Promise<{ readonly frames: readonly RecordedFrame[]; readonly next: RecordedFrame | undefined }> {
  const frames = [keyframe];
  const patience = new Patience(signal, framePatienceMs);
  let bytes = 0;
  try {
    for (;;) {
      const frame = await patience.ask((ending) => cursor.next(ending));
      if (frame === undefined || frame.isKeyframe) return { frames, next: frame };
      bytes += frame.units.reduce((sum, { length }) => sum + length, 0);
      if (frames.length >= mostFrames || bytes > mostBytes)
        throw new Refusal('too-large', { detail: 'A group of pictures of this recording has no end.' });
      frames.push(frame);
      onFrame(frame.timeMs);
    }
  } finally {
    patience.close();
  }
}

export function createFrames(parts: { readonly cacheBytes: number; readonly now: () => number }): Frames {
  const { now } = parts;
  const cache = new GopCache(parts.cacheBytes);
  const lanes = new Map<string, FairLanes>();
  const flights = new Map<string, Set<Flight>>();
  const wishes = new Map<string, SharedWork<Gop | undefined>>();

  const lanesOf: Frames['lanesOf'] = ({ vmsId, recordings, cameraId }) => {
    const recorder = recordings.recorderOf?.(cameraId);
    const key = `${vmsId} ${recorder ?? ''}`;
    let found = lanes.get(key);
    if (found === undefined) {
      for (const [other, { load }] of lanes) {
        if (lanes.size < mostRecorders) break;
        if (load.running === 0) lanes.delete(other);
      }
      found = createFairLanes(recorder === undefined ? lanesPerVms : lanesPerRecorder);
      lanes.set(key, found);
    }
    return found;
  };

  const keyOf = ({ vmsId, cameraId, stream }: Pick<FrameWish, 'vmsId' | 'cameraId' | 'stream'>): string =>
    `${vmsId} ${cameraId} ${stream}`;

  /** Asks the recorder for the keyframe; the cursor that stands on it goes to `use`, and is closed after it. */
  async function withKeyframe<T>(
    wish: FrameWish,
    signal: AbortSignal,
    use: (cursor: RecordingCursor, keyframe: RecordedFrame) => Promise<T>,
  ): Promise<T | undefined> {
    const { recordings, cameraId, stream, at } = wish;
    const cursor = await ask(signal, (ending) => recordings.cursor(cameraId, stream, ending));
    try {
      const keyframe = await ask(
        signal,
        (ending) => cursor.at(at, { keyframe: true }, ending),
        framePatienceMs,
      );
      return keyframe === undefined ? undefined : await use(cursor, keyframe);
    } finally {
      cursor.close();
    }
  }

  const flightOver = (key: string, at: number): Flight | undefined =>
    [...(flights.get(key) ?? [])].find(
      ({ start, readUpTo, work }) => start <= at && at <= readUpTo && !work.isAbandoned,
    );

  /** The same wish at the same time is one. */
  async function once(
    kind: 'gop' | 'keyframe',
    wish: FrameWish,
    read: (signal: AbortSignal) => Promise<Gop | undefined>,
  ): Promise<Gop | undefined> {
    const name = `${kind} ${keyOf(wish)} ${wish.at}`;
    let work = wishes.get(name);
    if (work === undefined || work.isAbandoned) {
      work = new SharedWork(read);
      wishes.set(name, work);
      const own = work;
      void own.settled().then(() => {
        if (wishes.get(name) === own) wishes.delete(name);
      });
    }
    return await work.join(wish.signal);
  }

  async function readGop(wish: FrameWish, signal: AbortSignal): Promise<Gop | undefined> {
    const key = keyOf(wish);
    const { viewer, at } = wish;
    const found = await lanesOf(wish).run(viewer, signal, async () => {
      // While this one waited, another may have read it.
      const known = cache.gop(key, at);
      if (known !== undefined) return { gop: known };
      const running = flightOver(key, at);
      if (running !== undefined) return { running };
      return await withKeyframe(wish, signal, async (cursor, keyframe) => {
        const same = flightOver(key, keyframe.timeMs);
        if (same !== undefined) return { running: same };
        const flight: Flight = {
          start: keyframe.timeMs,
          readUpTo: keyframe.timeMs,
          work: new SharedWork(async (ending) => {
            const { frames, next } = await readRest(cursor, keyframe, ending, (timeMs) => {
              flight.readUpTo = timeMs;
            });
            const gop = gopOf(frames, next?.timeMs);
            if (next !== undefined) cache.putGop(key, gop, next.timeMs);
            return gop;
          }),
        };
        const own = flights.get(key) ?? new Set();
        flights.set(key, own.add(flight));
        try {
          return { gop: await finished(flight, signal) };
        } finally {
          own.delete(flight);
          if (own.size === 0) flights.delete(key);
        }
      });
    });
    if (found === undefined) return undefined;
    return 'gop' in found ? found.gop : await found.running.work.join(signal);
  }

  /** Who began the reading holds its lane and cursor until it ends, even when only others still wait for it. */
  async function finished(flight: Flight, signal: AbortSignal): Promise<Gop> {
    try {
      return await flight.work.join(signal);
    } catch (cause) {
      if (!flight.work.isAbandoned) await flight.work.settled();
      throw cause;
    }
  }

  async function readKeyframe(wish: FrameWish, signal: AbortSignal): Promise<Gop | undefined> {
    const key = keyOf(wish);
    return await lanesOf(wish).run(wish.viewer, signal, () =>
      withKeyframe(wish, signal, (_cursor, keyframe) => {
        const alone = gopOf([keyframe]);
        // What is asked for later, up to here, has the same keyframe before it.
        const until = Math.max(keyframe.nextMs ?? 0, Math.min(wish.at + 1, now() - settledMs));
        cache.putKeyframe(key, alone, until);
        return Promise.resolve(alone);
      }),
    );
  }

  return {
    lanesOf,
    knownKeyframe: (wish) => cache.keyframe(keyOf(wish), wish.at)?.start,
    async gop(wish) {
      const key = keyOf(wish);
      const known = cache.gop(key, wish.at);
      if (known !== undefined) return known;
      const running = flightOver(key, wish.at);
      if (running !== undefined) return await running.work.join(wish.signal);
      return await once('gop', wish, (signal) => readGop(wish, signal));
    },
    async keyframe(wish) {
      const key = keyOf(wish);
      const known = cache.keyframe(key, wish.at);
      if (known !== undefined) return keyframeOf(known);
      return await once('keyframe', wish, (signal) => readKeyframe(wish, signal));
    },
    get cachedBytes() {
      return cache.bytes;
    },
  };
}
