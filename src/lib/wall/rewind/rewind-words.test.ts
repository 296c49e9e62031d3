import { expect, it } from 'vitest';
import type { PastStatus } from '#lib/recordings/past-moment.ts';
import { type TilePast, tilePast } from './rewind-words.ts';

const shown: PastStatus = { kind: 'shown', isExact: true };
const time = Date.UTC(2026, 10, 20, 12);

it.each<[string, PastStatus, number | undefined, TilePast]>([
  ['a picture of the moment', shown, time - 40, { kind: 'there' }],
  ['one of a slow camera', shown, time - 1_400, { kind: 'there' }],
  ['the newest there is', shown, time - 5_000, { kind: 'lagging', at: time - 5_000 }],
  ['one that is younger than the moment', shown, time + 20_000, { kind: 'loading' }],
  ['one of long ago', shown, time - 60_000, { kind: 'none', last: time - 60_000 }],
  ['a gap', { kind: 'gap', next: undefined }, time - 60_000, { kind: 'none', last: time - 60_000 }],
  ['nothing ever', { kind: 'failed', code: 'no-recording' }, undefined, { kind: 'none', last: undefined }],
  [
    'no right',
    { kind: 'failed', code: 'not-permitted' },
    undefined,
    { kind: 'failed', code: 'not-permitted' },
  ],
  ['nothing yet', { kind: 'loading' }, undefined, { kind: 'loading' }],
])('%s', (_, status, at, said) => {
  expect(tilePast(status, at, time, () => false)).toEqual(said);
});

it('does not blame the recorder for a browser that is behind', () => {
  expect(tilePast(shown, time - 5_000, time, () => true)).toEqual({ kind: 'late', at: time - 5_000 });
  expect(tilePast(shown, time - 60_000, time, () => true)).toEqual({ kind: 'loading' });
});
