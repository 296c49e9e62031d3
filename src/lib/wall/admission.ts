/** A tile that waits for its connection. */
export interface Waiting {
  readonly key: string;
  /** Smaller goes first. */
  readonly urgency: number;
}

/**
 * Negotiations at once: from the offer that is sent to the answer that is applied. More make each other slow, because a
 * browser sets up connections on its main thread.
 */
export const mostAtOnce = 4;

/** How urgent a tile's picture is: what the operator looks at first, then what can be seen, then reading order. */
export function urgencyOf(tile: { isSelected: boolean; isVisible: boolean; index: number }): number {
  return (tile.isSelected ? 0 : tile.isVisible ? 1_000 : 1_000_000) + tile.index;
}

/** Who may start now, and what place everybody else has in the queue, counted from 1. */
export interface Admitted {
  readonly start: readonly string[];
  readonly places: ReadonlyMap<string, number>;
}

/** Decides the queue: `running` negotiations keep their places, the most urgent fill what is free. */
export function admitted(waiting: readonly Waiting[], running: number, limit: number = mostAtOnce): Admitted {
  const order = waiting.toSorted((a, b) => a.urgency - b.urgency);
  const free = Math.max(0, limit - running);
  const start = order.slice(0, free).map((tile) => tile.key);
  const places = new Map(order.slice(free).map((tile, index) => [tile.key, index + 1] as const));
  return { start, places };
}
