import { expect, it } from 'vitest';
import { preferredLanguage } from './preferred-language.ts';

const known = ['en', 'ar-u-nu-latn', 'ar-u-nu-arab'];

it('is the dearest language that can be spoken, whatever its region', () => {
  expect(preferredLanguage(['ar-AE', 'en-GB'], known)).toBe('ar-u-nu-latn');
  expect(preferredLanguage(['fr-FR', 'EN-us', 'ar'], known)).toBe('en');
});

it('is none where none can be spoken: two letters that begin alike are no language', () => {
  expect(preferredLanguage(['fr', 'arn-CL', 'enm'], known)).toBeUndefined();
  expect(preferredLanguage([], known)).toBeUndefined();
});
