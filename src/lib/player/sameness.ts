/** One look at a picture: the brightness of some of its pixels. */
export interface Look {
  /** Monotonic ms. */
  readonly at: number;
  readonly luma: Uint8Array;
}

/** How far the brightness of a pixel may be off (of 255) and still count as the same: rounding, and a keyframe coded anew. */
const tolerance = 2;
/** As many pixels, of all, may differ. None: noise of the darkest night changes hundreds, a burned-in second a few. */
const mostChanged = 0;
/** Looks further apart than this say nothing of the time between them, ms: no pictures came, or nobody could look. */
const lostMs = 3000;
/** A picture stands for so long, ms, at least, at most, and as a multiple of what is usual for it. */
const stands = { atLeastMs: 6000, atMostMs: 40_000, timesUsual: 4 } as const;
/** Between a change and the look that sees it: added to how long a picture was seen to stand, ms. */
const slackMs = 1000;
/** So often must the picture have been seen to change before "usual" is known. */
const learnt = 8;
/**
 * After a minute in which the picture kept changing, standing is remarkable much sooner, ms: where every look saw another
 * picture (noise, traffic), two looks that do not; where only a second is burned in, a second and a half.
 */
const proven = { afterMs: 60_000, atLeastMs: 950, timesUsual: 2, slackMs: 450 } as const;
/** So often must it have stood remarkably long before that is taken for its way, and not for a source that hangs now and then. */
const itsWay = 3;
/**
 * Pictures that never cost less than this, of the least they cost while the picture moved, are coded as if something moved.
 * The least: keyframes cost the same whatever they show.
 */
const costly = 0.5;
/** The least is taken from so many stretches between changes. */
const stretches = 5;

/**
 * Tells a source that repeats one picture from a scene in which nothing happens. Packets flow in both cases, and pictures
 * are decoded. But a camera that lives has noise, or a clock burned in: from look to look some pixels change. A source that
 * hangs gives the same picture to the bit, and costs its encoder next to nothing.
 *
 * What is usual is learnt: for a camera whose picture kept changing for a minute, one second of standing is remarkable, in the
 * first minute six; for one with a still and clean picture (drawn scenes, strong noise reduction) it takes up to
 * forty. What was said to stand and moved again hung, until it has happened a few times: then it is that camera's way. Said
 * as a notice in any case: an empty corridor may really look the same.
 */
export class Sameness {
  #reference: Uint8Array | undefined;
  /** When the picture last changed. */
  #since = 0;
  #lastAt = -Infinity;
  #changes = 0;
  /** For how long it was looked at, ms: only while looks followed each other. */
  #watchedMs = 0;
  /** The longest that the picture was seen to stand before it changed. */
  #usualMs = 0;
  /** How long it stood when that was remarkable, ms: the last few times. */
  readonly #remarkedMs: number[] = [];
  /** The least that a second of pictures cost, bytes each: while they moved, and since they stand. */
  readonly #movingBytes: number[] = [];
  #standingBytes: number | undefined;

  /** Takes in a look at a picture that came after the one looked at before. */
  take({ at, luma }: Look): void {
    const sinceLastMs = at - this.#lastAt;
    const isContinued = sinceLastMs < lostMs && this.#reference?.length === luma.length;
    const stoodMs = this.#lastAt - this.#since;
    const wasRemarkable = this.standsSince !== undefined;
    this.#lastAt = at;
    if (!isContinued || !this.#reference) {
      this.#begin(luma, at);
      return;
    }
    // Compared with the first of the stretch, not with the last look: dusk comes slowly.
    if (changed(this.#reference, luma) <= mostChanged) return;
    this.#changes += 1;
    if (wasRemarkable) this.#learnHang(stoodMs);
    else {
      this.#watchedMs += stoodMs + sinceLastMs;
      this.#usualMs = Math.max(this.#usualMs, stoodMs);
    }
    if (this.#standingBytes !== undefined) this.#movingBytes.push(this.#standingBytes);
    if (this.#movingBytes.length > stretches) this.#movingBytes.shift();
    this.#begin(luma, at);
  }

  /** Takes in what the pictures of a second cost, bytes each. */
  weigh(bytesPerFrame: number): void {
    this.#standingBytes = Math.min(bytesPerFrame, this.#standingBytes ?? Infinity);
  }

  /** Since when the picture stands, ms of the looks' clock; undefined while it moves, or stands no longer than is usual. */
  get standsSince(): number | undefined {
    if (!this.#reference || this.#lastAt - this.#since < this.patienceMs) return undefined;
    return this.#since;
  }

  /** How long the picture may stand before it is remarkable, ms. */
  get patienceMs(): number {
    const { atLeastMs, atMostMs, timesUsual } = stands;
    const provenMs = Math.max(proven.atLeastMs, proven.timesUsual * this.#usualMs + proven.slackMs);
    // Changes that were seen all the time need no second witness, and its word takes seconds: a keyframe costs what it did.
    if (this.#watchedMs >= proven.afterMs && provenMs < atLeastMs) return provenMs;
    const usual = this.#changes < learnt ? atMostMs : timesUsual * (this.#usualMs + slackMs);
    const isCostly =
      this.#standingBytes !== undefined && this.#standingBytes > costly * Math.min(...this.#movingBytes);
    return isCostly ? atMostMs : Math.min(atMostMs, Math.max(atLeastMs, usual));
  }

  /** Another picture begins: what is usual for it is not known. */
  clear(): void {
    this.#reference = undefined;
    this.#changes = 0;
    this.#watchedMs = 0;
    this.#usualMs = 0;
    this.#remarkedMs.length = 0;
    this.#movingBytes.length = 0;
    this.#standingBytes = undefined;
  }

  /** Were it learnt at once, the next time it hangs would be said much later. */
  #learnHang(stoodMs: number): void {
    this.#remarkedMs.push(stoodMs);
    if (this.#remarkedMs.length < itsWay) return;
    this.#usualMs = Math.max(this.#usualMs, Math.min(...this.#remarkedMs));
    this.#remarkedMs.shift();
  }

  #begin(luma: Uint8Array, at: number): void {
    this.#reference = luma;
    this.#since = at;
    this.#standingBytes = undefined;
  }
}

/** How many pixels differ by more than rounding. */
function changed(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  for (let index = 0; index < a.length; index += 1)
    if (Math.abs((a[index] ?? 0) - (b[index] ?? 0)) > tolerance) count += 1;
  return count;
}
