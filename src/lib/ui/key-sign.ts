/** A key as it was pressed, by what it types and by where it is. */
interface Pressed {
  readonly key: string;
  /** Where it is on the keyboard, named as on an American one. */
  readonly code: string;
  readonly shiftKey: boolean;
}

/** What the keys beside the letters type, without and with Shift. */
const beside: Readonly<Record<string, readonly [string, string]>> = {
  Comma: [',', '<'],
  Period: ['.', '>'],
  Slash: ['/', '?'],
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
};
/** Signs of other scripts that stand for ours. */
const same: Readonly<Record<string, string>> = { '؟': '?', '،': ',' };

/**
 * The sign a key stands for where keys are told by Latin signs. It is what the key types; where that is a letter of
 * another script, such as on an Arabic keyboard, it is what the same place types on an American one. Arabic digits are
 * digits. Keys that type no sign (`Enter`) stay what they are.
 */
export function signOf({ key, code, shiftKey }: Pressed): string {
  const digit = digitOf(key);
  if (digit !== undefined) return digit;
  const known = same[key];
  if (known !== undefined) return known;
  // One key of Arabic keyboards types two letters at once.
  if (!/^[\p{L}\p{M}]{1,2}$/u.test(key) || /\p{Script=Latin}/u.test(key)) return key;
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter !== undefined) return shiftKey ? letter : letter.toLowerCase();
  return beside[code]?.[shiftKey ? 1 : 0] ?? key;
}

/** The digit a key types, as 0–9; Arabic digits count, because Arabic keyboards send them. Undefined for other keys. */
export function digitOf(key: string): string | undefined {
  if (key.length !== 1) return undefined;
  const code = key.charCodeAt(0);
  if (code >= 0x30 && code <= 0x39) return key;
  if (code >= 0x660 && code <= 0x669) return String(code - 0x660);
  if (code >= 0x6f0 && code <= 0x6f9) return String(code - 0x6f0);
  return undefined;
}
