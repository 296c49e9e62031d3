import { enRecordings } from './en-recordings.ts';
import { withWords } from './words.svelte.ts';

export * from './words.svelte.ts';

/** `t` of words.svelte.ts, which knows the words of recordings as well. */
export const t = withWords(enRecordings);
