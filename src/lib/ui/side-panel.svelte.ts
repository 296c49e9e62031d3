import { MediaQuery } from 'svelte/reactivity';

/** Whether a panel at the side is seen: beside the page where there is room, over it where there is not. */
export class SidePanel {
  readonly #narrow = new MediaQuery('max-width: 800px', false);
  #isWanted: boolean = $state(true);
  #isOverWanted = $state(false);

  /** `isWanted`: open from the begin where there is room. */
  constructor(isWanted = true) {
    this.#isWanted = isWanted;
  }

  /** Whether it lies over the page. */
  get isOver(): boolean {
    return this.#narrow.current;
  }
  get isOpen(): boolean {
    return this.isOver ? this.#isOverWanted : this.#isWanted;
  }

  open(): void {
    if (this.isOver) this.#isOverWanted = true;
    else this.#isWanted = true;
  }

  toggle(): void {
    if (this.isOver) this.#isOverWanted = !this.#isOverWanted;
    else this.#isWanted = !this.#isWanted;
  }

  /** Something was chosen from it: what it covers is to be seen again. */
  uncover(): void {
    this.#isOverWanted = false;
  }
}
