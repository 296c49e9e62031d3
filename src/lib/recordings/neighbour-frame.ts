import { frameAt, type Gop, nextFrameTime, previousFrameTime } from './frame-source.ts';
import { pastErrorOf } from './past-problem.ts';

/**
 * The moment of the frame before or after the one of `time`; undefined when there is none. Before a moment in a gap is the
 * last frame before the gap. Throws what `gopOf` throws.
 * @param gopOf gives the group that answers for a moment
 */
export async function neighbourFrame(
  time: number,
  direction: 1 | -1,
  isInGap: boolean,
  gopOf: (time: number) => Promise<Gop>,
): Promise<number | undefined> {
  const gop = await gopOf(time);
  const here = frameAt(gop, time).time;
  if (direction > 0) return nextFrameTime(gop, here);
  if (here < time && isInGap) return here;
  const before = previousFrameTime(gop, here);
  if (before !== undefined) return before;
  try {
    return frameAt(await gopOf(gop.start - 1), gop.start - 1).time;
  } catch (cause) {
    if (pastErrorOf(cause).code === 'no-recording') return undefined;
    throw cause;
  }
}
