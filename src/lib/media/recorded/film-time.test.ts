import { describe, expect, it } from 'vitest';
import { FilmTime, keepTo } from './film-time.ts';

const noon = Date.UTC(2026, 10, 20, 12);
/** Twelve seconds, a gap of a minute, six more. */
function film(): FilmTime {
  const time = new FilmTime();
  time.pieces = [
    { start: 0, duration: 6, programDateTime: noon, cc: 0 },
    { start: 6, duration: 6, programDateTime: noon + 6_000, cc: 0 },
    { start: 12, duration: 6, programDateTime: noon + 72_000, cc: 1 },
  ];
  return time;
}

describe('element time and recorded time', () => {
  it.each([
    [0, noon],
    [7.5, noon + 7_500],
    [13, noon + 73_000],
  ])('%s s is %s, and back', (media, epoch) => {
    expect(film().epochOf(media)).toBe(epoch);
    expect(film().mediaOf(epoch)).toBe(media);
  });

  it('knows a gap from what the playlist does not reach', () => {
    expect(film().mediaOf(noon + 30_000)).toBe('gap');
    expect(film().mediaOf(noon - 1)).toBeUndefined();
    expect(film().mediaOf(noon + 90_000)).toBeUndefined();
    expect(film().epochOf(30)).toBeUndefined();
  });

  it('believes the media where it says otherwise than the playlist', () => {
    const time = film();
    time.learn(0, noon / 1000 + 0.04);
    expect(time.epochOf(6)).toBe(noon + 6_040);
    expect(time.mediaOf(noon + 6_040)).toBeCloseTo(6, 6);
    expect(time.epochOf(13)).toBe(noon + 73_000);
  });
});

it.each([
  [0, 1, { do: 'play', rate: 1 }],
  [50, 1, { do: 'play', rate: 1.1 }],
  [-200, 1, { do: 'play', rate: 0.8 }],
  [301, 1, { do: 'seek' }],
  [-2_000, 1, { do: 'seek' }],
  [1_000, 4, { do: 'play', rate: 4.8 }],
] as const)('%s ms behind at %s×', (off, speed, keeping) => {
  const kept = keepTo(off, speed);
  expect(kept.do).toBe(keeping.do);
  if (kept.do === 'play' && keeping.do === 'play') expect(kept.rate).toBeCloseTo(keeping.rate, 6);
});
