import { describe, expect, it } from 'vitest';
import { iceServersOf, parseLinks } from './links.ts';

/** Links as plain objects. */
const read = (header: string | null) =>
  parseLinks(header).map(({ target, parameters }) => [target, Object.fromEntries(parameters)]);

describe('a Link header', () => {
  it.each([
    [null, []],
    ['', []],
    ['<a>', [['a', {}]]],
    ['<a>; rel=x', [['a', { rel: 'x' }]]],
    ['<a>;REL="x y"', [['a', { rel: 'x y' }]]],
    [
      '<a>; rel="x", <b>; rel="y"',
      [
        ['a', { rel: 'x' }],
        ['b', { rel: 'y' }],
      ],
    ],
    // Commas, semicolons and quotes inside quotes are the value's own.
    ['<a>; t="x, <b>; c=\\"d\\""; u=v', [['a', { t: 'x, <b>; c="d"', u: 'v' }]]],
    // Commas are allowed in a URI, and empty list elements in a header.
    [
      ', <a,b;c>;rel=x ,, <d>',
      [
        ['a,b;c', { rel: 'x' }],
        ['d', {}],
      ],
    ],
    // The first of a repeated parameter counts (RFC 8288 §3.3 for rel); a bare one is empty.
    ['<a>; rel=x; rel=y; flag', [['a', { rel: 'x', flag: '' }]]],
    // What cannot be read ends it.
    ['<a>; rel=x, nonsense, <b>', [['a', { rel: 'x' }]]],
    ['<a', []],
  ])('%j', (header, links) => {
    expect(read(header)).toEqual(links);
  });
});

it('finds the STUN and TURN servers and passes over the rest', () => {
  const header =
    '<stun:stun.example.net>; rel="ice-server", ' +
    '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="user,1"; credential="pa;ss\\"word"; credential-type="password", ' +
    '<https://example.net/events>; rel="urn:ietf:params:whep:ext:core:server-sent-events"; events="active,inactive", ' +
    '<https://example.net/x>; rel="ice-server"';
  expect(iceServersOf(parseLinks(header))).toEqual([
    { urls: 'stun:stun.example.net' },
    { urls: 'turn:turn.example.net?transport=udp', username: 'user,1', credential: 'pa;ss"word' },
  ]);
});
