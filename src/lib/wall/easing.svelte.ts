import {
  balanced,
  type Burden,
  type DecoderBudget,
  type Ease,
  type Reception,
  strainOf,
  unstrained,
} from './decoder-budget.ts';

/** How often the strain is looked at, ms. */
const everyMs = 2_000;

/** Remembers which tiles give way to others on this computer. */
export class Easing {
  #budget = $state.raw<DecoderBudget>(unstrained);

  /** How a tile gives way; undefined while it need not. */
  of(key: string): Ease | undefined {
    return this.#budget.eased.get(key);
  }

  /** Looks at what is received, every few seconds, until `signal` is aborted. */
  follow(
    look: () => { burdens: readonly Burden[]; receptions: readonly Reception[] },
    signal: AbortSignal,
  ): void {
    const timer = setInterval(() => {
      // A hidden page drops pictures on purpose.
      if (document.visibilityState === 'hidden') return;
      const { burdens, receptions } = look();
      const strain = strainOf(receptions, navigator.hardwareConcurrency || 2);
      this.#budget = balanced(this.#budget, burdens, strain, performance.now());
    }, everyMs);
    signal.addEventListener('abort', () => clearInterval(timer));
  }
}
