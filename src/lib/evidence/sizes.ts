const steps = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.4 GB`: decimal, as disks are sold and file managers count. */
export function bytesText(bytes: number, language: string): string {
  const step = Math.min(steps.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: steps[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(bytes / 1000 ** step);
}

/** `1:02:03` or `2:03`: how long something is, in the language's digits. */
export function lengthText(ms: number, language: string): string {
  const seconds = Math.round(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts
    .map((part, i) =>
      new Intl.NumberFormat(language, { minimumIntegerDigits: i === 0 ? 1 : 2, useGrouping: false }).format(
        part,
      ),
    )
    .join(':');
}
