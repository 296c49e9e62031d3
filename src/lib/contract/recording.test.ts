import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BookmarkDraft, ExportRequest } from './evidence.ts';
import { CameraIdList, CameraSpans, FramesQuery, SpansQuery } from './recording.ts';
import { recordingMediaRoutes, recordingRoutes } from './recording-routes.ts';
import { otherRoutes, routes } from './routes.ts';

const from = '2026-11-20T12:00:00.000Z';
const to = '2026-11-20T13:00:00.000Z';
const spansQuery = { cameras: 'a,b', from, to, resolutionMs: '1000' };

it('reads a query for spans from its text and writes it back the same', () => {
  const query = z.decode(SpansQuery, spansQuery);
  expect(query).toEqual({
    cameras: ['a', 'b'],
    from: Date.UTC(2026, 10, 20, 12),
    to: Date.UTC(2026, 10, 20, 13),
    resolutionMs: 1000,
  });
  expect(z.encode(SpansQuery, query)).toEqual(spansQuery);
});

it.each([
  ['no camera', { cameras: '' }],
  ['a camera twice', { cameras: 'a,a' }],
  ['37 cameras', { cameras: Array.from({ length: 37 }, (_, i) => `c${i}`).join() }],
  ['something that is no camera', { cameras: 'a,../b' }],
  ['a window that is empty', { to: from }],
  ['a window of 93 days', { from: '2026-01-01T00:00:00Z', to: '2026-04-04T00:00:00Z' }],
  ['no resolution', { resolutionMs: '0' }],
  ['half a millisecond', { resolutionMs: '0.5' }],
])('refuses a query for spans with %s', (_, change) => {
  expect(SpansQuery.safeDecode({ ...spansQuery, ...change }).success).toBe(false);
});

it('takes 36 cameras', () => {
  const ids = Array.from({ length: 36 }, (_, i) => `c${i}`);
  expect(z.decode(CameraIdList, ids.join())).toEqual(ids);
});

it.each([
  [[], true],
  [[0, 5, 7, 9], true],
  [[0, 5, 5, 9], false],
  [[0, 5, 7], false],
  [[5, 0], false],
])('spans %j: in order and in pairs is %s', (recorded, isFine) => {
  const spans = { cameraId: 'a', recorded, motion: [], isComplete: true };
  expect(CameraSpans.safeDecode(spans).success).toBe(isFine);
});

it('asks for whole GOPs of the main stream unless told otherwise', () => {
  expect(z.decode(FramesQuery, { at: from })).toEqual({ at: Date.parse(from), stream: 'main', only: 'gop' });
});

describe('evidence', () => {
  const bookmark = { cameraId: 'a', start: from, end: to, at: from, title: 'Crash', description: '' };
  it.each([
    ['as it should be', {}, true],
    ['about a moment outside of it', { at: to }, false],
    ['that ends before it starts', { start: to, end: from }, false],
    ['without a title', { title: '  ' }, false],
  ])('a bookmark %s', (_, change, isFine) => {
    expect(BookmarkDraft.safeDecode({ ...bookmark, ...change }).success).toBe(isFine);
  });

  it('is not exported without a reason, nor more than a day of it at once', () => {
    const wish = { title: 'Crash', cameraIds: ['a'], start: from, end: to, reason: 'Case 7' };
    expect(z.decode(ExportRequest, wish)).toMatchObject({ stream: 'main', hasWatermark: false });
    expect(ExportRequest.safeDecode({ ...wish, reason: ' ' }).success).toBe(false);
    expect(ExportRequest.safeDecode({ ...wish, end: '2026-11-21T12:00:00.001Z' }).success).toBe(false);
  });
});

it('gives every route an address of its own', () => {
  const lines: { method: string; path: string }[] = [
    routes,
    otherRoutes,
    recordingRoutes,
    recordingMediaRoutes,
  ].flatMap((table) => Object.values<{ method: string; path: string }>(table));
  const all = lines.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`);
  expect(new Set(all).size).toBe(all.length);
});
