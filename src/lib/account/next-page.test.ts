import { describe, expect, it } from 'vitest';
import { nextPage, signInPage } from './next-page.ts';

const origin = 'https://wall.example';

describe('after signing in', () => {
  it.each([
    ['/users', '/users'],
    ['/?wall=1&at=2#x', '/?wall=1&at=2#x'],
    [null, '/'],
    ['', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example/', '/'],
    ['javascript:alert(1)', '/'],
    ['/sign-in?next=/sign-in', '/'],
  ])('%s leads to %s', (asked, page) => {
    expect(nextPage(asked, origin)).toBe(page);
  });

  it('comes back to the page that was asked for', () => {
    const asked = new URL('/users?q=a b', origin);
    const page = new URL(signInPage(asked), origin);
    expect(nextPage(page.searchParams.get('next'), origin)).toBe('/users?q=a%20b');
    expect(signInPage(new URL('/', origin))).toBe('/sign-in');
  });
});
