import { timeOfFrame } from './gop-decoder.ts';

/** Frames this close to the one shown before are a step away from it, ms; others are a jump. */
const stepMs = 250;

/** Which frames of a group are worth keeping around one. */
export interface Reach {
  /** How many before it. */
  readonly before: number;
  /** How many after it. */
  readonly after: number;
}

/**
 * What to keep around the frame of `time`, where the one of `shownTime` was shown before it: who steps goes on the same
 * way. Nothing after a jump: copies would make it wait.
 */
export function reachOf(time: number, shownTime: number | undefined, room: number): Reach {
  const way = shownTime === undefined ? Infinity : time - shownTime;
  const most = Math.max(0, room - 1);
  if (Math.abs(way) > stepMs) return { before: 0, after: 0 };
  return way < 0 ? { before: most, after: 0 } : { before: 0, after: most };
}

/**
 * The frames of `times` (ascending) that lie within reach of the one of `time`, itself included.
 */
export function within(times: readonly number[], time: number, { before, after }: Reach): readonly number[] {
  const at = times.indexOf(time);
  return at < 0 ? [] : times.slice(Math.max(0, at - before), at + after + 1);
}

/** More frames than this are never kept: so many steps are worth one decoding of the group. */
const mostFrames = 8;

/**
 * Decoded frames around the one that is shown: a group is coded forwards, and each step back would else decode it from
 * its beginning. Copies, because decoders of hardware own a few frames, and stop until those come back.
 */
export class FramesInHand {
  readonly #frames = new Map<number, VideoFrame>();
  #epoch = 0;

  /** How many frames of that size may be kept in so many bytes. */
  static room(limitBytes: number, { width, height }: { width: number; height: number }): number {
    return Math.min(mostFrames, Math.floor(limitBytes / (width * height * 1.5)));
  }

  has(time: number): boolean {
    return this.#frames.has(time);
  }

  /** The frame that was taken then; whoever gets it closes it. */
  take(time: number): VideoFrame | undefined {
    return this.#frames.get(time)?.clone();
  }

  /** Takes over a decoded frame: keeps a copy and closes it. Where it cannot be copied it is not kept. */
  async keep(frame: VideoFrame): Promise<void> {
    const time = timeOfFrame(frame);
    const epoch = this.#epoch;
    try {
      if (this.#frames.has(time)) return;
      const copy = await copyOf(frame);
      if (copy === undefined) return;
      if (epoch === this.#epoch && !this.#frames.has(time)) this.#frames.set(time, copy);
      else copy.close();
    } finally {
      frame.close();
    }
  }

  /** Lets go of all frames but those. */
  retain(times: readonly number[]): void {
    for (const [time, frame] of this.#frames)
      if (!times.includes(time)) {
        frame.close();
        this.#frames.delete(time);
      }
  }

  /** Lets go of everything, and of what is being copied. */
  clear(): void {
    this.#epoch++;
    this.retain([]);
  }
}

async function copyOf(frame: VideoFrame): Promise<VideoFrame | undefined> {
  const { format, timestamp, displayWidth, displayHeight, visibleRect, colorSpace } = frame;
  // Some decoders' frames cannot be read.
  if (format === null || visibleRect === null) return undefined;
  try {
    const bytes = new Uint8Array(frame.allocationSize());
    const layout = await frame.copyTo(bytes);
    const [codedWidth, codedHeight] = [visibleRect.width, visibleRect.height];
    const picture = { format, timestamp, codedWidth, codedHeight, displayWidth, displayHeight, layout };
    return new VideoFrame(bytes, { ...picture, colorSpace: colorSpace.toJSON() });
  } catch {
    return undefined;
  }
}
