/**
 * Words that somebody else has chosen, on one line, without what a terminal would act on or hide text by: a forged
 * manifest must not paint over what is said of it.
 */
export const plain = (words: string): string => words.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
