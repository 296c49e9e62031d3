/** Light or dark, or as the system has it. Dark is the control room's and the default. */
export type Scheme = 'dark' | 'light' | 'system';

const storedAs = 'parapet.settings';
const schemes: readonly Scheme[] = ['dark', 'light', 'system'];

/** What a person set for this browser. Each field is kept at once, here and for the next visit. */
class Settings {
  #scheme = $state<Scheme>('dark');
  #hasLetterKeys = $state(true);
  #isPinned = $state(false);
  #hasClocks = $state(false);

  constructor() {
    const stored = read();
    this.#scheme = schemes.find((scheme) => scheme === stored['scheme']) ?? 'dark';
    this.#hasLetterKeys = stored['hasLetterKeys'] !== false;
    this.#isPinned = stored['isPinned'] === true;
    this.#hasClocks = stored['hasClocks'] === true;
  }

  get scheme(): Scheme {
    return this.#scheme;
  }
  set scheme(scheme: Scheme) {
    this.#scheme = scheme;
    this.#keep();
  }

  /** Single letters do things on the wall; some people (speech input, tremor) need them not to. */
  get hasLetterKeys(): boolean {
    return this.#hasLetterKeys;
  }
  set hasLetterKeys(has: boolean) {
    this.#hasLetterKeys = has;
    this.#keep();
  }

  /** Names, times and "Live" stay on the tiles instead of appearing under the pointer. */
  get isPinned(): boolean {
    return this.#isPinned;
  }
  set isPinned(is: boolean) {
    this.#isPinned = is;
    this.#keep();
  }

  /** The time of each picture stays on its tile. */
  get hasClocks(): boolean {
    return this.#hasClocks;
  }
  set hasClocks(has: boolean) {
    this.#hasClocks = has;
    this.#keep();
  }

  #keep() {
    const { scheme, hasLetterKeys, isPinned, hasClocks } = this;
    try {
      localStorage.setItem(storedAs, JSON.stringify({ scheme, hasLetterKeys, isPinned, hasClocks }));
    } catch {
      // No storage in this browser: the setting lasts as long as the page.
    }
  }
}

function read(): Record<string, unknown> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storedAs) ?? '{}');
    return typeof stored === 'object' && stored !== null ? { ...stored } : {};
  } catch {
    return {};
  }
}

export const settings = new Settings();
