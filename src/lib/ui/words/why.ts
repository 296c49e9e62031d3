import { en, type WordKey } from './en.ts';

/**
 * The sentence for why a request came to nothing, by the error's `code`. Anything without words of its own is worded
 * as a refusal, and what is no such error as no answer.
 */
export function whyKey(error: unknown): Extract<WordKey, `why.${string}`> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string' || code === 'too-slow' || code === 'unreadable') return 'why.unreachable';
  const key = `why.${code}`;
  return key in en ? (key as Extract<WordKey, `why.${string}`>) : 'why.other';
}
