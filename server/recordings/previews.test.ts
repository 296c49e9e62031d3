import { beforeEach, describe, expect, it, vi } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { urlOf } from '#lib/api/call.ts';
import {
  type FetchPreviews,
  type NoPreview,
  type Preview,
  type PreviewsWish,
  readPreviews,
} from '#lib/recordings/preview-track.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { mostPreviews } from '#contract/recording-previews.ts';
import { type Browser, grant } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';
import { frameMs, gopMs } from './testing/fake-recordings.ts';
import { at, callsOf, codeOf, held, openPastTown } from './testing/open-past-town.ts';
import { iso, noon } from './testing/past-town.ts';
import { momentsIn } from './testing/read-fragments.ts';

let olga: Browser;
openPastTown();
beforeEach(async () => {
  olga = await at.as('olga');
});

const hour = 3_600_000;
const never = new AbortController().signal;

describe('keyframes', () => {
  const list = (cameraId: string, from: number, to: number, who = olga) =>
    who.json<{ from: string; to: string; keyframes: number[] }>(
      'GET',
      `/api/recordings/${cameraId}/keyframes?${new URLSearchParams({ from: iso(from), to: iso(to) }).toString()}`,
    );

  it('of a window are told, those of known pictures without asking for them again', async () => {
    const [from, to] = [noon - hour - 300, noon - hour + 60_000];
    const wanted = {
      from: iso(from),
      to: iso(to),
      keyframes: Array.from({ length: 30 }, (_, i) => 300 + i * gopMs),
    };
    expect(await list('p1', from, to)).toEqual(wanted);
    // Nothing but keyframes, and one more question: what lies before the window.
    expect([callsOf('keyframe'), callsOf('next'), at.recordings.openCursors]).toEqual([31, 0, 0]);
    const query = new URLSearchParams({ at: iso(noon - hour + 20_000), stream: 'main' }).toString();
    await olga.send('GET', `/api/recordings/p1/frames?${query}`);
    at.recordings.calls.length = 0;
    expect(await list('p1', from, to)).toEqual(wanted);
    expect(callsOf('keyframe')).toBe(30);
  });

  it('end at a gap, and are none where nothing is recorded', async () => {
    const { keyframes } = await list('p2', noon - hour - 4000, noon - hour + 4000);
    expect(keyframes).toEqual([0, 2000]);
    expect((await list('p2', noon - 5 * hour, noon - 5 * hour + 1000)).keyframes).toEqual([]);
  });

  it('are as many as are told, the latest ones', async () => {
    const [from, to] = [noon - hour, noon - hour + 900_000];
    at.recordings.codec = 'MJPEG';
    const cursor = at.recordings.cursor.bind(at.recordings);
    // Each picture is a keyframe.
    vi.spyOn(at.recordings, 'cursor').mockImplementation(async (cameraId, stream, signal) => {
      const own = await cursor(cameraId, stream, signal);
      return { ...own, at: (time, _options, ending) => own.at(time, { keyframe: false }, ending) };
    });
    const answer = await list('p1', from, to);
    expect(answer.keyframes).toHaveLength(1000);
    expect(Date.parse(answer.from)).toBe(to - 1000 * frameMs);
    expect(answer.keyframes[0]).toBe(0);
  });

  it('are only those known already where each costs its whole group', async () => {
    at.recordings.hasKeyframesAlone = false;
    const [from, to] = [noon - hour, noon - hour + 10_000];
    expect(await list('p1', from, to)).toEqual({ from: iso(to), to: iso(to), keyframes: [] });
    const query = new URLSearchParams({ at: iso(to - 1), stream: 'main' }).toString();
    await olga.send('GET', `/api/recordings/p1/frames?${query}`);
    at.recordings.calls.length = 0;
    expect(await list('p1', from, to)).toEqual({ from: iso(to - gopMs), to: iso(to), keyframes: [0] });
    expect(at.recordings.calls).toEqual([]);
  });

  it('are not looked for any more when the browser has turned away', async () => {
    let isAborted = false;
    at.recordings.beforeFrame = async (_cameraId, signal) => {
      if (callsOf('keyframe') < 5) return;
      signal.addEventListener('abort', () => (isAborted = true), { once: true });
      await sleep(60_000, undefined, { signal });
    };
    const leaving = new AbortController();
    const path = `/api/recordings/p1/keyframes?from=${iso(noon - hour)}&to=${iso(noon - hour + 60_000)}`;
    const asked = olga.send('GET', path, undefined, {}, leaving.signal);
    await expect.poll(() => callsOf('keyframe')).toBe(5);
    leaving.abort();
    await asked.catch(() => undefined);
    await expect.poll(() => [isAborted, at.recordings.openCursors]).toEqual([true, 0]);
  });

  it.each([
    ['nemo', 'p1', 'not-found'],
    ['otto', 'm1', 'not-found'],
    ['screen', 'm1', 'not-permitted'],
  ])('%s does not hear of those of %s', async (person, cameraId, code) => {
    const path = `/api/recordings/${cameraId}/keyframes?from=${iso(noon - hour)}&to=${iso(noon - hour + 1000)}`;
    expect(await codeOf(await (await at.as(person)).send('GET', path))).toBe(code);
    expect(at.recordings.calls).toEqual([]);
  });

  it('are told of a quarter of an hour at most', async () => {
    const path = `/api/recordings/p1/keyframes?from=${iso(noon - hour)}&to=${iso(noon - hour + 900_001)}`;
    expect(await codeOf(await olga.send('GET', path))).toBe('invalid-request');
  });
});

