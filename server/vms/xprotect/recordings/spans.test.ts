import { expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { hasLongOutages, motionSpans, oldestKept, recordedSpans } from '#mocks/site/recordings.ts';
import { recordedSite } from '../testing/recorded-site.ts';

const hour = 3_600_000;
const day = 24 * hour;
const never = new AbortController().signal;
const steady = siteCameras[0]!;
const moved = siteCameras[1]!;
const failing = siteCameras.find((camera) => hasLongOutages(camera))!;

/** What the site has recorded until a moment that both sides call past. */
const truth = (camera: typeof steady, start: number, end: number) => ({
  recorded: recordedSpans(camera, { start, end }, Date.now()),
  motion: motionSpans(camera, { start, end }, Date.now()),
});

it.each([
  ['by the task of the gateway', true],
  ['from the recorders', false],
])('ninety days of any camera come in one call, %s, exactly as recorded', async (_how, getSequences) => {
  const { recordings, xprotect } = await recordedSite({ features: { getSequences } });
  const end = Date.now() - 60_000;
  const start = oldestKept(end);
  for (const camera of [steady, moved, failing])
    expect(await recordings.spans(camera.id, { start, end }, never)).toEqual(truth(camera, start, end));
  expect(xprotect.calls.has('SequencesGet')).toBe(!getSequences);
});

it('asks the recorder again for the present only, the past is known', async () => {
  const { recordings, xprotect } = await recordedSite();
  const now = Date.now();
  const within = { start: now - 40 * hour, end: now };
  await recordings.spans(moved.id, within, never);
  const asked = xprotect.calls.get('SequencesGet')!;
  const past = { start: now - 30 * hour, end: now - 3 * hour };
  expect(await recordings.spans(moved.id, past, never)).toEqual(truth(moved, past.start, past.end));
  expect(xprotect.calls.get('SequencesGet')).toBe(asked);
  // One call for what is recorded and one for motion, of the last hour or two.
  await recordings.spans(moved.id, within, never);
  expect(xprotect.calls.get('SequencesGet')).toBe(asked + 2);
});

it('asks once for all who ask at the same time, also for parts of the same window', async () => {
  const { recordings, xprotect } = await recordedSite();
  const end = Math.floor(Date.now() / hour) * hour - hour;
  await recordings.oldest(steady.id, never);
  xprotect.faults.setSurface('recorder-command', { latencyMs: 50 });
  const before = xprotect.calls.get('SequencesGet')!;
  const windows = [10, 7, 10, 3, 1].map((hours) => ({ start: end - hours * hour, end }));
  const answers = await Promise.all(windows.map((within) => recordings.spans(steady.id, within, never)));
  expect(answers).toEqual(windows.map(({ start }) => truth(steady, start, end)));
  expect(xprotect.calls.get('SequencesGet')).toBe(before + 2);
});

it('lets the others have their answer when one of them has left, and stops when all have', async () => {
  const { recordings, xprotect } = await recordedSite();
  await recordings.oldest(steady.id, never);
  xprotect.faults.setSurface('recorder-command', { latencyMs: 80 });
  const end = Math.floor(Date.now() / hour) * hour - hour;
  const within = { start: end - 5 * hour, end };
  const leaving = new AbortController();
  const [left, stayed] = [
    recordings.spans(steady.id, within, leaving.signal),
    recordings.spans(steady.id, within, never),
  ];
  leaving.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  expect(await stayed).toEqual(truth(steady, within.start, end));

  const other = { start: end - 20 * hour, end: end - 10 * hour };
  const alone = recordings.spans(steady.id, other, AbortSignal.timeout(20));
  await expect(alone).rejects.toMatchObject({ name: 'TimeoutError' });
  xprotect.faults.setSurface('recorder-command', {});
  expect(await recordings.spans(steady.id, other, never)).toEqual(truth(steady, other.start, other.end));
});

it('goes page by page where there is more than a call gives', async () => {
  const { recordings, xprotect } = await recordedSite();
  const end = Date.now() - hour;
  const { recorded } = await recordings.spans(moved.id, { start: 0, end }, never);
  expect(recorded.length).toBeGreaterThan(3000);
  expect(recorded).toEqual(truth(moved, oldestKept(Date.now()), end).recorded);
  expect(xprotect.calls.get('SequencesGet')).toBeGreaterThan(2 * Math.floor(recorded.length / 1000));
});

it('ends a recording in progress at the present, although the recorder says that it goes on', async () => {
  const { recordings } = await recordedSite();
  const { recorded } = await recordings.spans(
    steady.id,
    { start: Date.now() - hour, end: Date.now() + day },
    never,
  );
  expect(recorded.at(-1)!.end).toBeLessThanOrEqual(Date.now());
  expect(recorded.at(-1)!.end).toBeGreaterThan(Date.now() - 2000);
  expect(
    await recordings.spans(steady.id, { start: Date.now() + hour, end: Date.now() + day }, never),
  ).toEqual({
    recorded: [],
    motion: [],
  });
});

it('knows the oldest moment that is kept', async () => {
  const { recordings } = await recordedSite();
  expect(await recordings.oldest(steady.id, never)).toBe(oldestKept(Date.now()));
});

it('keeps only as much as it may', async () => {
  const { recordings, xprotect } = await recordedSite({ adapter: { recordings: { spanBytes: 4000 } } });
  const end = Math.floor(Date.now() / hour) * hour - hour;
  const within = { start: end - 30 * hour, end };
  await recordings.spans(steady.id, within, never);
  const asked = xprotect.calls.get('SequencesGet')!;
  expect(await recordings.spans(steady.id, within, never)).toEqual(truth(steady, within.start, end));
  expect(xprotect.calls.get('SequencesGet')).toBeGreaterThan(asked);
});

it('says what is wrong in words of its own, without hosts or tokens', async () => {
  const { recordings, xprotect } = await recordedSite();
  const within = { start: Date.now() - hour, end: Date.now() };
  await expect(recordings.spans('../sites', within, never)).rejects.toMatchObject({ code: 'unknown-camera' });
  await expect(recordings.spans('00000000-0000-4000-8000-000000000000', within, never)).rejects.toMatchObject(
    { code: 'unknown-camera' },
  );
  xprotect.faults.setSurface('recorder-command', { failWith: 503 });
  await expect(recordings.spans(steady.id, within, never)).rejects.toMatchObject({ code: 'unavailable' });
  xprotect.faults.setSurface('recorder-command', {});
  xprotect.faults.setRecorder(1, 'offline');
  const error = await recordings.spans(steady.id, within, never).catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ name: 'VmsError', code: 'unavailable' });
  expect((error as Error).message).not.toMatch(/127\.0\.0\.1|\d{4,5}|TOKEN/);
  xprotect.faults.setRecorder(1, 'online');
  await expect.poll(() => recordings.spans(steady.id, within, never).catch(() => undefined)).toBeDefined();
});

it('goes on with a fresh token when the old one has died', async () => {
  const { recordings, xprotect } = await recordedSite();
  const within = { start: Date.now() - hour, end: Date.now() - 60_000 };
  await recordings.spans(steady.id, within, never);
  xprotect.faults.expireTokens();
  expect(await recordings.spans(steady.id, within, never)).toEqual(truth(steady, within.start, within.end));
});
