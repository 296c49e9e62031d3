import { describe, expect, it } from 'vitest';
import { rulerOf, type Tick } from './ruler.ts';
import { momentText } from './time-labels.ts';
import { panBy, scaleOf, zoomAround } from './time-scale.ts';
import { offsetWords, Zone, zoneOf } from './zone.ts';

const hour = 3_600_000;
const day = 24 * hour;
const measure = (text: string) => text.length * 6.5;
const berlin = zoneOf('Europe/Berlin');
const utc = zoneOf('UTC');
/** Clocks in Berlin went back from 03:00 to 02:00 at this moment, and on from 02:00 to 03:00 at the other. */
const back = Date.UTC(2026, 9, 25, 1);
const on = Date.UTC(2026, 2, 29, 1);

function labels(start: number, end: number, zone: Zone, width = 1200) {
  const ruler = rulerOf(scaleOf({ start, end }, width), { zone, language: 'en-GB', measure });
  return ruler.ticks.filter((tick) => tick.label !== undefined && tick.x >= 0 && tick.x <= width);
}
const words = (ticks: readonly Tick[]) => ticks.map(({ label }) => label);

describe('a zone', () => {
  it.each([
    ['UTC', Date.UTC(2026, 5, 1), 0],
    ['Asia/Dubai', Date.UTC(2026, 5, 1), 4],
    ['Europe/Berlin', back - 1, 2],
    ['Europe/Berlin', back, 1],
    ['Europe/Berlin', on - 1, 1],
    ['Europe/Berlin', on, 2],
    ['Asia/Kathmandu', Date.UTC(2026, 5, 1), 5.75],
    ['America/St_Johns', Date.UTC(2026, 0, 1), -3.5],
    ['Australia/Lord_Howe', Date.UTC(2026, 0, 1), 11],
    ['Australia/Lord_Howe', Date.UTC(2026, 6, 1), 10.5],
  ])('%s at %i is %d hours ahead of UTC', (name, time, hours) => {
    expect(zoneOf(name).offsetAt(time)).toBe(hours * hour);
  });

  it('finds the moments of a clock time: two in the fold, none in the gap', () => {
    const local = (h: number, m: number, month: number, date: number) => Date.UTC(2026, month, date, h, m);
    expect(berlin.momentsOf(local(2, 30, 9, 25))).toEqual([back - hour / 2, back + hour / 2]);
    expect(berlin.momentsOf(local(2, 0, 9, 25))).toEqual([back - hour, back]);
    expect(berlin.momentsOf(local(3, 0, 9, 25))).toEqual([back + hour]);
    expect(berlin.momentsOf(local(2, 30, 2, 29))).toEqual([]);
    expect(berlin.momentsOf(local(3, 0, 2, 29))).toEqual([on]);
  });

  it('begins its days at the first moment they have, also where midnight is skipped', () => {
    expect(berlin.startOfDay(back + 5 * hour)).toBe(Date.UTC(2026, 9, 24, 22));
    // Clocks in Cairo are put on at midnight: the day begins at one.
    const cairo = zoneOf('Africa/Cairo');
    const change = cairo.changes(Date.UTC(2026, 3, 20), Date.UTC(2026, 4, 1))[0]!;
    expect(change.shiftMs).toBe(hour);
    expect(cairo.startOfDay(change.at + 3 * hour)).toBe(change.at);
  });

  it('says its offset in words', () => {
    expect([0, 4, -3.5, 5.75].map((hours) => offsetWords(hours * hour))).toEqual([
      'UTC',
      'UTC+4',
      'UTC−3:30',
      'UTC+5:45',
    ]);
  });

  it('is refused by a name nobody knows', () => {
    expect(() => new Zone('Mars/Olympus')).toThrow(RangeError);
  });
});

