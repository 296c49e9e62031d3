import { digitOf } from '#lib/ui/key-sign.ts';
import type { Direction } from './neighbour.ts';

/** A key as pressed on the wall. */
export interface Stroke {
  /** The sign it stands for on any keyboard (key-sign.ts). */
  readonly key: string;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
}

/** What the wall is doing, as far as keys mean something else then. */
export interface Situation {
  readonly isArranging: boolean;
  /** Digits typed so far for a camera number. */
  readonly digits: string;
  readonly isRightToLeft: boolean;
  readonly isTileFull: boolean;
  /** Whether the wall shows what was, some seconds ago. */
  readonly isRewound: boolean;
  /** False switches off what single characters do (WCAG 2.2, 2.1.4); digits still call cameras up. */
  readonly hasLetterKeys: boolean;
}

/** What a key asks for. */
export type Command =
  | { readonly do: 'select'; readonly direction: Direction }
  | { readonly do: 'select-end'; readonly end: 'first' | 'last' }
  | { readonly do: 'carry'; readonly direction: Direction }
  | { readonly do: 'move-tile'; readonly direction: Direction }
  | { readonly do: 'resize-tile'; readonly direction: Direction }
  | { readonly do: 'type'; readonly digits: string }
  | { readonly do: 'call'; readonly number: number }
  | { readonly do: 'leave' }
  | {
      readonly do:
        | 'clear'
        | 'undo'
        | 'redo'
        | 'save'
        | 'save-as'
        | 'tile-full'
        | 'wall-full'
        | 'search'
        | 'arrange'
        | 'add-tile'
        | 'remove-tile'
        | 'open-wall'
        | 'pin'
        | 'why'
        | 'clocks'
        | 'recordings'
        | 'rewind'
        | 'live'
        | 'keys';
    };

/** The longest camera number that can be typed. */
const mostDigits = 5;

/** What `stroke` asks for, or undefined when it is not the wall's: then nobody may swallow it. */
export function commandFor(stroke: Stroke, now: Situation): Command | undefined {
  const { key } = stroke;
  if (stroke.ctrl) return stroke.alt ? undefined : withCtrl(stroke, now);
  const direction = directionOf(key, now.isRightToLeft);
  if (direction !== undefined) {
    if (now.isArranging && stroke.shift) return { do: 'resize-tile', direction };
    if (now.isArranging && stroke.alt) return { do: 'move-tile', direction };
    if (stroke.alt) return undefined;
    return stroke.shift ? { do: 'carry', direction } : { do: 'select', direction };
  }
  if (stroke.alt) return undefined;
  const digit = digitOf(key);
  if (digit !== undefined) return { do: 'type', digits: (now.digits + digit).slice(0, mostDigits) };
  switch (key) {
    case 'Backspace':
      return now.digits === '' ? { do: 'clear' } : { do: 'type', digits: now.digits.slice(0, -1) };
    case 'Delete':
      return now.isArranging ? { do: 'remove-tile' } : { do: 'clear' };
    case 'Enter':
      return now.digits === '' ? { do: 'tile-full' } : { do: 'call', number: Number(now.digits) };
    case 'Escape':
      if (now.digits !== '' || now.isArranging || now.isTileFull) return { do: 'leave' };
      return now.isRewound ? { do: 'live' } : undefined;
    case 'Home':
      return { do: 'select-end', end: 'first' };
    case 'End':
      return { do: 'select-end', end: 'last' };
    case '?':
      return { do: 'keys' };
    default:
      return now.hasLetterKeys ? letter(key, now) : undefined;
  }
}

function withCtrl({ key, shift }: Stroke, now: Situation): Command | undefined {
  const direction = directionOf(key, now.isRightToLeft);
  if (direction !== undefined) return { do: 'carry', direction };
  switch (key.toLowerCase()) {
    case 'z':
      return { do: shift ? 'redo' : 'undo' };
    case 'y':
      return shift ? undefined : { do: 'redo' };
    case 's':
      return { do: shift ? 'save-as' : 'save' };
    case 'f':
    case 'k':
      return shift ? undefined : { do: 'search' };
    default:
      return undefined;
  }
}

function letter(key: string, now: Situation): Command | undefined {
  switch (key) {
    case 'f':
      return { do: 'tile-full' };
    case 'F':
      return { do: 'wall-full' };
    case '/':
      return { do: 'search' };
    case 'e':
      return { do: 'arrange' };
    case 'o':
      return { do: 'open-wall' };
    case 'n':
      return { do: 'pin' };
    case 'i':
      return { do: 'why' };
    case 'r':
      return { do: 'recordings' };
    case 'c':
      return { do: 'clocks' };
    case '+':
      return { do: 'add-tile' };
    case ',':
      return { do: 'rewind' };
    case '.':
      return now.isRewound ? { do: 'live' } : undefined;
    default:
      return undefined;
  }
}

function directionOf(key: string, isRightToLeft: boolean): Direction | undefined {
  switch (key) {
    case 'ArrowLeft':
      return isRightToLeft ? 'end' : 'start';
    case 'ArrowRight':
      return isRightToLeft ? 'start' : 'end';
    case 'ArrowUp':
      return 'up';
    case 'ArrowDown':
      return 'down';
    default:
      return undefined;
  }
}
