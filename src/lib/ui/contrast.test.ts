import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast, type Oklch, readOklch } from './contrast.ts';

const css = readFileSync(new URL('app.css', import.meta.url), 'utf8');
const [usual, more] = [
  css.slice(css.indexOf('@theme'), css.indexOf('@media (prefers-contrast')),
  css.slice(css.indexOf('@media (prefers-contrast'), css.indexOf('@font-face')),
];
type Scheme = 'light' | 'dark';

/** The colour a token has in a scheme, as app.css says. */
function token(name: string, scheme: Scheme, from = usual): Oklch {
  const value = new RegExp(`--color-${name}:\\s*([^;]+);`).exec(from)?.[1];
  if (value === undefined) return from === usual ? readOklch(`no token ${name}`) : token(name, scheme);
  const pair = /^light-dark\((oklch\([^)]*\)),\s*(oklch\([^)]*\))\)$/.exec(value);
  return readOklch(pair?.[scheme === 'light' ? 1 : 2] ?? value);
}

const white = readOklch('oklch(1 0 0)');
const schemes: Scheme[] = ['dark', 'light'];
const surfaces = ['panel', 'raised', 'ground'];

describe('the arithmetic', () => {
  it('agrees with WCAG on the ends of the scale', () => {
    expect(contrast(white, readOklch('oklch(0 0 0)'))).toBeCloseTo(21, 5);
    expect(contrast(white, white)).toBe(1);
  });

  it('agrees with a pair computed elsewhere: #777 on white is 4.48:1', () => {
    expect(contrast(readOklch('oklch(0.5693 0 0)'), white)).toBeCloseTo(4.48, 1);
  });

  it('knows saturated colours: pure red on white is 4:1', () => {
    expect(contrast(readOklch('oklch(0.62796 0.25768 29.234)'), white)).toBeCloseTo(4, 1);
  });

  it('refuses what is not OKLCH', () => {
    expect(() => readOklch('#fff')).toThrow(TypeError);
  });
});

describe.each(schemes)('in the %s scheme', (scheme) => {
  it('text stands out from panels by 12:1, quiet text by 5:1', () => {
    expect(contrast(token('text', scheme), token('panel', scheme))).toBeGreaterThanOrEqual(12);
    expect(contrast(token('text-quiet', scheme), token('panel', scheme))).toBeGreaterThanOrEqual(5);
  });

  it.each([...surfaces, 'hover', 'chosen'])('text and quiet text can be read on %s (4.5:1)', (surface) => {
    for (const text of ['text', 'text-quiet'])
      expect(contrast(token(text, scheme), token(surface, scheme)), text).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['info', 'notice', 'warn', 'alarm', 'done'])('%s can be read as words on panels', (meaning) => {
    for (const surface of ['panel', 'raised'])
      expect(contrast(token(meaning, scheme), token(surface, scheme)), surface).toBeGreaterThanOrEqual(4.5);
  });

  it('controls have edges and focus has a ring of 3:1', () => {
    for (const surface of surfaces)
      for (const mark of ['edge', 'info'])
        expect(
          contrast(token(mark, scheme), token(surface, scheme)),
          `${mark} on ${surface}`,
        ).toBeGreaterThanOrEqual(3);
  });

  it('asks for more contrast and gets it', () => {
    for (const name of ['text', 'text-quiet', 'edge', 'info'])
      expect(contrast(token(name, scheme, more), token('panel', scheme, more)), name).toBeGreaterThan(
        contrast(token(name, scheme), token('panel', scheme)),
      );
    expect(contrast(token('text-quiet', scheme, more), token('panel', scheme, more))).toBeGreaterThanOrEqual(
      7,
    );
  });
});

describe('on pictures', () => {
  it('words on the scrim can be read even over a white sky', () => {
    expect(contrast(token('on-scrim', 'dark'), token('scrim', 'dark'), white)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['notice', 'warn', 'info'])('%s can be told from the scrim over a white sky', (meaning) => {
    expect(contrast(token(meaning, 'dark'), token('scrim', 'dark'), white)).toBeGreaterThanOrEqual(3);
  });
});
