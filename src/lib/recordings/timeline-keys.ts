import type { TimeScale } from './time-scale.ts';

/** What a key asks of the timeline. */
export type TimelineMove =
  | { readonly do: 'go'; readonly time: number }
  | { readonly do: 'zoom'; readonly factor: number }
  | { readonly do: 'row'; readonly step: 1 | -1 };

interface Pressed {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

interface Place {
  readonly time: number;
  readonly scale: TimeScale;
  readonly now: number;
  readonly oldest: number | undefined;
}

const jumps = [
  40, 200, 1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 10_800_000,
  21_600_000, 43_200_000, 86_400_000,
];

/** How far an arrow goes at this zoom, ms: a round time of about eight pixels, so that it is seen to move. */
export function arrowMs({ msPerPx }: TimeScale): number {
  return jumps.find((jump) => jump >= msPerPx * 8) ?? 86_400_000;
}

/**
 * What `pressed` asks for. Left is older in every language, as on the picture of it. Arrows go a little, with Shift ten
 * times as far, Page keys a screen, Home and End to the oldest recording and to now. Undefined: not one of its keys.
 */
export function timelineKey(pressed: Pressed, { time, scale, now, oldest }: Place): TimelineMove | undefined {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return undefined;
  const kept = (to: number): TimelineMove => ({
    do: 'go',
    time: Math.min(now, Math.max(oldest ?? -Infinity, to)),
  });
  const arrow = arrowMs(scale) * (pressed.shiftKey ? 10 : 1);
  switch (pressed.key) {
    case 'ArrowLeft':
      return kept(time - arrow);
    case 'ArrowRight':
      return kept(time + arrow);
    case 'PageUp':
      return kept(time - scale.msPerPx * scale.width);
    case 'PageDown':
      return kept(time + scale.msPerPx * scale.width);
    case 'Home':
      return oldest === undefined ? undefined : { do: 'go', time: oldest };
    case 'End':
      return { do: 'go', time: now };
    case '+':
    case '=':
      return { do: 'zoom', factor: 2 };
    case '-':
    case '_':
      return { do: 'zoom', factor: 0.5 };
    case 'ArrowUp':
      return { do: 'row', step: -1 };
    case 'ArrowDown':
      return { do: 'row', step: 1 };
    default:
      return undefined;
  }
}
