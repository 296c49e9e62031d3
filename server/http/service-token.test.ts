import { expect, test } from 'vitest';
import { serviceGuard } from './service-token.ts';

test('a token opens its own scope, with any spelling of the scheme, and nothing else', () => {
  const isService = serviceGuard({ reservations: 'a-long-token', metrics: 'another-token' });
  expect(isService('reservations', 'Bearer a-long-token')).toBe(true);
  expect(isService('reservations', 'bearer a-long-token')).toBe(true);
  expect(isService('metrics', 'Bearer a-long-token')).toBe(false);
  for (const wrong of [undefined, '', 'Bearer', 'Bearer ', 'Bearer a-long-toke', 'Basic a-long-token'])
    expect(isService('reservations', wrong)).toBe(false);
});

test('without a configured token nobody is let in', () => {
  const isService = serviceGuard({});
  expect(isService('metrics', 'Bearer ')).toBe(false);
  expect(isService('metrics', 'Bearer undefined')).toBe(false);
});
