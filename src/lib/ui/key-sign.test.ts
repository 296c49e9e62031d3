import { expect, it } from 'vitest';
import { digitOf, signOf } from './key-sign.ts';

it.each([
  // key, code, with Shift, what it stands for
  ['k', 'KeyK', false, 'k'],
  ['K', 'KeyK', true, 'K'],
  ['ن', 'KeyK', false, 'k'],
  ['و', 'Comma', false, ','],
  ['ز', 'Period', false, '.'],
  ['ظ', 'Slash', false, '/'],
  ['؟', 'Slash', true, '?'],
  ['،', 'KeyK', true, ','],
  ['ج', 'BracketLeft', false, '['],
  ['د', 'BracketRight', false, ']'],
  ['لا', 'KeyB', false, 'b'],
  ['\u064e', 'KeyQ', true, 'Q'],
  ['л', 'KeyK', false, 'k'],
  ['٧', 'Digit7', false, '7'],
  ['۷', 'Digit7', false, '7'],
  // Where keys are at other places but Latin, what is printed on them counts.
  ['z', 'KeyY', false, 'z'],
  ['ü', 'BracketLeft', false, 'ü'],
  ['-', 'Slash', false, '-'],
  ['Enter', 'Enter', false, 'Enter'],
  ['ArrowLeft', 'ArrowLeft', false, 'ArrowLeft'],
  ['Dead', 'BracketLeft', false, 'Dead'],
  [' ', 'Space', false, ' '],
])('%j at %s, Shift %s, is %j', (key, code, shiftKey, sign) => {
  expect(signOf({ key, code, shiftKey })).toBe(sign);
});

it('reads the digits of Arabic keyboards, and of nothing else', () => {
  expect(['3', '٣', '۳', 'x', '', '33'].map(digitOf)).toEqual([
    '3',
    '3',
    '3',
    undefined,
    undefined,
    undefined,
  ]);
});
