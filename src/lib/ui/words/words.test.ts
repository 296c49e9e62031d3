import { describe, expect, it } from 'vitest';
import { ar } from './ar.ts';
import { en as enEverywhere } from './en.ts';
import { enAside } from './en-aside.ts';
import { enQuality } from './en-quality.ts';
import { enRecordings } from './en-recordings.ts';
import { compileMessage } from './message.ts';
import { whyKey } from './why.ts';

const en = { ...enEverywhere, ...enAside, ...enQuality, ...enRecordings };

describe('the catalogue', () => {
  it.each(Object.entries(en))('%s is a message that compiles', (_, message) => {
    expect(() => compileMessage(message, 'en')).not.toThrow();
  });

  it.each(Object.entries(ar))('%s compiles in Arabic', (_, message) => {
    expect(() => compileMessage(message, 'ar-u-nu-arab')).not.toThrow();
  });

  it('asks for the same values in every language', () => {
    const asked = (message: string) =>
      [...new Set([...message.matchAll(/\{(\w+)[,}]/g)].map(([, name]) => name))].sort();
    const keys = Object.keys(en) as (keyof typeof en)[];
    expect(keys.filter((key) => asked(ar[key]).join() !== asked(en[key]).join())).toEqual([]);
  });

  it('counts as Arabic counts, in either kind of digits', () => {
    const inDigits = (digits: string) => compileMessage(ar['wall.tiles'], `ar-u-nu-${digits}`);
    const said = [1, 2, 3, 16].map((count) => inDigits('latn')({ count }));
    expect(said).toEqual(['الجدار، خانة واحدة', 'الجدار، خانتان', 'الجدار، 3 خانات', 'الجدار، 16 خانة']);
    expect(inDigits('arab')({ count: 16 })).toBe('الجدار، ١٦ خانة');
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
