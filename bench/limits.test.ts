import { expect, it } from 'vitest';
import { missesOf } from './limits.ts';

it('names what is over its limit, and what could not be measured', () => {
  expect(
    missesOf({ fine: [100, 100], over: [101, 100], lost: [Number.NaN, 5], never: [undefined, 5] }),
  ).toEqual(['over: 101, at most 100', 'lost: NaN, at most 5', 'never: not measured, at most 5']);
});
