/** What is kept of what is seen; somebody else's business, by the same keyboard. */
export type EvidenceCommand = 'bookmark' | 'lock' | 'export' | 'evidence';

/** What a key asks of what is playing. */
export type TransportCommand =
  | 'toggle'
  | 'step-back'
  | 'step-forward'
  | 'slower'
  | 'faster'
  | 'loop'
  | 'next-recording'
  | 'previous-recording'
  | 'go-to'
  | 'timeline'
  | 'live'
  | 'search'
  | 'keys'
  | EvidenceCommand
  | { readonly select: number };

interface Pressed {
  /** The sign the key stands for on any keyboard (key-sign.ts). */
  readonly sign: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

const signs: Readonly<Record<string, TransportCommand>> = {
  ',': 'step-back',
  '.': 'step-forward',
  '[': 'slower',
  ']': 'faster',
  '/': 'search',
};
const letters: Readonly<Record<string, TransportCommand>> = {
  k: 'toggle',
  j: 'slower',
  l: 'faster',
  r: 'loop',
  n: 'next-recording',
  p: 'previous-recording',
  g: 'go-to',
  t: 'timeline',
  e: 'live',
  b: 'bookmark',
  h: 'lock',
  x: 'export',
  m: 'evidence',
};

/** The keys that the buttons name beside their words. */
export const keyHints = {
  toggle: 'K',
  'step-back': ',',
  'step-forward': '.',
  slower: 'J',
  faster: 'L',
  loop: 'R',
  'next-recording': 'N',
  'previous-recording': 'P',
  'go-to': 'G',
  live: 'E',
} as const;

/**
 * What `pressed` means; undefined for other keys. Letters, digits and signs only where they are wanted (settings): who
 * speaks to the computer must be able to switch all of them off (WCAG 2.2, 2.1.4). "?" still tells of them.
 */
export function transportKey(pressed: Pressed, hasLetterKeys: boolean): TransportCommand | undefined {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return undefined;
  const { sign } = pressed;
  if (sign === ' ') return 'toggle';
  if (sign === '?') return 'keys';
  if (!hasLetterKeys) return undefined;
  if (/^[1-9]$/.test(sign)) return { select: Number(sign) - 1 };
  return signs[sign] ?? letters[sign.toLowerCase()];
}