describe('previews', () => {
  let who: Browser;
  beforeEach(() => {
    who = olga;
  });
  const fetchThem: FetchPreviews = async (query, signal) =>
    await who.send('GET', urlOf(recordingMediaRoutes.recordedPreviews, { query }), undefined, {}, signal);
  const readAll = (
    wanted: PreviewsWish['wanted'],
    more: Partial<PreviewsWish> = {},
    signal = never,
  ): AsyncGenerator<Preview | NoPreview> =>
    readPreviews({ wanted, stream: 'main', form: 'keyframe', ...more }, signal, fetchThem);
  /** Of one camera; the first that there is not is thrown. */
  async function* read(
    cameraId: string,
    moments: readonly number[],
    more: Partial<PreviewsWish> = {},
    signal = never,
  ): AsyncGenerator<Preview> {
    const wanted = moments.map((moment) => ({ cameraId, at: moment }));
    for await (const one of readAll(wanted, more, signal))
      if (!('error' in one)) yield one;
      else if (one.error.code !== 'no-recording') throw one.error;
  }
  const all = async (previews: AsyncIterable<Preview>): Promise<Preview[]> => {
    const found = [];
    for await (const one of previews) found.push(one);
    return found;
  };

  it('are the keyframes of many moments in one answer, each picture once, in the order asked for', async () => {
    const moments = [5500, 500, 700, 90_000].map((ms) => noon - hour + ms);
    const found = await all(read('p1', moments));
    expect(found.map(({ at: moment }) => moment)).toEqual(moments);
    expect(found.map(({ start }) => start - noon + hour)).toEqual([4000, 0, 0, 90_000]);
    for (const { start, file, codec } of found) {
      expect(momentsIn(file)).toEqual([start]);
      expect(codec).toBe('avc1.42c01e');
    }
    expect([callsOf('keyframe'), callsOf('next')]).toEqual([4, 0]);
    expect(found[2]?.file).toBe(found[1]?.file);
  });

  it('pass over moments before the first recording', async () => {
    const found = await all(read('p2', [noon - 9 * hour, noon - 1.5 * hour]));
    expect(found.map(({ start }) => start)).toEqual([noon - 1.5 * hour]);
  });

  it('can be stills, and say until when each is right', async () => {
    const [found] = await all(read('p1', [noon - hour + 50], { form: 'still', width: 160 }));
    expect(found).toMatchObject({ start: noon - hour + 40, until: noon - hour + 80 });
    expect(Buffer.from(found?.file ?? []).toString()).toBe(`jpeg p1 ${noon - hour + 40} 160`);
  });

  it('are read no further than somebody takes them, and not after the browser has turned away', async () => {
    const moments = Array.from({ length: mostPreviews }, (_, i) => noon - hour + i * 10_000);
    const leaving = new AbortController();
    const reading = (async () => {
      for await (const { start } of read('p1', moments, {}, leaving.signal))
        if (start === moments[2]) leaving.abort(new Error('dragged on'));
    })();
    await expect(reading).rejects.toThrow('dragged on');
    await sleep(50);
    expect(callsOf('keyframe')).toBeLessThan(10);
    expect(at.recordings.openCursors).toBe(0);
  });

  it('of several cameras come side by side: a slow one keeps no other waiting, nor does one that may not be seen', async () => {
    who = await at.as('otto');
    const slow = Promise.withResolvers<undefined>();
    at.recordings.beforeFrame = async (cameraId) => {
      if (cameraId === 'p1') await slow.promise;
    };
    const moments = [noon - 1.5 * hour, noon - 1.5 * hour + 5000];
    const found: string[] = [];
    for await (const one of readAll(
      moments.flatMap((moment) => ['p1', 'p2', 'm1'].map((cameraId) => ({ cameraId, at: moment }))),
    )) {
      found.push(`${one.cameraId} ${'error' in one ? one.error.code : one.start - moments[0]!}`);
      if (found.length === 3) slow.resolve(undefined);
    }
    expect(found.slice(0, 3).toSorted()).toEqual(['m1 not-found', 'p2 0', 'p2 4000']);
    expect(found.slice(3)).toEqual(['p1 0', 'p1 4000']);
  });

  it('say how long each is right, but not at the edge of what is recorded', async () => {
    const [past] = await all(read('p1', [noon - hour + 1500]));
    expect(past).toMatchObject({ start: noon - hour, until: noon - hour + 1501 });
    const [edge] = await all(read('p1', [noon - 30_000]));
    expect(edge?.until).toBeUndefined();
  });

  it('end with the recorder that does not answer, and with the right', async () => {
    at.recordings.error = new VmsError('unavailable', 'recorder 10.0.0.7 is gone');
    await expect(all(read('p1', [noon - hour, noon - hour + 5000]))).rejects.toMatchObject({
      code: 'vms-unavailable',
    });
    expect(callsOf('cursor')).toBe(1);
    at.recordings.error = undefined;
    const boss = await at.as('boss');
    const started = performance.now();
    const losing = (async () => {
      for await (const { start } of read(
        'p1',
        [0, 5000, 10_000].map((ms) => noon - hour + ms),
      )) {
        expect(start).toBe(noon - hour);
        await boss.json('PATCH', `/api/users/${at.idOf('olga')}`, { grants: [grant('*', 'live')] });
        vi.spyOn(performance, 'now').mockReturnValue(started + 60_000);
      }
    })();
    await expect(losing).rejects.toMatchObject({ code: 'not-permitted' });
    vi.restoreAllMocks();
  });

  it('are one viewing, however many there are', async () => {
    await all(
      read(
        'p1',
        [0, 5000, 10_000].map((ms) => noon - hour + ms),
      ),
    );
    const rows = await held.store.db.selectFrom('audit').selectAll().where('kind', '=', 'playback').execute();
    expect(rows.map(({ camera_id }) => camera_id)).toEqual(['p1']);
  });

  it.each([
    ['nemo', 'p1', 'not-found'],
    ['otto', 'm1', 'not-found'],
    ['screen', 'm1', 'not-permitted'],
  ])('%s gets nothing of %s', async (person, cameraId, code) => {
    const path = `/api/recordings/previews?cameras=${cameraId}&from=${iso(noon - hour)}&slots=0.0,0.1000`;
    expect(await codeOf(await (await at.as(person)).send('GET', path))).toBe(code);
    expect(at.recordings.calls).toEqual([]);
  });

  it.each([
    '',
    '0.1,x',
    '0',
    '0.-1',
    '1.0',
    Array.from({ length: mostPreviews + 1 }, (_, i) => `0.${i}`).join(),
  ])('of slots like %s there are none', async (slots) => {
    const query = new URLSearchParams({ cameras: 'p1', from: iso(noon - hour), slots }).toString();
    expect(await codeOf(await olga.send('GET', `/api/recordings/previews?${query}`))).toBe('invalid-request');
  });
});
