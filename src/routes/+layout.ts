import { firstWords } from '#lib/ui/words/words.svelte.ts';

// A single-page app: the BFF serves one fallback page and the browser does the rest.
export const ssr = false;

/** Nothing is drawn before it can be said in the language it will be read in. */
export const load = (): Promise<void> => firstWords;
