/** Somebody who wants to know that time passes. */
export interface PulseMember {
  /** Every tick: judge ages. Must be cheap. */
  tick(now: number): void;
  /** Once a second, members spread over the second: read counters. */
  measure(now: number): void;
}

/** What the pulse needs of the world. */
export interface PulseClock {
  /** Monotonic ms. */
  monotonicNow(): number;
  epochNow(): number;
}

export const tickMs = 250;
const ticksPerSecond = 1000 / tickMs;
/** A wall clock that gains this much on the monotonic one between two ticks: the machine slept, or its clock was set. */
const jumpMs = 5000;

/**
 * One timer for all players of the page, and the clock they judge by: monotonic, but it counts time that the machine
 * slept (Chromium's `performance.now()` stands still during sleep on Linux and macOS: https://crbug.com/1206450).
 * After a jump one tick is left out: pictures that do come arrive meanwhile, and a clock that was merely set does
 * no harm.
 */
export class Pulse {
  readonly #clock: PulseClock;
  readonly #members = new Map<PulseMember, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticks = 0;
  #joined = 0;
  #sleptMs = 0;
  #offsetMs: number;

  constructor(clock: PulseClock = { monotonicNow: () => performance.now(), epochNow: () => Date.now() }) {
    this.#clock = clock;
    this.#offsetMs = clock.epochNow() - clock.monotonicNow();
  }

  /** Monotonic ms, sleep included. */
  now(): number {
    return this.#clock.monotonicNow() + this.#sleptMs;
  }

  /** The wall-clock moment (epoch ms, this viewer's clock) of a moment of {@link now}. */
  epochOf(moment: number): number {
    return this.#clock.epochNow() - (this.now() - moment);
  }

  /** Calls `member` until the given way to stop is called. The timer runs while there are members. */
  join(member: PulseMember): () => void {
    this.#members.set(member, this.#joined++ % ticksPerSecond);
    if (this.#timer === undefined) {
      this.#offsetMs = this.#clock.epochNow() - this.#clock.monotonicNow();
      this.#timer = setInterval(() => this.beat(), tickMs);
    }
    return () => {
      this.#members.delete(member);
      if (this.#members.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** One tick. Called by the timer; by hand in tests. */
  beat(): void {
    this.#ticks += 1;
    const offsetMs = this.#clock.epochNow() - this.#clock.monotonicNow();
    const gainedMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    if (gainedMs >= jumpMs) {
      this.#sleptMs += gainedMs;
      return;
    }
    const now = this.now();
    for (const [member, phase] of [...this.#members]) {
      if (!this.#members.has(member)) continue;
      member.tick(now);
      if (this.#ticks % ticksPerSecond === phase) member.measure(now);
    }
  }
}

/** The page's own. */
export const pulse = new Pulse();
