import { frameAt, type Gop } from './frame-source.ts';
import { FramesInHand, reachOf, within } from './frames-in-hand.ts';
import { type GopDecoder, timeOfFrame } from './gop-decoder.ts';
import { PastError } from './past-error.ts';

/** With fewer steps than this left, more frames are decoded: a key that is held down takes as many in the time that takes. */
const fewLeft = 4;

/** The very frames of moments, one at a time, and those around them for steps. */
export class ExactFrames {
  readonly #decoder: GopDecoder;
  readonly #limitBytes: () => number;
  readonly #hand = new FramesInHand();
  #isRefilling = false;

  /** @param limitBytes how much may be kept for steps, now */
  constructor(decoder: GopDecoder, limitBytes: () => number) {
    this.#decoder = decoder;
    this.#limitBytes = limitBytes;
  }

  /** The frame that is seen at `time`, where it is in hand; whoever gets it closes it. */
  held(gop: Gop, time: number): VideoFrame | undefined {
    return this.#hand.take(frameAt(gop, time).time);
  }

  /**
   * Decodes the frame that is seen at `time` and gives it to `onFrame` as soon as it is there, who closes it; ends when
   * those for the next steps are in hand as well. Throws a {@link PastError}, or the signal's reason.
   * @param shownTime when the picture that is seen now was taken
   */
  async decode(
    gop: Gop,
    time: number,
    shownTime: number | undefined,
    onFrame: (frame: VideoFrame) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { time: taken } = frameAt(gop, time);
    const times = gop.frames.map((frame) => frame.time).sort((a, b) => a - b);
    const reach = reachOf(taken, shownTime, FramesInHand.room(this.#limitBytes(), gop));
    const near = within(times, taken, reach);
    this.#hand.retain(near);
    const kept: Promise<void>[] = [];
    let isThere = false as boolean;
    await this.#decoder.each(
      gop,
      (frame) => {
        const frameTime = timeOfFrame(frame);
        if (frameTime === taken) {
          isThere = true;
          onFrame(frame.clone());
        }
        if (near.length > 1 && near.includes(frameTime)) kept.push(this.#hand.keep(frame));
        else frame.close();
      },
      signal,
      1 + gop.frames.findLastIndex((frame) => near.includes(frame.time)),
    );
    await Promise.all(kept);
    if (!isThere) throw new PastError('damaged', 'The decoder gave no picture');
  }

  /**
   * Who has stepped to `time` that way may go on, as a key held down does: gets the next ones in hand before the last are
   * used up. Throws as `decode` does.
   */
  async refill(gop: Gop, time: number, way: 1 | -1, signal: AbortSignal): Promise<void> {
    const { time: taken } = frameAt(gop, time);
    const times = gop.frames.map((frame) => frame.time).sort((a, b) => (a - b) * way);
    const soon = times.slice(times.indexOf(taken) + 1).slice(0, fewLeft);
    if (this.#isRefilling || soon.every((next) => this.#hand.has(next))) return;
    this.#isRefilling = true;
    try {
      await this.decode(gop, taken, taken - way, (frame) => frame.close(), signal);
    } finally {
      this.#isRefilling = false;
    }
  }

  /** Lets go of what is in hand. */
  clear(): void {
    this.#hand.clear();
  }
}
