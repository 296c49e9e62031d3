import type { QualityFactor } from '#contract/quality.ts';

/** What it was like to watch a camera for ten seconds or so, as it is kept. */
export interface Stretch {
  /** When it ended, epoch ms, the viewer's clock. */
  readonly at: number;
  /** How long it was watched, s. */
  readonly seconds: number;
  /** The mean, 0 to 100. */
  readonly score: number;
  /** The worst second. */
  readonly worst: number;
  /** What limited most of the seconds. */
  readonly factor: QualityFactor;
  /** Of the time, how much there was a live picture, 0 to 1. */
  readonly liveShare: number;
}

/** Why there is no history: storage is refused here, it is full, or somebody else has signed in since. */
export type NoHistory = 'refused' | 'full' | 'other-person';

/** What is kept of a camera, oldest first; or why nothing is. */
export type Kept =
  | { readonly status: 'kept'; readonly stretches: readonly Stretch[] }
  | { readonly status: 'none'; readonly why: NoHistory };

/** Where the history of cameras is looked up. Never throws: it is a help, not a record. */
export interface HistoryBook {
  /** The stretches of a camera that ended after `since`, epoch ms. */
  read(cameraId: string, since: number): Promise<Kept>;
}

export const hourMs = 3_600_000;
/** No history is older, ms. */
export const dayMs = 24 * hourMs;

/** How a camera was to watch over some time. */
export interface Summary {
  /** Of that time, how long it was watched, s. */
  readonly seconds: number;
  readonly score: number;
  readonly worst: number;
  /** When the worst was, epoch ms. */
  readonly worstAt: number;
  readonly liveShare: number;
  /** What limited it, and for how long, the longest first. Empty: nothing ever did. */
  readonly limits: readonly { readonly factor: QualityFactor; readonly seconds: number }[];
}

/** All of these in one; undefined where there are none. */
export function summed(stretches: readonly Stretch[]): Summary | undefined {
  const seconds = stretches.reduce((sum, one) => sum + one.seconds, 0);
  if (seconds === 0) return undefined;
  const mean = (value: (one: Stretch) => number): number =>
    stretches.reduce((sum, one) => sum + value(one) * one.seconds, 0) / seconds;
  const worst = stretches.reduce((a, b) => (b.worst < a.worst ? b : a));
  const byFactor = new Map<QualityFactor, number>();
  for (const one of stretches)
    if (one.factor !== 'none') byFactor.set(one.factor, (byFactor.get(one.factor) ?? 0) + one.seconds);
  return {
    seconds,
    score: Math.round(mean((one) => one.score)),
    worst: worst.worst,
    worstAt: worst.at,
    liveShare: mean((one) => one.liveShare),
    limits: [...byFactor]
      .map(([factor, its]) => ({ factor, seconds: its }))
      .sort((a, b) => b.seconds - a.seconds),
  };
}

/** The last `spanMs` before `now`, cut into `count` columns of one length; undefined where nobody watched. */
export function columnsOf(
  stretches: readonly Stretch[],
  now: number,
  spanMs: number,
  count: number,
): readonly (Summary | undefined)[] {
  const columns: Stretch[][] = Array.from({ length: count }, () => []);
  for (const one of stretches) {
    // A stretch that ended this moment belongs to the last column, not to one behind it.
    const index = Math.ceil(((one.at - (now - spanMs)) / spanMs) * count) - 1;
    columns[index]?.push(one);
  }
  return columns.map(summed);
}

/** What a report holds of it: the last hour, the last day; or why there is none. */
export type HistoryAccount =
  { readonly hour: Summary | undefined; readonly day: Summary | undefined } | { readonly none: NoHistory };

/** The account of what is kept, for a report made `now`. */
export function historyAccount(kept: Kept, now: number): HistoryAccount {
  if (kept.status === 'none') return { none: kept.why };
  const since = (ms: number): Summary | undefined => summed(kept.stretches.filter(({ at }) => at > now - ms));
  return { hour: since(hourMs), day: since(dayMs) };
}

/** Its lines in a report, in English as all of it. */
export function historyLines(account: HistoryAccount): string[] {
  if ('none' in account) return [`history: none (${account.none})`];
  const line = (name: string, summary: Summary | undefined): string => {
    if (summary === undefined) return `${name}: not watched`;
    const limits = summary.limits.map(({ factor, seconds }) => `${factor} ${Math.round(seconds)} s`);
    return [
      `${name}: watched ${Math.round(summary.seconds)} s, live ${(summary.liveShare * 100).toFixed(1)} %`,
      `score ${summary.score}, worst ${summary.worst} at ${new Date(summary.worstAt).toISOString()}`,
      `limited by ${limits.join(', ') || 'nothing'}`,
    ].join(', ');
  };
  return [line('last hour', account.hour), line('last 24 h', account.day)];
}
