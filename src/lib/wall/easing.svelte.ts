import {
  balanced,
  type Burden,
  type DecoderBudget,
  type Ease,
  strainOf,
  unstrained,
} from './decoder-budget.ts';
import type { Reception } from './decoder-budget.ts';

/** How often the strain is looked at, ms. */
const everyMs = 2_000;

/** Remembers which tiles give way to others on this computer. */
export class Easing {
  #budget = $state.raw<DecoderBudget>(unstrained);

  /** How a tile gives way; undefined while it need not. */
  of(key: string): Ease | undefined {
    return this.#budget.eased.get(key);
  }

  /** Looks at what is received, every few seconds, until the given way to stop is called. */
  follow(look: () => { burdens: readonly Burden[]; receptions: readonly Reception[] }): () => void {
    const timer = setInterval(() => {
      // A hidden page drops pictures on purpose.
      if (document.visibilityState === 'hidden') return;
      const { burdens, receptions } = look();
      const strain = strainOf(receptions, navigator.hardwareConcurrency || 2);
      this.#budget = balanced(this.#budget, burdens, strain, performance.now());
    }, everyMs);
    return () => clearInterval(timer);
  }
}
