import type { Span } from './spans.ts';

/** How fast recorded time can pass. Negative: backwards. */
export const speeds = [-8, -4, -2, -1, 0.25, 0.5, 1, 2, 4, 8, 16, 32] as const;
export type Speed = (typeof speeds)[number];

/** What happens where nothing is recorded: time passes at the same speed, or the gap is skipped. */
export type GapConduct = 'pause' | 'skip';

/**
 * What is known about where something is recorded. Gives the first moment at or after `time` with a recording
 * (backwards: at or before), undefined when there is none, `unknown` while it is not known yet.
 */
export type FindRecorded = (time: number, direction: 1 | -1) => number | 'unknown' | undefined;

export interface PlayheadOptions {
  /** A monotonic clock, ms. */
  readonly now: () => number;
  /** Where to begin, epoch ms. */
  readonly at: number;
  readonly find?: FindRecorded;
}

/** What ended playing by itself: the live edge was reached, or the oldest recording. */
export type PlayEnd = 'newest' | 'oldest';

/** Longer than this between two ticks the page was asleep; nobody saw that time pass, so it does not, ms. */
const longestTickMs = 1000;

/**
 * The one clock of everything that is played together. It moves only when `tick` is called, once for each picture of
 * the page, so that everybody who looks at `time` until the next one sees the same moment.
 */
export class Playhead {
  readonly #now: () => number;
  readonly #find: FindRecorded;
  readonly #holders = new Set<object>();
  #time: number;
  #tickedAt: number;
  #speed: Speed = 1;
  #isPlaying = false;
  #loop: Span | undefined;
  #limits: Span = { start: -Infinity, end: Infinity };
  #seeks = 0;
  gaps: GapConduct = 'pause';

  constructor({ now, at, find = (time) => time }: PlayheadOptions) {
    this.#now = now;
    this.#find = find;
    this.#time = at;
    this.#tickedAt = now();
  }

  /** The recorded moment that is shown, epoch ms with a fraction. */
  get time(): number {
    return this.#time;
  }
  get speed(): Speed {
    return this.#speed;
  }
  /** What `play` plays at when it is not told. */
  set speed(speed: Speed) {
    this.#speed = speed;
  }
  get isPlaying(): boolean {
    return this.#isPlaying;
  }
  /** Playing, but waiting for pictures (see `hold`). */
  get isHeld(): boolean {
    return this.#isPlaying && this.#holders.size > 0;
  }
  get loop(): Span | undefined {
    return this.#loop;
  }
  /** Grows with every jump: who follows time can tell one from its passing. */
  get seeks(): number {
    return this.#seeks;
  }

  /** Oldest and newest moment there is. Time stays within them. */
  set limits(limits: Span) {
    this.#limits = limits;
    this.#time = this.#kept(this.#time);
  }

  play(speed: Speed = this.#speed): void {
    this.#speed = speed;
    if (!this.#isPlaying) this.#tickedAt = this.#now();
    this.#isPlaying = true;
  }

  pause(): void {
    this.#isPlaying = false;
  }

  /** Goes to a moment. Plays on from there when it was playing; a loop that does not contain it ends. */
  seek(time: number): void {
    this.#time = this.#kept(time);
    this.#seeks++;
    this.#tickedAt = this.#now();
    if (this.#loop && (this.#time < this.#loop.start || this.#time >= this.#loop.end)) this.#loop = undefined;
  }

  /** Sets the clock right by a little: time has passed that this clock did not see. Not a jump to those who follow. */
  nudge(time: number): void {
    this.#time = this.#kept(time);
    this.#tickedAt = this.#now();
  }

  /** Pauses and goes to the moment of another frame. */
  step(to: number): void {
    this.pause();
    this.seek(to);
  }

  /** Plays [a, b) over and over, from where the playhead is if it lies in it. Needs no order of a and b. */
  repeat(a: number, b: number): void {
    const loop = { start: Math.min(a, b), end: Math.max(a, b) };
    if (loop.start === loop.end) return;
    this.#loop = loop;
    if (this.#time < loop.start || this.#time >= loop.end) {
      this.#time = this.#kept(loop.start);
      this.#seeks++;
    }
  }

  endLoop(): void {
    this.#loop = undefined;
  }

  /** Lets time wait until `release` is called by the same holder: somebody's picture is not there yet. */
  hold(holder: object): void {
    this.#holders.add(holder);
  }

  release(holder: object): void {
    this.#holders.delete(holder);
  }

  /** Lets time pass since the last tick. Gives what ended playing, if something did. */
  tick(): PlayEnd | undefined {
    const now = this.#now();
    const elapsed = Math.min(longestTickMs, Math.max(0, now - this.#tickedAt));
    this.#tickedAt = now;
    if (!this.#isPlaying || this.#holders.size > 0) return undefined;
    return this.#advance(elapsed * this.#speed);
  }

  /** Moves by `way` ms of recorded time, over gaps and round the loop. */
  #advance(way: number): PlayEnd | undefined {
    const direction = way < 0 ? -1 : 1;
    let time = this.#time + way;

    const loop = this.#keptLoop();
    // All of it is older than what is kept: there is nothing to go round.
    if (!loop) this.#loop = undefined;
    else {
      const { start, end } = loop;
      const length = end - start;
      if (time >= end || time < start) {
        time = start + ((((time - start) % length) + length) % length);
        this.#seeks++;
      }
    }
    if (this.gaps === 'skip') {
      const found = this.#find(time, direction);
      // Time waits where it is not known what follows: it must not run into what may be a gap.
      if (found === 'unknown') return undefined;
      if (found !== undefined && found !== time) {
        time = loop && (found >= loop.end || found < loop.start) ? this.#loopEdge(direction) : found;
        this.#seeks++;
      }
    }
    this.#time = this.#kept(time);
    if (this.#loop || this.#time === time) return undefined;
    this.#isPlaying = false;
    return direction > 0 ? 'newest' : 'oldest';
  }

  /** Where a loop goes on when the rest of it is a gap. */
  #loopEdge(direction: 1 | -1): number {
    const { start, end } = this.#keptLoop() ?? { start: this.#time, end: this.#time };
    const edge = direction > 0 ? start : end - 1;
    const found = this.#find(edge, direction);
    return typeof found === 'number' && found >= start && found < end ? found : edge;
  }

  /** What of the loop lies within the limits; undefined without any. */
  #keptLoop(): Span | undefined {
    if (!this.#loop) return undefined;
    const start = Math.max(this.#loop.start, this.#limits.start);
    const end = Math.min(this.#loop.end, this.#limits.end);
    return start < end ? { start, end } : undefined;
  }

  #kept(time: number): number {
    return Math.min(Math.max(time, this.#limits.start), this.#limits.end);
  }
}

/** The next faster or slower speed on the ladder, from −8 to 32. */
export function nextSpeed(speed: Speed, direction: 1 | -1): Speed {
  const at = speeds.indexOf(speed) + direction;
  return speeds[Math.min(speeds.length - 1, Math.max(0, at))] ?? speed;
}
