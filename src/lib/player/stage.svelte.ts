import { untrack } from 'svelte';
import { Screen, type Slot } from './screen.ts';

/**
 * The three video elements of a tile and what each of them is for now: the one in front, the one in which the next session
 * gets ready, and the one for an attempt by another way.
 */
export class Stage {
  /** Which of the elements is in front. */
  front = $state.raw<Slot>(0);
  readonly screens: readonly [Screen, Screen, Screen];
  #next: Slot = 1;
  #side: Slot = 2;

  /** As of {@link Screen}. */
  constructor(
    now: () => number,
    onFrame: (screen: Screen, isFirst: boolean, intervalMs?: number) => void,
    onPlayRefused: () => void,
  ) {
    const screen = (slot: Slot): Screen => new Screen(slot, now, onFrame, onPlayRefused);
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

  /** The one behind goes in front, and the one that was there is cleared: it is for the next session. */
  bringForward(): void {
    const [before, after] = [this.inFront, this.behind];
    this.front = after.slot;
    this.#next = before.slot;
    before.clear();
  }

  /** The attempt by another way takes the place of the own one. */
  takeBeside(): void {
    [this.#next, this.#side] = [this.#side, this.#next];
  }
}
