import { enQuality } from './en-quality.ts';
import { withWords } from './words.svelte.ts';

export * from './words.svelte.ts';

/** `t` of words.svelte.ts, which knows the words of how good it is to watch as well. */
export const t = withWords(enQuality);
