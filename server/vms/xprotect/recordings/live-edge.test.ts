import { afterEach, expect, it, vi } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { recordedSpans } from '#mocks/site/recordings.ts';
import { recordedSite } from '../testing/recorded-site.ts';

const hour = 3_600_000;
const never = new AbortController().signal;
const moved = siteCameras[1]!;
const steady = siteCameras[0]!;
afterEach(() => {
  vi.restoreAllMocks();
});

/** Sets the clock of the site and of the adapter so that the next recording of `moved` begins in so many ms. */
function soon(inMs: number): number {
  const real = Date.now;
  const now = real();
  const spans = recordedSpans(moved, { start: now - 48 * hour, end: now - 24 * hour }, now);
  // One that begins well after the one before it, and goes on for a while.
  const next = spans.find(
    ({ start, end }, i) => i > 0 && start - spans[i - 1]!.end > 60_000 && end - start > 60_000,
  )!;
  const offset = next.start - inMs - now;
  vi.spyOn(Date, 'now').mockImplementation(() => real() + offset);
  return next.start;
}

it.each([
  ['by its events', true],
  ['by asking, where it tells no events', false],
])('hears %s that a recording has begun, and then finds it in the strip', async (_how, events) => {
  const begins = soon(400);
  const { recordings, xprotect } = await recordedSite({
    features: { events },
    cameras: siteCameras.slice(0, 10),
    adapter: { recordings: { liveEdgeEveryMs: 40 }, events: { shortestMs: 5 } },
  });
  const strip = async () => {
    const end = Date.now();
    return (await recordings.spans(moved.id, { start: end - hour, end }, never)).recorded;
  };
  const ending = new AbortController();
  const changed: string[] = [];
  const following = recordings.followChanges?.((ids) => changed.push(...ids), ending.signal);
  expect((await strip()).at(-1)?.end ?? 0).toBeLessThan(begins - 60_000);
  await recordings.spans(steady.id, { start: Date.now() - hour, end: Date.now() }, never);
  if (events) await expect.poll(() => xprotect.eventConnectionCount).toBe(1);
  await expect.poll(() => changed, { timeout: 5000 }).toContain(moved.id);
  expect(Date.now()).toBeGreaterThanOrEqual(begins);
  expect((await strip()).at(-1)?.start).toBe(begins);
  // A camera that goes on as before is no news, however often it is asked about.
  expect(changed).not.toContain(steady.id);
  ending.abort();
  await following;
  expect(ending.signal.aborted).toBe(true);
});

it('asks for nobody’s present when nobody looks at it', async () => {
  soon(60_000);
  const { recordings, xprotect } = await recordedSite({
    features: { events: false },
    adapter: { recordings: { liveEdgeEveryMs: 5 } },
  });
  const ending = new AbortController();
  const following = recordings.followChanges?.(() => undefined, ending.signal);
  const end = Date.now() - hour;
  await recordings.spans(moved.id, { start: end - hour, end }, never);
  const asked = xprotect.calls.get('SequencesGet');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(xprotect.calls.get('SequencesGet')).toBe(asked);
  ending.abort();
  await following;
});
