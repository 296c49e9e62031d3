/** Sent and asked for are compared over so long, ms. */
const slotMs = 250;
/** More of what was sent than this is asked for again in a poor slot; fewer packets than that say nothing. */
const poorShare = 0.3;
const fewest = 3;
/** So many poor slots one after the other are a line that does not carry the stream: what is lost in one go is repaired. */
const poorSlots = 3;
/** After so long without a poor slot the whole stream is tried again, ms; for longer each time that was too soon. */
const firstCalmMs = 3000;
const longestCalmMs = 48_000;
/** The whole stream has passed for so long: the next trouble is another one, ms. */
const passedMs = 20_000;

/** Tells from what a viewer asks for again whether its line carries the stream. Times are monotonic ms. */
export class Strain {
  #slot = 0;
  #sent = 0;
  #asked = 0;
  #poor = 0;
  #poorAt = -Infinity;
  #calmMs = firstCalmMs;
  #endedAt = -Infinity;
  #isTooMuch = false;

  /** A packet goes out for the first time. */
  sent(now: number): void {
    this.#judge(now);
    this.#sent += 1;
  }

  /** The viewer asks for packets again. */
  asked(count: number, now: number): void {
    this.#judge(now);
    this.#asked += count;
  }

  /** Whether the line does not carry the whole stream. */
  isTooMuch(now: number): boolean {
    this.#judge(now);
    return this.#isTooMuch;
  }

  #judge(now: number): void {
    const slot = Math.floor(now / slotMs);
    if (slot === this.#slot) return;
    const isPoor = this.#asked >= fewest && this.#asked > poorShare * this.#sent;
    if (isPoor) {
      this.#poor += 1;
      this.#poorAt = now;
    } else if (this.#sent > 0) this.#poor = 0;
    [this.#slot, this.#sent, this.#asked] = [slot, 0, 0];
    if (this.#isTooMuch) {
      if (now - this.#poorAt < this.#calmMs) return;
      this.#isTooMuch = false;
      this.#endedAt = now;
    } else if (this.#poor >= poorSlots) {
      this.#isTooMuch = true;
      const isAgain = now - this.#endedAt < passedMs;
      this.#calmMs = isAgain ? Math.min(this.#calmMs * 2, longestCalmMs) : firstCalmMs;
    }
  }
}
