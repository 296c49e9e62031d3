import { describe, expect, it } from 'vitest';
import { readTypedTime } from './typed-time.ts';
import { zoneOf } from './zone.ts';

const now = Date.parse('2026-11-20T13:37:00+01:00');
const playhead = Date.parse('2026-11-18T09:15:30.250+01:00');
const berlin = zoneOf('Europe/Berlin');

function read(text: string, from = playhead) {
  const typed = readTypedTime(text, { zone: berlin, playhead: from, now, oldest: now - 90 * 86_400_000 });
  return 'fault' in typed ? typed.fault : new Date(typed.time).toISOString();
}

it.each([
  ['12:04', '2026-11-18T11:04:00.000Z'],
  ['  9:05 ', '2026-11-18T08:05:00.000Z'],
  ['12.04', '2026-11-18T11:04:00.000Z'],
  ['1204', '2026-11-18T11:04:00.000Z'],
  ['120431', '2026-11-18T11:04:31.000Z'],
  ['12:04:31', '2026-11-18T11:04:31.000Z'],
  ['12:04:31.5', '2026-11-18T11:04:31.500Z'],
  ['12:04:31.25', '2026-11-18T11:04:31.250Z'],
  ['١٢:٠٤', '2026-11-18T11:04:00.000Z'],
  ['today 12:04', '2026-11-20T11:04:00.000Z'],
  ['Yesterday 14:30', '2026-11-19T13:30:00.000Z'],
  ['yesterday', '2026-11-18T23:00:00.000Z'],
  ['2026-11-03 12:04:31', '2026-11-03T11:04:31.000Z'],
  ['2026-11-03T12:04:31', '2026-11-03T11:04:31.000Z'],
  ['2026-11-03T12:04:31Z', '2026-11-03T12:04:31.000Z'],
  ['2026-11-03T12:04:31+04:00', '2026-11-03T08:04:31.000Z'],
  ['2026-11-03', '2026-11-02T23:00:00.000Z'],
  ['3.11.2026 12:04', '2026-11-03T11:04:00.000Z'],
  ['3 Nov 12:04', '2026-11-03T11:04:00.000Z'],
  ['Tue, 3 November 2026, 12:04', '2026-11-03T11:04:00.000Z'],
  ['30 Sep', '2026-09-29T22:00:00.000Z'],
  ['-10m', '2026-11-18T08:05:30.250Z'],
  ['−10m', '2026-11-18T08:05:30.250Z'],
  ['+1h30m', '2026-11-18T09:45:30.250Z'],
  ['-1.5h', '2026-11-18T06:45:30.250Z'],
  ['-40ms', '2026-11-18T08:15:30.210Z'],
  ['-2d 3s', '2026-11-16T08:15:27.250Z'],
  ['now', '2026-11-20T12:37:00.000Z'],
  ['الآن', '2026-11-20T12:37:00.000Z'],
  ['اليوم ١٢:٠٤', '2026-11-20T11:04:00.000Z'],
  ['أمس ١٤:٣٠', '2026-11-19T13:30:00.000Z'],
  ['امس، 14:30', '2026-11-19T13:30:00.000Z'],
  ['أمس', '2026-11-18T23:00:00.000Z'],
  ['\u200f-١٠m', '2026-11-18T08:05:30.250Z'],
])('%j is %s', (text, expected) => {
  expect(read(text)).toBe(expected);
});

it.each([
  ['', 'unreadable'],
  ['soon', 'unreadable'],
  ['25:00', 'unreadable'],
  ['12:60', 'unreadable'],
  ['12', 'unreadable'],
  ['2026-02-30', 'unreadable'],
  ['31.11.2026 12:00', 'unreadable'],
  ['3 Foo 12:04', 'unreadable'],
  ['10m', 'unreadable'],
  ['3/11 12:04', 'ambiguous'],
  ['03/11/2026 12:04', 'ambiguous'],
  ['today 13:38', 'future'],
  ['+9d', 'future'],
  ['2026-01-01 12:00', 'too-old'],
  // 3 December lies ahead, so last year's is meant, of which nothing is kept.
  ['3 Dec', 'too-old'],
])('%j leads nowhere: %s', (text, fault) => {
  expect(read(text)).toBe(fault);
});

describe('in the night the clocks are put back', () => {
  it.each([
    ['2026-10-25 02:30', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25 02:30 A', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25 02:30 B', '2026-10-25T01:30:00.000Z'],
    ['2026-10-25 02:30:15b', '2026-10-25T01:30:15.000Z'],
    ['2026-10-25 03:30 B', 'unreadable'],
  ])('%j is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('ten minutes are ten minutes', () => {
    expect(read('-10m', Date.parse('2026-10-25T01:05:00Z'))).toBe('2026-10-25T00:55:00.000Z');
  });
});

it('says of an hour the clocks skip that it does not exist', () => {
  const context = { zone: berlin, playhead, now };
  expect(readTypedTime('2026-03-29 02:30', context)).toEqual({ fault: 'skipped' });
  expect(readTypedTime('2026-03-29 03:30', context)).toEqual({ time: Date.parse('2026-03-29T01:30:00Z') });
});
