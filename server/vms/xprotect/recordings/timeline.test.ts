import { describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { hasLongOutages, motionSpans, oldestKept, recordedSpans } from '#mocks/site/recordings.ts';
import type { RecordedSpan } from '#server/vms/recordings.ts';
import { recordedSite } from '../testing/recorded-site.ts';
import { readLine } from './soap-timeline.ts';
import { orderOf, probeOf, spansOf } from './timeline-bits.ts';

const hour = 3_600_000;
const never = new AbortController().signal;
const [steady, moved] = [siteCameras[0]!, siteCameras[1]!];
const failing = siteCameras.find((camera) => hasLongOutages(camera))!;

describe('bits', () => {
  it('are spans, in either order, also over the ends of bytes and at the very end', () => {
    const line = { start: 1000, intervalMs: 10, count: 12 };
    const spans = [
      { start: 1000, end: 1010 },
      { start: 1060, end: 1090 },
      { start: 1110, end: 1120 },
    ];
    expect(spansOf({ ...line, bytes: Uint8Array.of(0b1100_0001, 0b1001) }, 'lowest-first')).toEqual(spans);
    expect(spansOf({ ...line, bytes: Uint8Array.of(0b1000_0011, 0b1001_0000) }, 'highest-first')).toEqual(
      spans,
    );
    expect(spansOf({ ...line, bytes: Uint8Array.of(255, 255) }, 'lowest-first')).toEqual([
      { start: 1000, end: 1120 },
    ]);
    expect(spansOf({ ...line, bytes: Uint8Array.of(0, 0) }, 'highest-first')).toEqual([]);
  });

  it('tell their order at the first of all sequences, however long it is', () => {
    expect(probeOf(60_000)).toEqual({ start: 55_000, intervalMs: 1000, count: 8 });
    for (const after of [0b000, 0b001, 0b010, 0b011]) {
      const bits = [0, 0, 0, 0, 0, 1, after & 1, after >> 1];
      const lowest = bits.reduce((byte, bit, i) => byte | (bit << i), 0);
      const highest = bits.reduce((byte, bit, i) => byte | (bit << (7 - i)), 0);
      expect([orderOf(Uint8Array.of(lowest)), orderOf(Uint8Array.of(highest))]).toEqual([
        'lowest-first',
        'highest-first',
      ]);
    }
  });

  it.each([
    ['nothing', []],
    ['too much', [0b0010_0000, 0]],
    ['nothing recorded', [0]],
    ['always recorded', [255]],
    ['something recorded before the first recording', [0b0011_0000]],
  ])('that say %s tell no order', (_what, bytes) => {
    expect(orderOf(Uint8Array.from(bytes))).toBeUndefined();
  });

  it('are taken for an answer only when they are what was asked for', () => {
    const asked = { start: Date.UTC(2026, 0, 1), intervalMs: 2000, count: 9 };
    const xml = (fields: Partial<Record<'type' | 'begin' | 'interval' | 'count' | 'bits', string>> = {}) =>
      `<a:TimeLineInformationData><a:DeviceId>d</a:DeviceId><a:Type>${fields.type ?? 'AB'}</a:Type>` +
      `<a:BeginTime>${fields.begin ?? '2026-01-01T00:00:00.0000000Z'}</a:BeginTime><a:Interval>` +
      `<a:MicroSeconds>${fields.interval ?? '2000000'}</a:MicroSeconds></a:Interval>` +
      `<a:Count>${fields.count ?? '9'}</a:Count><a:Data>${fields.bits ?? 'AQA='}</a:Data></a:TimeLineInformationData>`;
    expect(readLine(xml(), 'ab', asked)).toEqual({ ...asked, bytes: Buffer.from([1, 0]) });
    expect(readLine(xml({ type: 'cd' }) + xml(), 'ab', asked)).toBeDefined();
    for (const odd of [
      { type: 'cd' },
      { begin: '2026-01-01T00:15:00Z' },
      { interval: '1' },
      { count: '8' },
      { bits: '' },
    ])
      expect(readLine(xml(odd), 'ab', asked)).toBeUndefined();
    expect(readLine('<TimeLineInformationGetResult/>', 'ab', asked)).toBeUndefined();
  });
});

/**
 * Whether `outline` covers `exact`, lies within half a resolution of what is recorded in and `around` it, and shows every gap
 * as wide as the resolution.
 */
function expectOutline(
  outline: readonly RecordedSpan[],
  { exact, around }: { readonly exact: readonly RecordedSpan[]; readonly around: readonly RecordedSpan[] },
  resolutionMs: number,
): void {
  const slack = resolutionMs / 2;
  const isCovered = ({ start, end }: RecordedSpan) =>
    outline.some((span) => span.start <= start && end <= span.end);
  expect(exact.filter((span) => !isCovered(span))).toEqual([]);
  const near = around.map(({ start, end }) => ({ start: start - slack, end: end + slack }));
  const isNear = ({ start, end }: RecordedSpan) =>
    near.some((span) => span.start <= start) && near.some((span) => end <= span.end);
  expect(outline.filter((span) => !isNear(span))).toEqual([]);
  const gaps = exact.slice(1).map(({ start }, i) => ({ start: exact[i]!.end, end: start }));
  const hidden = gaps.filter(
    (gap) => gap.end - gap.start >= resolutionMs && isCovered({ start: gap.start, end: gap.end }),
  );
  expect(hidden).toEqual([]);
}

describe('months of a camera', () => {
  const resolutionMs = 2 ** 21;
  const now = Date.now();
  const within = { start: oldestKept(now) - 5 * hour, end: now - 60_000 };
  /** The outline's last block goes on, and tells of what comes after the window as well. */
  const farther = () => ({ start: within.start, end: Math.min(Date.now(), within.end + resolutionMs) });

  it.each(['lowest-first', 'highest-first'] as const)(
    'come as an outline in one call, bits %s',
    async (timeline) => {
      const { recordings, xprotect } = await recordedSite({ features: { timeline } });
      for (const camera of [steady, moved, failing]) {
        const found = await recordings.spans(camera.id, within, never, resolutionMs);
        const at = Date.now();
        const [recorded, motion] = [recordedSpans, motionSpans].map((spans) => ({
          exact: spans(camera, within, now),
          around: spans(camera, farther(), at),
        }));
        expectOutline(found.recorded, recorded!, resolutionMs);
        expectOutline(found.motion, motion!, resolutionMs);
      }
      // One recorder: it is found out once what its bits mean, and once for each kind where the first sequence is.
      expect(xprotect.calls.get('TimeLineInformationGet')).toBe(2 + 3);
      expect(xprotect.calls.get('SequencesGet')).toBe(2);
    },
  );

  it('come exactly where the recorder has no bits, and it is not asked again for a while', async () => {
    const { recordings, xprotect } = await recordedSite({ features: { timeline: 'none' } });
    const start = oldestKept(Date.now());
    for (const camera of [moved, steady]) {
      const found = await recordings.spans(camera.id, { start, end: within.end }, never, resolutionMs);
      expect(found.recorded).toEqual(recordedSpans(camera, { start, end: within.end }, Date.now()));
    }
    expect(xprotect.calls.get('TimeLineInformationGet')).toBe(3);
  });

  it('come exactly when they are asked for exactly, and days always do', async () => {
    const { recordings, xprotect } = await recordedSite();
    const start = within.end - 72 * hour;
    const exact = recordedSpans(moved, { start, end: within.end }, now);
    expect((await recordings.spans(moved.id, { start, end: within.end }, never)).recorded).toEqual(exact);
    const short = { start: within.end - 30 * hour, end: within.end };
    expect((await recordings.spans(moved.id, short, never, resolutionMs)).recorded).toEqual(
      recordedSpans(moved, short, now),
    );
    expect(xprotect.calls.has('TimeLineInformationGet')).toBe(false);
  });

  it('end at the present', async () => {
    const { recordings } = await recordedSite();
    const { recorded } = await recordings.spans(
      steady.id,
      { start: now - 100 * hour, end: now + hour },
      never,
      resolutionMs,
    );
    expect(recorded.at(-1)!.end).toBeLessThanOrEqual(Date.now());
    expect(recorded.at(-1)!.end).toBeGreaterThanOrEqual(now);
  });

  it('come by the gateway’s task while the recorder’s SOAP is broken, and fail where there is no task', async () => {
    const { recordings, xprotect } = await recordedSite({ features: { getSequences: true } });
    xprotect.faults.setSurface('recorder-command', { failWith: 503 });
    const found = await recordings.spans(moved.id, within, never, resolutionMs);
    expect(found.recorded).toEqual(recordedSpans(moved, within, Date.now()));
    const without = await recordedSite();
    without.xprotect.faults.setSurface('recorder-command', { failWith: 503 });
    await expect(without.recordings.spans(moved.id, within, never, resolutionMs)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

it('names the recorder of a camera once it has had to do with it', async () => {
  const { recordings } = await recordedSite();
  expect(recordings.recorderOf?.(steady.id)).toBeUndefined();
  await recordings.oldest(steady.id, never);
  await recordings.oldest(moved.id, never);
  expect(recordings.recorderOf?.(steady.id)).toMatch(/^http:/);
  expect(recordings.recorderOf?.(steady.id.toUpperCase())).toBe(recordings.recorderOf?.(moved.id));
});