describe('labels', () => {
  const noon = Date.UTC(2026, 10, 20, 12);
  it.each([
    ['five seconds', 5_000, 1200, ['12:00:00.5', '12:00:01.0']],
    ['a minute', 60_000, 1200, ['12:00:05', '12:00:10']],
    ['an hour', hour, 1200, ['12:05', '12:10']],
    ['half a day', 12 * hour, 1200, ['13:00', '14:00']],
    ['a week', 7 * day, 1200, ['Sat, 21 Nov 2026', '12:00']],
    ['a fortnight', 14 * day, 1200, ['21 Nov', '22 Nov']],
    ['ninety days', 90 * day, 1200, ['23 Nov', '1 Dec']],
    ['ninety days on a phone', 90 * day, 390, ['December 2026', 'January 2027']],
  ])('of %s are whole', (_, length, width, expected) => {
    const found = words(labels(noon + 1, noon + length, utc, width));
    expect(found.slice(0, 2)).toEqual(expected);
    expect(found.length).toBeGreaterThan(1);
  });

  it('give the date in full at midnight', () => {
    expect(words(labels(noon, noon + day, utc))).toContain('Sat, 21 Nov 2026');
  });

  it.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Africa/Cairo'])(
    'never overlap in %s, at any zoom, at any place',
    (name) => {
      for (const around of [back, on, noon, Date.UTC(2026, 3, 23, 22)])
        for (let length = 5_000; length < 92 * day; length *= 1.9)
          for (const width of [390, 1918]) {
            const scale = scaleOf({ start: around - length / 2, end: around + length / 2 }, width);
            const { ticks } = rulerOf(scale, { zone: zoneOf(name), language: 'en-GB', measure });
            const drawn = ticks.filter((tick) => tick.label !== undefined);
            for (const [i, tick] of drawn.entries()) {
              const next = drawn[i + 1];
              if (next)
                expect(next.x - measure(next.label ?? '') / 2).toBeGreaterThan(
                  tick.x + measure(tick.label ?? '') / 2,
                );
            }
          }
    },
  );

  it('do not jump: as time flows by, each stays with its moment until it has left', () => {
    const known = new Map<number, string | undefined>();
    let scale = scaleOf({ start: back - 12 * hour, end: back + 12 * hour }, 1200);
    for (let i = 0; i < 400; i++) {
      const { ticks } = rulerOf(scale, { zone: berlin, language: 'en-GB', measure });
      const shown = ticks.filter(({ x }) => x > 120 && x < 1080);
      expect(shown.length).toBeGreaterThan(4);
      for (const { time, label } of shown) {
        if (known.has(time)) expect(label).toBe(known.get(time));
        known.set(time, label);
      }
      scale = panBy(scale, i % 7 === 0 ? 5.3 : -7.7);
    }
  });

  it('stay when one zooms in: what had a tick keeps it', () => {
    let scale = scaleOf({ start: noon - 2 * day, end: noon + 2 * day }, 1200);
    const inMiddle = () =>
      rulerOf(scale, { zone: berlin, language: 'en-GB', measure }).ticks.filter(
        ({ x }) => x > 500 && x < 700,
      );
    let before = inMiddle();
    for (let i = 0; i < 60; i++) {
      scale = zoomAround(scale, 600, 1.2);
      const now = new Set(inMiddle().map(({ time }) => time));
      for (const tick of before) {
        const x = (tick.time - scale.start) / scale.msPerPx;
        if (x > 500 && x < 700) expect(now.has(tick.time)).toBe(true);
      }
      before = inMiddle();
    }
  });
});

describe('where clocks are put back', () => {
  const night = labels(back - 3 * hour - 1, back + 2 * hour + 1, berlin);
  it('the hour is there twice, and marked', () => {
    expect(words(night).filter((label) => label?.startsWith('02:'))).toEqual([
      '02:00 A',
      '02:30 A',
      '02:00 B',
      '02:30 B',
    ]);
    expect(words(night)).toContain('01:30');
    expect(words(night)).toContain('03:00');
  });

  it('ticks are as far apart as ever', () => {
    const ways = night.slice(1).map((tick, i) => tick.x - (night[i]?.x ?? 0));
    expect(Math.max(...ways) - Math.min(...ways)).toBeLessThan(0.001);
  });

  it('the change itself is marked', () => {
    const scale = scaleOf({ start: back - hour, end: back + hour }, 1000);
    expect(rulerOf(scale, { zone: berlin, language: 'en-GB', measure }).changes).toEqual([
      { at: back, shiftMs: -hour, x: 500 },
    ]);
  });

  it('a moment is written so that it cannot be taken for the other', () => {
    expect(momentText(back - hour / 2, berlin, 'en-GB')).toBe('Sun, 25 Oct 2026, 02:30:00 A UTC+2');
    expect(momentText(back + hour / 2, berlin, 'en-GB')).toBe('Sun, 25 Oct 2026, 02:30:00 B UTC+1');
    expect(momentText(back + hour / 2 + 250, utc, 'en-GB', 'milli')).toBe(
      'Sun, 25 Oct 2026, 01:30:00.250 UTC',
    );
  });
});

it('has nothing of the hour that is skipped when clocks are put on', () => {
  const night = labels(on - 1.9 * hour, on + 2 * hour, berlin);
  expect(words(night).some((label) => label?.startsWith('02:'))).toBe(false);
  const at = words(night).indexOf('01:45');
  expect(words(night).slice(at - 1, at + 3)).toEqual(['01:30', '01:45', '03:00', '03:15']);
  const ways = night.slice(1).map((tick, i) => tick.x - (night[i]?.x ?? 0));
  expect(Math.max(...ways) - Math.min(...ways)).toBeLessThan(0.001);
});
