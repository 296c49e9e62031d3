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
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

const signs: Readonly<Record<string, TransportCommand>> = {
  ' ': 'toggle',
  ',': 'step-back',
  '.': 'step-forward',
  '[': 'slower',
  ']': 'faster',
  '/': 'search',
  '?': 'keys',
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

/** What `pressed` means; undefined for other keys. Letters only where they are wanted (settings). */
export function transportKey(pressed: Pressed, hasLetterKeys: boolean): TransportCommand | undefined {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return undefined;
  const sign = signs[pressed.key];
  if (sign !== undefined) return sign;
  if (/^[1-9]$/.test(pressed.key)) return { select: Number(pressed.key) - 1 };
  return hasLetterKeys ? letters[pressed.key.toLowerCase()] : undefined;
}
