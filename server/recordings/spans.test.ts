import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordedSpans } from '#mocks/site/recordings.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { grant } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';
import { coarsened } from './level-of-detail.ts';
import { createSpanTiles } from './span-tiles.ts';
import { FakeRecordings } from './testing/fake-recordings.ts';
import { iso, noon, type PastHarness, startPastApp, wholeDay } from './testing/past-town.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const day = 86_400_000;
const never = new AbortController().signal;
const spans = (...flat: number[]) =>
  flat.flatMap((start, i) => (i % 2 === 0 ? [{ start, end: flat[i + 1] ?? 0 }] : []));

describe('coarsened spans', () => {
  it.each([
    ['stay as they are when all can be told apart', [0, 10, 20, 30], [0, 10, 20, 30]],
    ['close gaps that are too narrow', [0, 10, 14, 30], [0, 30]],
    ['lengthen what is too short', [0, 1, 50, 60], [0, 5, 50, 60]],
    ['join what touches once it is lengthened', [0, 1, 7, 8, 60, 70], [0, 12, 60, 70]],
    ['end with the window', [97, 98], [97, 100]],
    ['leave out what is outside of it', [-9, -2, 40, 50, 100, 110], [40, 50]],
    ['are clipped to it', [-9, 20, 90, 110], [0, 20, 90, 100]],
  ])('%s', (_what, given, wanted) => {
    const once = coarsened(spans(...given), { start: 0, end: 100 }, 5);
    expect(once).toEqual(spans(...wanted));
    expect(coarsened(once, { start: 0, end: 100 }, 5)).toEqual(once);
  });
});

