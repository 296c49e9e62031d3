import { en } from './en.ts';
import { compileMessage, type Message, type WordValues } from './message.ts';
import { preferredLanguage } from './preferred-language.ts';

export type { WordValues } from './message.ts';

/** Messages by their keys. */
export type Catalogue = Readonly<Record<string, string>>;

/** A language the app can speak. */
export interface Language {
  /** BCP 47. */
  readonly code: string;
  /** In the language itself, as its readers look for it. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  /** Its catalogue; one that is not part of the first load comes a moment later. */
  readonly load: () => Catalogue | Promise<Catalogue>;
}

const english: Language = { code: 'en', name: 'English', direction: 'ltr', load: () => en };
const arabic = async (): Promise<Catalogue> => (await import('./ar.ts')).ar;

/**
 * Every language people can choose. A translation is one more catalogue and one more line here. Arabic comes with either
 * kind of digits.
 */
export const languages: readonly Language[] = [
  english,
  { code: 'ar-u-nu-latn', name: 'العربية (123)', direction: 'rtl', load: arabic },
  { code: 'ar-u-nu-arab', name: 'العربية (١٢٣)', direction: 'rtl', load: arabic },
];

/**
 * English laid out from right to left: shows what has not been mirrored apart from what has not been translated. Not
 * offered to people; chosen by its code.
 */
export const mirrored: Language = { ...english, code: 'en-x-rtl', name: 'Mirrored', direction: 'rtl' };

const storedAs = 'parapet.language';

let current = $state.raw<{ readonly language: Language; readonly words: Catalogue }>({
  language: english,
  words: en,
});
/** The choice that counts: a catalogue that arrives after another choice is left aside. */
let wanted = english;
// Compiled on first use: a page says a fraction of the catalogue, and compiling is the slow part.
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- a cache: nothing is drawn from it but through `current`
const compiled = new Map<string, Message>();
/** English that came later, with the parts of the app that say it. Other catalogues are whole. */
let later: Catalogue = {};

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
  return current.language;
}

async function change(next: Language): Promise<void> {
  wanted = next;
  const loading = next.load();
  const words = loading instanceof Promise ? await loading : loading;
  if (wanted !== next) return;
  compiled.clear();
  current = { language: next, words };
}

/**
 * Speaks another language from now on, here and on the next visit. Unknown codes mean English. Resolves once its words are
 * here; rejects, with the language as it was, when they cannot be fetched.
 */
export async function speak(code: string): Promise<void> {
  const before = wanted;
  const next = languageOf(code);
  try {
    await change(next);
  } catch (cause) {
    if (wanted === next) wanted = before;
    throw cause;
  }
  try {
    localStorage.setItem(storedAs, next.code);
  } catch {
    // See `read`.
  }
}

/**
 * Resolves once the first words are here, nothing is drawn before: in the language of the last visit, else in the
 * browser's; in English where they are not to be had.
 */
export const firstWords: Promise<void> = change(
  languageOf(
    read() ??
      preferredLanguage(
        navigator.languages,
        languages.map(({ code }) => code),
      ) ??
      null,
  ),
).catch(() => {
  wanted = english;
});

/** The name of something in the language in use, where it has one in Arabic. */
export function nameOf(named: { readonly name: string; readonly nameAr?: string | undefined }): string {
  return (current.language.code.startsWith('ar') ? named.nameAr : undefined) ?? named.name;
}

/** Messages with a placeholder ask for values; the others take none. */
type Filling<Message> = Message extends `${string}{${string}` ? [values: WordValues] : [];

/**
 * Gives the words for a key of the catalogue in the language in use. Throws when a value that the message names is
 * missing.
 */
export type Translate<Known extends Catalogue> = <Key extends keyof Known & string>(
  key: Key,
  ...filling: Filling<Known[Key]>
) => string;

function say(key: string, values?: WordValues): string {
  const { language: spoken, words } = current;
  const text = words[key] ?? later[key] ?? key;
  if (values === undefined) return text;
  let message = compiled.get(key);
  if (message === undefined) {
    message = compileMessage(text, spoken.code);
    compiled.set(key, message);
  }
  return message(values);
}

/** See {@link Translate}. */
export const t = say as Translate<typeof en>;

/** Adds words to the English ones; gives a `t` that knows them as well. For parts of the app that are loaded later. */
export function withWords<More extends Catalogue>(more: More): Translate<typeof en & More> {
  later = { ...later, ...more };
  return say;
}

// Written as numbers: the characters themselves would change how this file reads.
const [firstStrongIsolate, popIsolate] = [String.fromCharCode(0x2068), String.fromCharCode(0x2069)];

/** Keeps a name from disturbing the direction of the sentence it stands in (Unicode isolates). */
export function isolate(name: string): string {
  return firstStrongIsolate + name + popIsolate;
}
