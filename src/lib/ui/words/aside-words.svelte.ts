import { enAside } from './en-aside.ts';
import { withWords } from './words.svelte.ts';

export * from './words.svelte.ts';

/** `t` of words.svelte.ts, which knows the words of dialogs over a wall and of the list of users as well. */
export const t = withWords(enAside);