describe('remembered windows', () => {
  const camera = siteCameras.find(({ number }) => number % 5 === 2) ?? siteCameras[0];
  const quarter = { start: noon - 90 * day, end: noon };
  let recordings: FakeRecordings;
  let failures: unknown[];
  let tiles: ReturnType<typeof createSpanTiles>;
  beforeEach(() => {
    recordings = new FakeRecordings();
    if (camera !== undefined) recordings.recorded.set('a', recordedSpans(camera, quarter, noon));
    failures = [];
    tiles = createSpanTiles({
      now: () => noon,
      patienceMs: 1000,
      onFailure: (cause) => failures.push(cause),
    });
  });

  it('are the same as read afresh, from whatever they are put together', async () => {
    const fiveMinutes = 300_000;
    await tiles.read(recordings, 'a', { start: noon - 40 * day, end: noon - 20 * day }, fiveMinutes, never);
    const { recorded, isComplete } = await tiles.read(recordings, 'a', quarter, fiveMinutes, never);
    expect(isComplete).toBe(true);
    const fresh = coarsened(recordings.recorded.get('a') ?? [], quarter, fiveMinutes);
    const length = (all: typeof fresh) => all.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(Math.abs(recorded.length - fresh.length)).toBeLessThan(fresh.length * 0.02);
    expect(Math.abs(length([...recorded]) - length(fresh))).toBeLessThan(length(fresh) * 0.02);
    expect(recorded.length).toBeGreaterThan(500);
  });

  it.each([20_000, 300_000, 3_600_000])(
    'ask the VMS for the live edge only, the second time (%s)',
    async (ms) => {
      await tiles.read(recordings, 'a', quarter, ms, never);
      const asked = vi.spyOn(recordings, 'spans');
      await tiles.read(recordings, 'a', quarter, ms * 1.1, never);
      expect(asked).toHaveBeenCalledOnce();
      const [, within] = asked.mock.calls[0] ?? [];
      expect((within?.end ?? 0) - (within?.start ?? 0)).toBeLessThanOrEqual(2 * day);
      expect(within?.end).toBe(noon);
    },
  );

  it('ask once when many ask the same at the same time', async () => {
    await Promise.all(Array.from({ length: 8 }, () => tiles.read(recordings, 'a', quarter, 300_000, never)));
    expect(recordings.calls).toEqual(['spans a']);
  });

  it('are asked for no longer than somebody waits, and anew by who comes later', async () => {
    const asked: AbortSignal[] = [];
    const answers: (() => void)[] = [];
    vi.spyOn(recordings, 'spans').mockImplementation(async (_cameraId, _within, signal) => {
      asked.push(signal);
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      answers.push(() => resolve(undefined));
      await promise;
      return { recorded: [], motion: [] };
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const reads = [first, second].map(({ signal }) => tiles.read(recordings, 'a', quarter, 300_000, signal));
    first.abort(new Error('zoomed on'));
    await expect(reads[0]).rejects.toThrow('zoomed on');
    expect(asked.map(({ aborted }) => aborted)).toEqual([false]);
    second.abort(new Error('zoomed on'));
    await expect(reads[1]).rejects.toThrow('zoomed on');
    expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
    const again = tiles.read(recordings, 'a', quarter, 300_000, never);
    expect(asked).toHaveLength(2);
    answers[1]?.();
    expect(await again).toEqual({ recorded: [], motion: [], isComplete: true });
    // Nobody's failure: people come and go.
    expect(failures).toEqual([]);
  });

  it('keep what they have when the VMS fails, and say that it is not all', async () => {
    const past = { start: noon - 80 * day, end: noon - 40 * day };
    const before = await tiles.read(recordings, 'a', past, 300_000, never);
    recordings.error = new VmsError('unavailable', 'gone');
    expect(await tiles.read(recordings, 'a', past, 300_000, never)).toEqual(before);
    const wider = await tiles.read(recordings, 'a', quarter, 300_000, never);
    expect(wider.isComplete).toBe(false);
    expect(wider.recorded.length).toBeGreaterThanOrEqual(before.recorded.length);
    expect(failures.length).toBeGreaterThan(0);
  });
});

describe('GET /api/recordings/spans', () => {
  let held: TestStore;
  let at: PastHarness;
  beforeAll(async () => {
    held = await pglite.open();
  });
  afterAll(() => held.close());
  beforeEach(async () => {
    await held.empty();
    at = await startPastApp(held.store);
    return () => at.app.close();
  });
  const path = (cameras: string, more: Record<string, string> = {}): string =>
    `/api/recordings/spans?${new URLSearchParams({
      cameras,
      from: iso(noon - 7_200_000),
      to: iso(noon),
      resolutionMs: '1000',
      ...more,
    }).toString()}`;

  it('tells what is recorded of each camera, since when, and where there was motion', async () => {
    at.recordings.motion.set('p1', spans(noon - 60_000, noon - 50_000));
    const answer = await (await at.as('olga')).json('GET', path('p2,p1,x1'));
    expect(answer).toEqual({
      from: iso(noon - 7_200_000),
      to: iso(noon),
      resolutionMs: 1000,
      cameras: [
        {
          cameraId: 'p2',
          oldest: iso(noon - 7_200_000),
          recorded: [0, 3_600_000, 5_400_000, 6_300_000],
          motion: [],
          isComplete: true,
        },
        {
          cameraId: 'p1',
          oldest: iso(wholeDay.start),
          recorded: [0, 7_200_000],
          motion: [7_140_000, 7_150_000],
          isComplete: true,
        },
        { cameraId: 'x1', recorded: [], motion: [], isComplete: true },
      ],
    });
  });

  it('is not complete for the one camera whose recorder does not answer', async () => {
    at.recordings.error = new VmsError('unavailable', 'recorder 10.0.0.7 is gone');
    at.recordings.failing = new Set(['p2']);
    const response = await (await at.as('olga')).send('GET', path('p1,p2'));
    const text = await response.text();
    expect(text).not.toContain('10.0.0.7');
    expect(JSON.parse(text)).toMatchObject({
      cameras: [
        { cameraId: 'p1', isComplete: true },
        { cameraId: 'p2', recorded: [], isComplete: false },
      ],
    });
  });

  it('hides what retention has taken since it was read', async () => {
    const olga = await at.as('olga');
    const wide = { from: iso(noon - 40 * day), resolutionMs: '60000' };
    const whole = spans(noon - 30 * day, noon);
    at.recordings.recorded.set('p1', whole);
    await olga.json('GET', path('p1', wide));
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 120_000);
    at.recordings.recorded.set('p1', spans(noon - 20 * day, noon));
    const answer = await olga.json('GET', path('p1', wide));
    vi.restoreAllMocks();
    expect(answer).toMatchObject({ cameras: [{ recorded: [20 * day, 40 * day] }] });
  });

  describe('in a zone with summer time', () => {
    // Berlin 2026: at 2026-03-29T02:00 an hour is left out, at 2026-10-25T03:00 one comes twice.
    const ask = async (from: string, to: string) =>
      (await at.as('olga')).json<{ from: string; to: string; cameras: { recorded: number[] }[] }>(
        'GET',
        path('p1', { from, to, resolutionMs: '1' }),
      );
    const hour = 3_600_000;

    it('tells the first half past two from the second, an hour later', async () => {
      const second = Date.UTC(2026, 9, 25, 1, 30);
      at.recordings.recorded.set('p1', spans(second, second + 1000));
      const first = await ask('2026-10-25T02:30:00+02:00', '2026-10-25T02:31:00+02:00');
      expect([first.from, first.cameras[0]?.recorded]).toEqual(['2026-10-25T00:30:00.000Z', []]);
      const again = await ask('2026-10-25T02:30:00+01:00', '2026-10-25T02:31:00+01:00');
      expect(again.cameras[0]?.recorded).toEqual([0, 1000]);
      const between = await ask('2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00');
      expect(Date.parse(between.to) - Date.parse(between.from)).toBe(hour);
    });

    it.each([
      ['of 25 hours', '2026-10-25T00:00:00+02:00', '2026-10-26T00:00:00+01:00', 25],
      ['of 23 hours', '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00', 23],
    ])('has days %s', async (_what, from, to, hours) => {
      at.recordings.recorded.set('p1', spans(Date.parse(from) - day, Date.parse(to) + day));
      expect((await ask(from, to)).cameras[0]?.recorded).toEqual([0, hours * hour]);
    });

    it('takes what the left-out hour would have been for the same moment by either name', async () => {
      const [winter, summer] = [
        await ask('2026-03-29T02:30:00+01:00', '2026-03-29T05:00:00+02:00'),
        await ask('2026-03-29T03:30:00+02:00', '2026-03-29T05:00:00+02:00'),
      ];
      expect(winter).toEqual(summer);
    });
  });

  it('asks nothing any more for a browser that has turned away, neither spans nor the oldest', async () => {
    const olga = await at.as('olga');
    const asked: AbortSignal[] = [];
    const hang = async (signal: AbortSignal): Promise<never> => {
      asked.push(signal);
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      return await promise;
    };
    vi.spyOn(at.recordings, 'spans').mockImplementation((_cameraId, _within, signal) => hang(signal));
    vi.spyOn(at.recordings, 'oldest').mockImplementation((_cameraId, signal) => hang(signal));
    const leaving = new AbortController();
    const answer = olga.send('GET', path('p1'), undefined, {}, leaving.signal);
    await expect.poll(() => asked.length).toBe(2);
    leaving.abort();
    await answer.catch(() => undefined);
    await expect.poll(() => asked.every(({ aborted }) => aborted)).toBe(true);
  });

  it('tells nothing to who has lost the right while recorders took their time', async () => {
    const olga = await at.as('olga');
    const reached = Promise.withResolvers<undefined>();
    const free = Promise.withResolvers<undefined>();
    vi.spyOn(at.recordings, 'spans').mockImplementation(async () => {
      reached.resolve(undefined);
      await free.promise;
      return { recorded: [], motion: [] };
    });
    const started = performance.now();
    const answer = olga.send('GET', path('p1'));
    await reached.promise;
    const boss = await at.as('boss');
    await boss.json('PATCH', `/api/users/${at.idOf('olga')}`, { grants: [grant('*', 'live')] });
    vi.spyOn(performance, 'now').mockReturnValue(started + 1500);
    free.resolve(undefined);
    expect(await (await answer).json()).toMatchObject({ code: 'not-permitted' });
    vi.restoreAllMocks();
  });

  it.each([
    ['nemo', 'p1', 'not-found'],
    ['otto', 'p1,m1', 'not-found'],
    ['screen', 'm1', 'not-permitted'],
    ['olga', 'nowhere', 'not-found'],
  ])('%s does not hear of %s', async (person, cameras, code) => {
    const response = await (await at.as(person)).send('GET', path(cameras));
    expect(await response.json()).toMatchObject({ code });
    expect(at.recordings.calls).toEqual([]);
  });

  it('names what is wrong with the question', async () => {
    const response = await (await at.as('olga')).send('GET', path('p1', { to: iso(noon - 8_000_000) }));
    expect(await response.json()).toMatchObject({ code: 'invalid-request', issues: [{ path: 'to' }] });
  });
});
