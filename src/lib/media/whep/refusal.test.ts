import { describe, expect, it } from 'vitest';
import { ProblemCode, problemStatus } from '#contract/problem.ts';
import { refusal, retryAfterMs } from './refusal.ts';

const now = Date.UTC(2026, 10, 20, 12);
const problemHeaders = new Headers({ 'content-type': 'application/problem+json' });
const problem = (code: ProblemCode, retryAfterS?: number) =>
  JSON.stringify({
    type: `urn:parapet:problem:${code}`,
    code,
    title: 'x',
    status: problemStatus[code],
    retryAfterS,
  });

describe('Retry-After', () => {
  it.each([
    [null, undefined],
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['Fri, 20 Nov 2026 12:00:30 GMT', 30_000],
    ['Fri, 20 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['99999999', 600_000],
  ])('%j', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});

describe('a problem', () => {
  it.each([
    ['camera-offline', 'camera-offline', true],
    ['reservation-ended', 'reservation-ended', true],
    ['not-found', 'reservation-ended', true],
    ['gateway-unavailable', 'unreachable', true],
    ['overloaded', 'overloaded', true],
    ['slow-down', 'overloaded', true],
    ['internal', 'unreachable', true],
    ['signed-out', 'signed-out', false],
    ['not-permitted', 'not-permitted', false],
    ['codec-unsupported', 'codec-unsupported', false],
    ['b-frames', 'b-frames', false],
  ] as const)('%s means %s', (code, expected, isTransient) => {
    expect(refusal(problemStatus[code], problemHeaders, problem(code), now)).toMatchObject({
      code: expected,
      isTransient,
    });
  });

  it('has a meaning whatever its code is', () => {
    for (const code of ProblemCode.options) {
      expect(refusal(problemStatus[code], problemHeaders, problem(code), now).message).toContain(code);
    }
  });

  it('names a time to wait, the header before the body', () => {
    expect(refusal(409, problemHeaders, problem('camera-offline', 5), now).retryAfterMs).toBe(5000);
    const both = new Headers({ 'content-type': 'application/problem+json', 'retry-after': '9' });
    expect(refusal(409, both, problem('camera-offline', 5), now).retryAfterMs).toBe(9000);
    expect(refusal(409, problemHeaders, problem('camera-offline'), now).retryAfterMs).toBeUndefined();
  });
});

it('reads no more into a bare status than its class', () => {
  const code = (status: number) => refusal(status, new Headers(), '', now).code;
  expect([401, 403, 404, 409, 410, 418, 429, 500, 503, 599].map(code)).toEqual([
    'signed-out',
    'not-permitted',
    'camera-offline',
    'camera-offline',
    'reservation-ended',
    'protocol',
    'overloaded',
    'unreachable',
    'overloaded',
    'unreachable',
  ]);
});

it('does not trust a problem that is none', () => {
  expect(refusal(403, problemHeaders, '{"code":"camera-offline"}', now).code).toBe('not-permitted');
  expect(refusal(403, problemHeaders, '{', now).code).toBe('not-permitted');
});
