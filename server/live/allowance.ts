import { Refusal } from '#server/http/refusal.ts';

/** So many at once, and so many a second in the long run, for each key. Kept per process: it bounds work, not rights. */
export interface Allowance {
  /** Takes one or throws `slow-down`. */
  take(key: string, now: number): void;
}

const mostKeys = 10_000;

export function createAllowance(burst: number, perSecond: number): Allowance {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(key, now) {
      const bucket = buckets.get(key) ?? { left: burst, at: now };
      const left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
      if (left < 1) throw new Refusal('slow-down', { retryAfterS: Math.ceil((1 - left) / perSecond) });
      // Last used last: the first key is the one to forget.
      buckets.delete(key);
      buckets.set(key, { left: left - 1, at: now });
      const oldest = buckets.keys().next();
      if (buckets.size > mostKeys && oldest.done !== true) buckets.delete(oldest.value);
    },
  };
}
