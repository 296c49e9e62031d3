import { describe, expect, it } from 'vitest';
import { type Command, commandFor, type Situation, type Stroke } from './keys.ts';

const calm: Situation = {
  isArranging: false,
  digits: '',
  isRightToLeft: false,
  isTileFull: false,
  isRewound: false,
  hasLetterKeys: true,
};

/** `Ctrl+Shift+Z` → a stroke. */
function stroke(text: string): Stroke {
  const parts = text.split(/\+(?=.)/);
  const has = (name: string) => parts.slice(0, -1).includes(name);
  return { key: parts.at(-1)!, ctrl: has('Ctrl'), shift: has('Shift'), alt: has('Alt') };
}

describe('keys on the wall', () => {
  it.each<[string, Command | undefined]>([
    ['ArrowLeft', { do: 'select', direction: 'start' }],
    ['ArrowDown', { do: 'select', direction: 'down' }],
    ['Shift+ArrowLeft', { do: 'carry', direction: 'start' }],
    ['Home', { do: 'select-end', end: 'first' }],
    ['7', { do: 'type', digits: '7' }],
    ['٧', { do: 'type', digits: '7' }],
    ['Enter', { do: 'tile-full' }],
    ['f', { do: 'tile-full' }],
    ['Shift+F', { do: 'wall-full' }],
    ['Delete', { do: 'clear' }],
    ['Backspace', { do: 'clear' }],
    ['Ctrl+z', { do: 'undo' }],
    ['Ctrl+Shift+Z', { do: 'redo' }],
    ['Ctrl+y', { do: 'redo' }],
    ['Ctrl+s', { do: 'save' }],
    ['Ctrl+Shift+S', { do: 'save-as' }],
    ['/', { do: 'search' }],
    ['?', { do: 'keys' }],
    [',', { do: 'rewind' }],
    ['r', { do: 'recordings' }],
    ['.', undefined],
    ['Escape', undefined],
    ['Tab', undefined],
    ['Ctrl+c', undefined],
    ['Ctrl+Alt+z', undefined],
    ['Alt+ArrowLeft', undefined],
  ])('%s', (text, command) => {
    expect(commandFor(stroke(text), calm)).toEqual(command);
  });
});

describe('digits', () => {
  const typing = { ...calm, digits: '12' };

  it.each<[string, Command]>([
    ['3', { do: 'type', digits: '123' }],
    ['Backspace', { do: 'type', digits: '1' }],
    ['Enter', { do: 'call', number: 12 }],
    ['Escape', { do: 'leave' }],
    ['ArrowRight', { do: 'select', direction: 'end' }],
  ])('after 1 2, %s', (text, command) => {
    expect(commandFor(stroke(text), typing)).toEqual(command);
  });

  it('stop at five', () => {
    expect(commandFor(stroke('6'), { ...calm, digits: '12345' })).toEqual({ do: 'type', digits: '12345' });
  });

  it('still call cameras up when letters are switched off', () => {
    const quiet = { ...calm, hasLetterKeys: false };
    expect(commandFor(stroke('f'), quiet)).toBeUndefined();
    expect(commandFor(stroke('1'), quiet)).toEqual({ do: 'type', digits: '1' });
  });
});

it('follows reading direction: left leads on in a right-to-left layout', () => {
  const rtl = { ...calm, isRightToLeft: true };
  expect(commandFor(stroke('ArrowLeft'), rtl)).toEqual({ do: 'select', direction: 'end' });
  expect(commandFor(stroke('ArrowUp'), rtl)).toEqual({ do: 'select', direction: 'up' });
});

describe('while arranging', () => {
  const arranging = { ...calm, isArranging: true };

  it.each<[string, Command]>([
    ['Shift+ArrowRight', { do: 'resize-tile', direction: 'end' }],
    ['Alt+ArrowRight', { do: 'move-tile', direction: 'end' }],
    ['ArrowRight', { do: 'select', direction: 'end' }],
    ['Delete', { do: 'remove-tile' }],
    ['Escape', { do: 'leave' }],
  ])('%s', (text, command) => {
    expect(commandFor(stroke(text), arranging)).toEqual(command);
  });
});

it.each<[string, Command]>([
  [',', { do: 'rewind' }],
  ['.', { do: 'live' }],
  ['Escape', { do: 'live' }],
])('on a wall that was rewound, %s', (text, command) => {
  expect(commandFor(stroke(text), { ...calm, isRewound: true })).toEqual(command);
});
