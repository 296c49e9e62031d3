import { describe, expect, it } from 'vitest';
import type { Camera } from '#contract/camera.ts';
import { folded, indexed, search } from './search.ts';

function camera(number: number, name: string, nameAr?: string, groupIds: string[] = []): Camera {
  return {
    id: `c${number}`,
    number,
    name,
    ...(nameAr === undefined ? {} : { nameAr }),
    groupIds,
    streams: [],
    state: 'up',
    hasPtz: false,
    rights: ['live'],
  };
}

const groups = [{ id: 'metro', name: 'Metro', nameAr: 'المترو' }];
const index = indexed(
  [
    camera(1, 'Corniche Road / Gate 14', 'طريق الكورنيش / البوابة ١٤'),
    camera(14, 'Sheikh Zayed Road', 'شارع الشيخ زايد'),
    camera(140, 'Harbour Bridge', 'جسر الميناء'),
    camera(20, 'Old Gate', 'البوابة القديمة'),
    camera(30, 'Gate 3, Metro side', 'إدارة المرور'),
    camera(31, 'Platform 2', 'رصيف ٢', ['metro']),
    camera(40, 'Café Zürich', undefined),
  ],
  groups,
);
const numbers = (query: string) => search(index, query).map((found) => found.number);

describe('folding', () => {
  it.each([
    ['accents', 'Café Zürich', 'cafe zurich'],
    ['alef forms', 'أحمد إدارة آخر ٱلنور', 'احمد اداره اخر النور'],
    ['final ya and ta marbuta', 'مستشفى المدينة', 'مستشفي المدينه'],
    ['hamza carriers', 'مؤسسة شاطئ', 'موسسه شاطي'],
    ['vowel marks and tatweel', 'مَدْرَسَة شــارع', 'مدرسه شارع'],
    ['Arabic-Indic and Persian digits', '١٤ ۱۴', '14 14'],
    ['punctuation', 'Rd. / Gate-3', 'rd gate 3'],
  ])('%s', (_, text, result) => {
    expect(folded(text)).toBe(result);
  });
});

describe('searching', () => {
  it('puts the camera with that number first, then numbers that begin so, then names', () => {
    expect(numbers('14')).toEqual([14, 140, 1]);
    expect(numbers('014')[0]).toBe(14);
    expect(numbers('١٤')[0]).toBe(14);
  });

  it('puts names that begin so before words within, and those before groups', () => {
    expect(numbers('gate')).toEqual([30, 1, 20]);
    expect(numbers('metro')).toEqual([30, 31]);
  });

  it('wants every word, in any order', () => {
    expect(numbers('zayed sheikh')).toEqual([14]);
    expect(numbers('sheikh gate')).toEqual([]);
  });

  it('finds Arabic however its letters were typed', () => {
    expect(numbers('بوابه')).toEqual([1, 20]);
    expect(numbers('ادارة')).toEqual([30]);
    expect(numbers('المترو')).toEqual([31]);
  });

  it('finds accents typed without', () => {
    expect(numbers('zurich')).toEqual([40]);
  });

  it('finds nothing for nothing', () => {
    expect(numbers('')).toEqual([]);
    expect(numbers(' / ')).toEqual([]);
  });

  it('answers within a frame for 5,000 cameras', () => {
    const many = indexed(
      Array.from({ length: 5_000 }, (_, i) => camera(i + 1, `Junction ${i} north`, `تقاطع ${i}`)),
      [],
    );
    const before = performance.now();
    expect(search(many, 'north 49')[0]?.number).toBe(49);
    expect(performance.now() - before).toBeLessThan(100);
  });
});
