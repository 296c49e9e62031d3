import type { Vitals } from '../media-source.ts';

/** So many bytes, in so long (ms), have a keyframe among them: not to see one picture is the decoder's fault. */
const [mostWithoutPicture, longestMs] = [100_000, 8_000];

/** Tells a session whose pictures come and cannot be decoded from one whose first picture is on its way. */
export class Darkness {
  #since: number | undefined;

  /** Takes a reading of the counters; `at`: monotonic ms. Gives whether nothing of what comes can be decoded. */
  isLasting({ bytesReceived = 0, framesDecoded }: Vitals, at: number): boolean {
    // A browser that does not count them says nothing either way.
    if (bytesReceived === 0 || framesDecoded === undefined || framesDecoded > 0) {
      this.#since = undefined;
      return false;
    }
    this.#since ??= at;
    return bytesReceived >= mostWithoutPicture && at - this.#since >= longestMs;
  }
}
