import { untrack } from 'svelte';
import { Screen, type Slot } from './screen.ts';

/** For so long the pictures before a hand-over go on beneath the new ones, ms: who has just come may go at once. */
const keptMs = 2000;
/** A picture older than this, ms, is none to go back to: whoever shows it would have to say that it is delayed. */
const freshMs = 1000;

/**
 * The three video elements of a tile and what each of them is for now: the one in front, the one in which the next session
 * gets ready, and the one for an attempt by another way.
 */
export class Stage {
  /** Which of the elements is in front. */
  front = $state.raw<Slot>(0);
  /** Which of them goes on beneath it, after a hand-over between two that gave pictures. It is the one behind. */
  kept = $state.raw<Slot | undefined>();
  readonly screens: readonly [Screen, Screen, Screen];
  #next: Slot = 1;
  #side: Slot = 2;
  #keptUntil = 0;

  /** As of {@link Screen}. */
  constructor(...[now, onFrame, onPlayRefused, onBlank]: ScreenParts) {
    const screen = (slot: Slot): Screen => new Screen(slot, now, onFrame, onPlayRefused, onBlank);
    this.screens = [screen(0), screen(1), screen(2)];
  }

  get inFront(): Screen {
    // Untracked: commands may run inside attachments, which must not subscribe to what they write.
    return this.screens[untrack(() => this.front)];
  }

  get behind(): Screen {
    return this.screens[this.#next];
  }

  get beside(): Screen {
    return this.screens[this.#side];
  }

  /**
   * The one behind goes in front. The one that was there is cleared, for the next session; with `isKept` not before a
   * while.
   */
  bringForward(isKept: boolean, at: number): void {
    const [before, after] = [this.inFront, this.behind];
    this.front = after.slot;
    this.#next = before.slot;
    this.kept = isKept ? before.slot : undefined;
    this.#keptUntil = at + keptMs;
    if (!isKept) before.clear();
  }

  get hasKept(): boolean {
    return untrack(() => this.kept) !== undefined;
  }

  /** Whether what is in front has gone silent, where something kept could take its place again. */
  isWorse(at: number): boolean {
    return this.hasKept && silenceOf(this.inFront, at) >= freshMs;
  }

  /** What was kept goes in front again, and what had taken its place is cleared. False where it gives no pictures either. */
  takeBack(at: number): boolean {
    if (!this.hasKept || silenceOf(this.behind, at) >= freshMs) return false;
    this.bringForward(false, at);
    return true;
  }

  /** Lets go of what was kept once its time is over: a moment later where it is not clear yet whether it is needed. */
  settle(at: number): void {
    if (!this.hasKept || at < this.#keptUntil) return;
    const isClear = silenceOf(this.inFront, at) < freshMs / 2;
    if (isClear || at >= this.#keptUntil + freshMs) this.clearBehind();
  }

  /** Closes what gets ready there, or what was kept. */
  clearBehind(): void {
    this.kept = undefined;
    this.behind.clear();
  }

  /** The attempt by another way takes the place of the own one. */
  takeBeside(): void {
    [this.#next, this.#side] = [this.#side, this.#next];
  }
}

const silenceOf = ({ watch }: Screen, at: number): number => at - (watch.lastFrameAt ?? -Infinity);

type ScreenParts = ConstructorParameters<typeof Screen> extends [Slot, ...infer Rest] ? Rest : never;
