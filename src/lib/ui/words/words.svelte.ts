import { en, type WordKey, type Words } from './en.ts';
import { compileMessage, type Message, type WordValues } from './message.ts';

export type { WordValues } from './message.ts';

/** A language the app can speak. */
export interface Language {
  /** BCP 47. */
  readonly code: string;
  /** In the language itself, as its readers look for it. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly words: Words;
}

/** Every language people can choose. A translation is one more catalogue and one more line here. */
export const languages: readonly Language[] = [{ code: 'en', name: 'English', direction: 'ltr', words: en }];

/**
 * English laid out from right to left: shows what has not been mirrored before there is a translation to show it.
 * Not offered to people; chosen by its code.
 */
export const mirrored: Language = { code: 'en-x-rtl', name: 'Mirrored', direction: 'rtl', words: en };

const english: Language = { code: 'en', name: 'English', direction: 'ltr', words: en };
const storedAs = 'parapet.language';

let current = $state.raw<Language>(languageOf(read()));
// Compiled on first use: a page says a fraction of the catalogue, and compiling is the slow part.
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- a cache: nothing is drawn from it but through `current`
const compiled = new Map<WordKey, Message>();

function languageOf(code: string | null): Language {
  return [...languages, mirrored].find((language) => language.code === code) ?? english;
}

function read(): string | null {
  try {
    return localStorage.getItem(storedAs);
  } catch {
    // Storage is refused in some locked-down browsers; the setting then lasts as long as the page.
    return null;
  }
}

/** The language in use; reading it where things are drawn draws them again when it changes. */
export function language(): Language {
  return current;
}

/** Speaks another language from now on, here and on the next visit. Unknown codes mean English. */
export function speak(code: string): void {
  current = languageOf(code);
  compiled.clear();
  try {
    localStorage.setItem(storedAs, current.code);
  } catch {
    // See `read`.
  }
}

/** Messages with a placeholder ask for values; the others take none. */
type Filling<Key extends WordKey> = (typeof en)[Key] extends `${string}{${string}`
  ? [values: WordValues]
  : [];

/** The words for `key` in the language in use. Throws when a value that the message names is missing. */
export function t<Key extends WordKey>(key: Key, ...[values]: Filling<Key>): string;
export function t(key: WordKey, values?: WordValues): string {
  const { code, words } = current;
  if (values === undefined) return words[key];
  let message = compiled.get(key);
  if (message === undefined) {
    message = compileMessage(words[key], code);
    compiled.set(key, message);
  }
  return message(values);
}

// Written as numbers: the characters themselves would change how this file reads.
const [firstStrongIsolate, popIsolate] = [String.fromCharCode(0x2068), String.fromCharCode(0x2069)];

/** Keeps a name from disturbing the direction of the sentence it stands in (Unicode isolates). */
export function isolate(name: string): string {
  return firstStrongIsolate + name + popIsolate;
}
