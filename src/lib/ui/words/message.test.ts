import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { compileMessage, type WordValues } from './message.ts';

/** What a complete implementation of ICU MessageFormat says. */
function complete(message: string, code: string, values: WordValues): string {
  return String(new IntlMessageFormat(message, code, undefined, { ignoreTag: true }).format(values));
}

/** Every name that a message of the catalogue can ask for, filled with the same value. */
function filled(message: string, value: number): WordValues {
  const names = [...message.matchAll(/\{\s*(\w+)\s*[,}]/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, value]));
}

const withValues = Object.entries(en).filter(([, message]) => message.includes('{'));

describe('a message', () => {
  it.each(withValues)('%s says what a complete implementation says', (_, message) => {
    for (const value of [0, 1, 2, 3, 11, 21, 100, 1234.56, Date.UTC(2026, 2, 9, 5, 7, 3)]) {
      const values = filled(message, value);
      expect(compileMessage(message, 'en')(values)).toBe(complete(message, 'en', values));
    }
  });

  const arabic =
    '{n, plural, zero {لا كاميرات} one {كاميرا واحدة} two {كاميرتان} few {# كاميرات} many {# كاميرا} other {# كاميرا}}';
  it.each([0, 1, 2, 3, 10, 11, 99, 100, 102, 1.5])('counts %d cameras by the rules of the language', (n) => {
    expect(compileMessage(arabic, 'ar-EG')({ n })).toBe(complete(arabic, 'ar-EG', { n }));
  });

  it.each([
    ["it''s {a}", { a: 'x' }],
    ["it's {a}", { a: 'x' }],
    ["'{a}' is not filled, {a} is", { a: 'x' }],
    ["{n, plural, one {'#' is #} other {# of {a, select, day {days} other {‹{a}›}}}}", { n: 1, a: 'night' }],
    ["{n, plural, one {'#' is #} other {# of {a, select, day {days} other {‹{a}›}}}}", { n: 5, a: 'night' }],
    [
      '{n, plural, =0 {none} other {{n, number, ::.00} in {m, plural, one {# row} other {# rows}}}}',
      { n: 7, m: 1 },
    ],
    ['# is itself outside', {}],
    ['{n, number, percent} {n, number, ::.0#}', { n: 0.256 }],
    ['{t, date} {t, date, long} {t, time, short} {t, date, ::yMMMMEEEEd} {t, time, ::hmmss}', { t: 1e12 }],
  ] as const)('%s', (message, values) => {
    expect(compileMessage(message, 'en')(values as WordValues)).toBe(
      complete(message, 'en', values as WordValues),
    );
  });

  it('needs every value it names', () => {
    expect(() => compileMessage('{a} and {b}', 'en')({ a: 'x' })).toThrow('{b}');
  });

  it.each([
    '{a',
    'a}',
    '{}',
    '{a, none}',
    '{a, plural, one {x}}',
    '{a, number, ::scale/100}',
    '{a, date, ::Q}',
  ])('does not compile %s', (message) => {
    expect(() => compileMessage(message, 'en')).toThrow(SyntaxError);
  });
});
