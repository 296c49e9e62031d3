import { untrack } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import { asleep, type Sight, sightsAfter, type Unseen } from './suspension.ts';

/** Tiles so far beyond the edge count as seen, so that what is scrolled to is there already. */
const margin = '50% 0px';

/** Keeps an eye on what of a wall can be seen. For one component; {@link close} it. */
export class Attention {
  readonly #scrolledAway = new SvelteSet<string>();
  #isHidden = $state(document.visibilityState === 'hidden');
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- replaced as a whole
  #asleep = $state.raw<ReadonlyMap<string, Unseen>>(new Map());
  #sights: readonly Sight[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #life = new AbortController();

  constructor() {
    document.addEventListener(
      'visibilitychange',
      () => (this.#isHidden = document.visibilityState === 'hidden'),
      { signal: this.#life.signal },
    );
  }

  /** Why a tile is to be suspended; undefined while it is not. */
  asleep(key: string): Unseen | undefined {
    return this.#asleep.get(key);
  }

  /** Watches where these tiles are scrolled to within `scroller`, until the given way to stop is called. */
  watch(scroller: HTMLElement, tiles: ReadonlyMap<Element, string>): () => void {
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const key = tiles.get(target);
          if (key === undefined) continue;
          if (isIntersecting) this.#scrolledAway.delete(key);
          else this.#scrolledAway.add(key);
        }
      },
      { root: scroller, rootMargin: margin },
    );
    for (const tile of tiles.keys()) observer.observe(tile);
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- lives for this line
    const keys = new Set(tiles.values());
    for (const key of untrack(() => [...this.#scrolledAway]))
      if (!keys.has(key)) this.#scrolledAway.delete(key);
    return () => observer.disconnect();
  }

  /** Says which tiles there are, and which are covered. Reads what it depends on, for an effect. */
  update(tiles: readonly { readonly key: string; readonly isCovered: boolean }[]): void {
    const seen = tiles.map(({ key, isCovered }) => ({ key, unseen: this.#unseen(key, isCovered) }));
    untrack(() => {
      this.#sights = sightsAfter(this.#sights, seen, performance.now());
      this.#judge();
    });
  }

  /** Ends it. Safe to call twice. */
  close(): void {
    this.#life.abort();
    clearTimeout(this.#timer);
  }

  #unseen(key: string, isCovered: boolean): Unseen | undefined {
    if (this.#isHidden) return 'hidden';
    return isCovered ? 'covered' : this.#scrolledAway.has(key) ? 'scrolled' : undefined;
  }

  #judge(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const judged = asleep(this.#sights, now);
    if (!isSame(judged.asleep, this.#asleep)) this.#asleep = judged.asleep;
    if (judged.nextAt !== undefined && !this.#life.signal.aborted)
      this.#timer = setTimeout(() => this.#judge(), judged.nextAt - now + 1);
  }
}

function isSame(a: ReadonlyMap<string, Unseen>, b: ReadonlyMap<string, Unseen>): boolean {
  return a.size === b.size && [...a].every(([key, unseen]) => b.get(key) === unseen);
}
