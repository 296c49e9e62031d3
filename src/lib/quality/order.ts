import type { CameraQuality } from '#contract/quality.ts';

/** What the list of cameras can be sorted by. */
export const columns = ['number', 'name', 'score', 'factor', 'viewers', 'since'] as const;
export type Column = (typeof columns)[number];

/** How it is sorted. */
export interface Order {
  readonly by: Column;
  readonly isDescending: boolean;
}

/** The worst first: what the page is for. */
export const worstFirst: Order = { by: 'score', isDescending: false };

/** The order after a column was chosen: the other way round if it was chosen already. */
export const chosen = (before: Order, by: Column): Order =>
  before.by === by ? { by, isDescending: !before.isDescending } : { by, isDescending: by === 'viewers' };

/** The cameras in this order; equals the worst first, then by number. `language`: whose alphabet. */
export function sorted(
  cameras: readonly CameraQuality[],
  { by, isDescending }: Order,
  language: string,
): CameraQuality[] {
  const turn = isDescending ? -1 : 1;
  return cameras.toSorted((a, b) => {
    const [one, other] = [a[by], b[by]];
    const difference =
      typeof one === 'number' && typeof other === 'number'
        ? one - other
        : String(one).localeCompare(String(other), language, { numeric: true });
    return turn * difference || a.score - b.score || a.number - b.number;
  });
}
