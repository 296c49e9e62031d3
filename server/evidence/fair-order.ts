/** Somebody's export that waits. */
export interface Waiting {
  readonly id: string;
  readonly userId: string;
  /** Since when, epoch ms. */
  readonly since: number;
}

/**
 * In which order waiting exports begin: whose owner has the fewest running (or begun before it in this order) comes
 * first, and of those who has waited longest.
 * @param running how many each person has running now, by their id
 */
export function fairOrder(waiting: readonly Waiting[], running: ReadonlyMap<string, number>): Waiting[] {
  const counts = new Map(running);
  const left = [...waiting].sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1));
  const order: Waiting[] = [];
  const countOf = ({ userId }: Waiting): number => counts.get(userId) ?? 0;
  while (left.length > 0) {
    const fewest = Math.min(...left.map(countOf));
    const next = left.findIndex((one) => countOf(one) === fewest);
    const [chosen] = left.splice(next, 1);
    if (chosen === undefined) break;
    counts.set(chosen.userId, fewest + 1);
    order.push(chosen);
  }
  return order;
}
