import { offsetWords, type Zone } from './zone.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** Day before month, as everywhere but in one country: a control room must not take 3 November for 11 March. */
const localeOf = (language: string): string => (/^en(-x-|$)/.test(language) ? 'en-GB' : language);

/** Formats "local ms" (zone.ts): the arithmetic is done, so the format itself runs in UTC. */
function written(local: number, language: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${language} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(localeOf(language), {
      calendar: 'gregory',
      hourCycle: 'h23',
      ...options,
      timeZone: 'UTC',
    });
    formats.set(key, format);
  }
  return format.format(local);
}

const hourMinute = { hour: '2-digit', minute: '2-digit' } as const;
const hourMinuteSecond = { ...hourMinute, second: '2-digit' } as const;

/** How fine a time is written. `tenth` and `milli` are fractions of a second. */
export type Fineness = 'minute' | 'second' | 'tenth' | 'milli';

/** `12:04`, `12:04:31`, `12:04:31.2` from local ms. */
export function timeText(local: number, fineness: Fineness, language: string): string {
  switch (fineness) {
    case 'minute':
      return written(local, language, hourMinute);
    case 'second':
      return written(local, language, hourMinuteSecond);
    case 'tenth':
      return written(local, language, { ...hourMinuteSecond, fractionalSecondDigits: 1 });
    case 'milli':
      return written(local, language, { ...hourMinuteSecond, fractionalSecondDigits: 3 });
  }
}

/** `Fri, 20 Nov 2026` from local ms. */
export function dateText(local: number, language: string): string {
  return written(local, language, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
}

/** `20 Nov` from local ms. */
export function shortDateText(local: number, language: string): string {
  return written(local, language, { day: 'numeric', month: 'short' });
}

/** `November 2026` from local ms. */
export function monthText(local: number, language: string): string {
  return written(local, language, { month: 'long', year: 'numeric' });
}

/** `M`, `T`, … for the local day. */
export function weekdayText(local: number, language: string): string {
  return written(local, language, { weekday: 'short' });
}

/** The day of the month in the language's digits. */
export function dayText(local: number, language: string): string {
  return written(local, language, { day: 'numeric' });
}

/**
 * What marks a time that the clocks show twice: A the first time, B the second, as German railways write it (DIN 1355).
 * Empty otherwise.
 */
export function foldMark(time: number, zone: Zone): '' | ' A' | ' B' {
  const fold = zone.foldAt(time);
  return fold === undefined ? '' : fold === 'first' ? ' A' : ' B';
}

/** `Fri, 20 Nov 2026, 12:04:31.2 UTC+4`: a moment that nobody can take for another. */
export function momentText(
  time: number,
  zone: Zone,
  language: string,
  fineness: Fineness = 'second',
): string {
  const local = zone.localOf(time);
  const clock = `${timeText(local, fineness, language)}${foldMark(time, zone)}`;
  return `${dateText(local, language)}, ${clock} ${offsetWords(zone.offsetAt(time))}`;
}
