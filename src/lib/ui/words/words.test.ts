import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { compileMessage } from './message.ts';
import { whyKey } from './why.ts';

describe('the catalogue', () => {
  it.each(Object.entries(en))('%s is a message that compiles', (_, message) => {
    expect(() => compileMessage(message, 'en')).not.toThrow();
  });

  it('says nothing twice under two names where one would do', () => {
    const again = Object.entries(en).filter(
      ([key, message], index, all) =>
        message.length > 30 && all.findIndex(([other, same]) => same === message && other !== key) > index,
    );
    expect(again).toEqual([]);
  });

  it('speaks plainly: no exclamation marks, no “please”, no “error”', () => {
    expect(Object.values(en).filter((message) => /!|\bplease\b|\berror\b/i.test(message))).toEqual([]);
  });
});

describe('why a request came to nothing', () => {
  it.each([
    [Object.assign(new Error(), { code: 'not-permitted' }), 'why.not-permitted'],
    [Object.assign(new Error(), { code: 'too-slow' }), 'why.unreachable'],
    [Object.assign(new Error(), { code: 'some-new-code' }), 'why.other'],
    [new TypeError('boom'), 'why.unreachable'],
    ['text', 'why.unreachable'],
  ])('%o', (error, key) => {
    expect(whyKey(error)).toBe(key);
  });
});
