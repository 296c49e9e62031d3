/** The value that `share` (0…1) of the sorted values do not exceed, by nearest rank; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** Median, 95th percentile and extremes, rounded to whole units. */
export function spread(values: readonly number[]): {
  p50: number;
  p95: number;
  min: number;
  max: number;
  n: number;
} {
  return {
    p50: Math.round(quantile(values, 0.5)),
    p95: Math.round(quantile(values, 0.95)),
    min: Math.round(quantile(values, 0)),
    max: Math.round(quantile(values, 1)),
    n: values.length,
  };
}
