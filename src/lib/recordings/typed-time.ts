import type { Zone } from './zone.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export interface TypedContext {
  readonly zone: Zone;
  /** What is being looked at: a time without a date is meant on its day, `-10m` from there. */
  readonly playhead: number;
  readonly now: number;
  /** The oldest moment that is kept, if it is known. */
  readonly oldest?: number | undefined;
}

/** Why what was typed leads nowhere. */
export type TypedFault =
  /** Not a time we can read. */
  | 'unreadable'
  /** `3/11`: March or November? */
  | 'ambiguous'
  /** The clocks were put on past it. */
  | 'skipped'
  | 'future'
  /** Older than what is kept. */
  | 'too-old';

export type Typed = { readonly time: number } | { readonly fault: TypedFault };

const english = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const clockPattern = /^(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,3}))?)?\s*([ab])?$/;
const packedPattern = /^(\d{2})(\d{2})(\d{2})?$/;
const isoPattern = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[t\s]+(.+))?$/;
const dottedPattern = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s+(.+))?$/;
const namedPattern = /^(?:[a-z]{3,9},?\s+)?(\d{1,2})\.?\s+([a-z]{3,9})\.?,?(?:\s+(\d{4}))?,?(?:\s+(.+))?$/;
const shiftPattern = /^([+\u2212-])\s*((?:\d+(?:[.,]\d+)?\s*(?:ms|d|h|m|s)\s*)+)$/;
const units: Readonly<Record<string, number>> = { ms: 1, s: second, m: minute, h: hour, d: day };

/** Digits of other scripts as 0 to 9, and no capitals. */
function plain(text: string): string {
  return (
    text
      // What only tells which way text runs; some keyboards type it before a minus.
      .replace(/[\u200e\u200f\u061c\u2066-\u2069]/g, '')
      .trim()
      .toLowerCase()
      .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
      .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
      .replace(/\s+/g, ' ')
  );
}

/**
 * The moment that was typed: `12:04`, `12:04:31.5`, `1204`, `yesterday 14:30`, `2026-11-03 12:04:31`, `3.11.2026 12:04`,
 * `3 Nov 12:04`, `-10m`, `+1h30m`, `now`, the Arabic words for today, yesterday and now, or ISO 8601 with its own offset. Clock times are those of `zone`; of a time
 * that the clocks show twice the first is meant unless `B` follows it (`02:30 B`).
 */
export function readTypedTime(text: string, context: TypedContext): Typed {
  const typed = plain(text);
  const found = readPlain(typed, context);
  if ('fault' in found) return found;
  const time = Math.round(found.time);
  if (time > context.now) return { fault: 'future' };
  if (context.oldest !== undefined && time < context.oldest) return { fault: 'too-old' };
  return { time };
}

function readPlain(typed: string, context: TypedContext): Typed {
  const { zone, playhead, now } = context;
  if (['now', 'live', 'الآن', 'الان'].includes(typed)) return { time: now };

  const shift = shiftPattern.exec(typed);
  if (shift) {
    let length = 0;
    for (const [, count = '', unit = ''] of (shift[2] ?? '').matchAll(/(\d+(?:[.,]\d+)?)\s*(ms|d|h|m|s)/g))
      length += Number(count.replace(',', '.')) * (units[unit] ?? 0);
    return { time: playhead + (shift[1] === '+' ? length : -length) };
  }

  // With an offset of its own it is a moment in every zone.
  if (/^\d{4}-\d{2}-\d{2}t.+(z|[+-]\d{2}:?\d{2})$/.test(typed)) {
    const time = Date.parse(typed.toUpperCase());
    return Number.isNaN(time) ? { fault: 'unreadable' } : { time };
  }
  if (/^\d{1,2}\/\d{1,2}(\/|\b)/.test(typed)) return { fault: 'ambiguous' };

  const today = midnightOf(zone.localOf(now));
  const relative = /^(today|yesterday|اليوم|أمس|امس)(?:[,،]?\s+(.+))?$/.exec(typed);
  if (relative)
    return at(relative[1] === 'today' || relative[1] === 'اليوم' ? today : today - day, relative[2], zone);

  const iso = isoPattern.exec(typed);
  if (iso) return at(dateOf(Number(iso[1]), Number(iso[2]), Number(iso[3])), iso[4], zone);
  const dotted = dottedPattern.exec(typed);
  if (dotted) return at(dateOf(Number(dotted[3]), Number(dotted[2]), Number(dotted[1])), dotted[4], zone);
  const named = namedPattern.exec(typed);
  const month = named ? english.indexOf((named[2] ?? '').slice(0, 3)) : -1;
  if (named && month >= 0) {
    const date = (year: number) => dateOf(year, month + 1, Number(named[1]));
    const thisYear = new Date(today).getUTCFullYear();
    if (named[3] !== undefined) return at(date(Number(named[3])), named[4], zone);
    // Without a year the last one is meant.
    const latest = date(thisYear);
    return at(latest !== undefined && latest > today ? date(thisYear - 1) : latest, named[4], zone);
  }
  return at(midnightOf(zone.localOf(playhead)), typed, zone);
}

/** Midnight of the day as local ms; undefined for days that no calendar has. */
function dateOf(year: number, month: number, date: number): number | undefined {
  const local = Date.UTC(year, month - 1, date);
  const back = new Date(local);
  return back.getUTCMonth() === month - 1 && back.getUTCDate() === date ? local : undefined;
}

function midnightOf(local: number): number {
  return Math.floor(local / day) * day;
}

/** A clock time on a local day; midnight without one. */
function at(midnight: number | undefined, clock: string | undefined, zone: Zone): Typed {
  if (midnight === undefined) return { fault: 'unreadable' };
  if (clock === undefined)
    return { time: zone.startOfDay(zone.momentsOf(midnight + 12 * hour)[0] ?? midnight) };
  const match = clockPattern.exec(clock) ?? packedPattern.exec(clock);
  if (!match) return { fault: 'unreadable' };
  const [hours, minutes, seconds] = [match[1], match[2], match[3] ?? '0'].map(Number) as [
    number,
    number,
    number,
  ];
  if (hours > 23 || minutes > 59 || seconds > 59) return { fault: 'unreadable' };
  const fraction = Number(`0.${match[4] ?? '0'}`) * 1000;
  const moments = zone.momentsOf(midnight + hours * hour + minutes * minute + seconds * second + fraction);
  const [first, later] = moments;
  if (first === undefined) return { fault: 'skipped' };
  if (match[5] === 'b') return later === undefined ? { fault: 'unreadable' } : { time: later };
  return { time: first };
}
