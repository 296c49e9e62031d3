import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Browser, grant } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';
import { frameMs, gopMs } from './testing/fake-recordings.ts';
import { at, callsOf, codeOf, held, openPastTown } from './testing/open-past-town.ts';
import { iso, noon, startPastApp } from './testing/past-town.ts';
import { momentsIn, readFragments } from './testing/read-fragments.ts';

let olga: Browser;
openPastTown();
beforeEach(async () => {
  olga = await at.as('olga');
});

const hour = 3_600_000;
const path = (cameraId: string, time: number, more: Record<string, string> = {}): string =>
  `/api/recordings/${cameraId}/frames?${new URLSearchParams({ at: iso(time), ...more }).toString()}`;
const bytesOf = async (response: Response): Promise<Uint8Array> => {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
};

describe('frames', () => {
  it('of a moment are the GOP around it, in its own time, saying what it is', async () => {
    const response = await olga.send('GET', path('p1', noon - hour + 777));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'cache-control': 'no-store',
      'parapet-start': iso(noon - hour),
      'parapet-end': iso(noon - hour + gopMs),
      'parapet-codec': 'avc1.42c01e',
    });
    const { ticksPerSecond, fragments } = readFragments(await bytesOf(response));
    expect([ticksPerSecond, fragments.length]).toEqual([1000, 1]);
    const [gop = []] = fragments;
    expect(gop.map(({ time }) => time)).toEqual(
      Array.from({ length: gopMs / frameMs }, (_, i) => noon - hour + i * frameMs),
    );
    expect(gop.map(({ isKeyframe }) => isKeyframe).indexOf(true, 1)).toBe(-1);
    expect(gop[0]).toMatchObject({ isKeyframe: true, duration: frameMs });
    // Parameter sets are in the header only.
    expect(gop[0]?.units).toHaveLength(1);
  });

  it('can be the keyframe alone, which costs the recorder one question', async () => {
    const response = await olga.send('GET', path('p1', noon - hour + 777, { only: 'keyframe' }));
    expect(response.headers.get('parapet-end')).toBe(iso(noon - hour + frameMs));
    expect(momentsIn(await bytesOf(response))).toEqual([noon - hour]);
    expect(at.recordings.calls).toEqual(['cursor main p1', 'keyframe p1']);
  });

  it('end where the recording has a gap, and say when it goes on', async () => {
    const response = await olga.send('GET', path('p2', noon - hour - 10));
    expect(response.headers.get('parapet-end')).toBe(iso(noon - hour / 2));
    const [gop = []] = readFragments(await bytesOf(response)).fragments;
    expect(gop.at(-1)?.duration).toBe(frameMs);
  });

  it('in a gap are those before it; before everything there are none', async () => {
    expect(momentsIn(await bytesOf(await olga.send('GET', path('p2', noon - 0.75 * hour)))).at(-1)).toBe(
      noon - hour - frameMs,
    );
    const before = await olga.send('GET', path('p2', noon - 5 * hour));
    expect([before.status, await codeOf(before)]).toEqual([404, 'no-recording']);
    expect(await codeOf(await olga.send('GET', path('x1', noon)))).toBe('no-recording');
  });

  it('are read once: again they come from memory, the keyframe of a known GOP too', async () => {
    const first = await bytesOf(await olga.send('GET', path('p1', noon - hour)));
    const calls = at.recordings.calls.length;
    expect(await bytesOf(await olga.send('GET', path('p1', noon - hour + 1999)))).toEqual(first);
    const keyframe = await bytesOf(
      await olga.send('GET', path('p1', noon - hour + 50, { only: 'keyframe' })),
    );
    expect(readFragments(keyframe).fragments.flat()).toEqual(
      readFragments(first).fragments.flat().slice(0, 1),
    );
    expect(at.recordings.calls).toHaveLength(calls);
  });

  it('of a keyframe asked for from anywhere in what it is known to be right for come from memory', async () => {
    const key = async (time: number) =>
      bytesOf(await olga.send('GET', path('p1', time, { only: 'keyframe' })));
    await key(noon - hour + 1500);
    await key(noon - hour + 300);
    expect(callsOf('keyframe')).toBe(1);
    await key(noon - hour + 1600);
    expect(callsOf('keyframe')).toBe(2);
    await key(noon - hour + 1550);
    expect(callsOf('keyframe')).toBe(2);
  });

  it('at the live edge are read afresh each time, as they grow', async () => {
    at.recordings.recorded.set('p1', [{ start: noon - gopMs, end: noon - 1000 }]);
    const first = await olga.send('GET', path('p1', noon));
    expect(first.headers.get('parapet-end')).toBeNull();
    expect(momentsIn(await bytesOf(first))).toHaveLength(25);
    at.recordings.recorded.set('p1', [{ start: noon - gopMs, end: noon }]);
    expect(momentsIn(await bytesOf(await olga.send('GET', path('p1', noon))))).toHaveLength(50);
    await olga.send('GET', path('p1', noon, { only: 'keyframe' }));
    at.recordings.recorded.set('p1', [{ start: noon - gopMs, end: noon + 10 }]);
    const newer = await olga.send('GET', path('p1', noon, { only: 'keyframe' }));
    expect(newer.headers.get('parapet-start')).toBe(iso(noon));
  });

  it('that many want at once, at different moments of a GOP, are read once', async () => {
    const others = await Promise.all(['olga', 'otto', 'ivan', 'boss'].map((name) => at.as(name)));
    const answers = await Promise.all(
      others.flatMap((browser) =>
        [0, 500, 1000, 1500].map(async (ms) =>
          bytesOf(await browser.send('GET', path('p1', noon - hour + ms))),
        ),
      ),
    );
    expect(new Set(answers.map((bytes) => Buffer.from(bytes).toString('base64'))).size).toBe(1);
    expect(callsOf('next')).toBe(gopMs / frameMs);
    expect(at.recordings.openCursors).toBe(0);
  });

  it('nobody waits for any more are not read to their end', async () => {
    const reached = Promise.withResolvers<undefined>();
    at.recordings.beforeFrame = async (_camera, signal) => {
      if (callsOf('next') === 5) reached.resolve(undefined);
      await sleep(callsOf('next') >= 5 ? 60_000 : 0, undefined, { signal });
    };
    const leaving = new AbortController();
    const asked = olga.send('GET', path('p1', noon - hour), undefined, {}, leaving.signal);
    await reached.promise;
    leaving.abort();
    await asked.catch(() => undefined);
    await expect.poll(() => at.recordings.openCursors).toBe(0);
    expect(callsOf('next')).toBe(5);
  });

  it('one of two still waits for are read on', async () => {
    const reached = Promise.withResolvers<undefined>();
    const free = Promise.withResolvers<undefined>();
    at.recordings.beforeFrame = async () => {
      if (callsOf('next') !== 5) return;
      reached.resolve(undefined);
      await free.promise;
    };
    const leaving = new AbortController();
    const first = olga.send('GET', path('p1', noon - hour), undefined, {}, leaving.signal);
    await reached.promise;
    const second = (await at.as('otto')).send('GET', path('p1', noon - hour + 40));
    await sleep(20);
    leaving.abort();
    await first.catch(() => undefined);
    free.resolve(undefined);
    expect(momentsIn(await bytesOf(await second))).toHaveLength(50);
    expect(callsOf('cursor')).toBe(1);
  });

  it('of a recorder that does not answer are a problem without its name, and the next try may work', async () => {
    at.recordings.error = new VmsError('unavailable', 'recorder 10.0.0.7 is gone');
    const response = await olga.send('GET', path('p1', noon - hour));
    const text = await response.text();
    expect(response.headers.get('retry-after')).toBe('5');
    expect(JSON.parse(text)).toMatchObject({ code: 'vms-unavailable' });
    expect(text).not.toContain('10.0.0.7');
    at.recordings.error = undefined;
    expect((await olga.send('GET', path('p1', noon - hour))).status).toBe(200);
  });

  it('that are JPEG, or do not say how they are coded, are not sent', async () => {
    at.recordings.codec = 'MJPEG';
    expect(await codeOf(await olga.send('GET', path('p1', noon - hour)))).toBe('codec-unsupported');
    at.recordings.codec = 'H264';
    at.recordings.parameterSetsAt = () => [];
    expect(await codeOf(await olga.send('GET', path('p1', noon - hour)))).toBe('codec-unsupported');
  });
});

describe('over a real connection', () => {
  it.each([
    ['frames', path('p1', noon - hour)],
    [
      'a segment',
      `/api/recordings/p1/segment.mp4?part=media&start=${iso(noon - hour)}&end=${iso(noon - hour + 60_000)}`,
    ],
  ])('%s: a browser that turns away stops the reading at the recorder', async (_what, address) => {
    const server = createAdaptorServer({ fetch: (request, bindings) => at.app.fetch(request, bindings) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const reached = Promise.withResolvers<undefined>();
    let isReading = false;
    at.recordings.beforeFrame = async (_camera, signal) => {
      if (callsOf('next') < 60 && address.includes('segment')) return;
      isReading = true;
      reached.resolve(undefined);
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      await promise;
    };
    const leaving = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}${address}`, {
      headers: { cookie: olga.cookie },
      signal: leaving.signal,
    }).then((response) => response.arrayBuffer());
    await reached.promise;
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => at.recordings.openCursors).toBe(0);
    expect(isReading).toBe(true);
    server.close();
  });
});

describe('rights', () => {
  const doors = ['frames', 'still', 'playlist.m3u8', 'segment.mp4'];
  const query = new URLSearchParams({
    at: iso(noon - hour),
    width: '320',
    from: iso(noon - hour),
    to: iso(noon),
    start: iso(noon - hour),
    end: iso(noon - hour + 60_000),
    part: 'media',
  }).toString();
  it.each(
    doors.flatMap((door) => [
      [door, 'nemo', 'p1', 'not-found'],
      [door, 'otto', 'm1', 'not-found'],
      [door, 'screen', 'm1', 'not-permitted'],
    ]),
  )('%s: %s gets nothing of %s', async (door, person, cameraId, code) => {
    const response = await (await at.as(person)).send('GET', `/api/recordings/${cameraId}/${door}?${query}`);
    expect(await codeOf(response)).toBe(code);
    expect(at.recordings.calls).toEqual([]);
  });

  it.each(doors)('%s: says what is wrong with the question', async (door) => {
    const response = await olga.send('GET', `/api/recordings/p1/${door}?at=yesterday`);
    expect(await codeOf(response)).toBe('invalid-request');
  });

  it('that are lost while a recorder takes its time count', async () => {
    const reached = Promise.withResolvers<undefined>();
    const free = Promise.withResolvers<undefined>();
    at.recordings.beforeFrame = async () => {
      reached.resolve(undefined);
      await free.promise;
    };
    const started = performance.now();
    const asked = olga.send('GET', path('p1', noon - hour));
    await reached.promise;
    await (
      await at.as('boss')
    ).json('PATCH', `/api/users/${at.idOf('olga')}`, {
      grants: [grant('*', 'live')],
    });
    vi.spyOn(performance, 'now').mockReturnValue(started + 1500);
    free.resolve(undefined);
    expect(await codeOf(await asked)).toBe('not-permitted');
    vi.restoreAllMocks();
  });

  it('are written down once for each camera and viewing', async () => {
    const entries = async () =>
      (
        await held.store.db
          .selectFrom('audit')
          .selectAll()
          .where('kind', '=', 'playback')
          .orderBy('id')
          .execute()
      ).map(({ user_name, camera_id, details }) => [user_name, camera_id, details['at']]);
    for (let i = 0; i < 5; i++) await olga.send('GET', path('p1', noon - hour + i * gopMs));
    await olga.send('GET', path('m1', noon - hour, { only: 'keyframe' }));
    const seen = [
      ['olga', 'p1', iso(noon - hour)],
      ['olga', 'm1', iso(noon - hour)],
    ];
    expect(await entries()).toEqual(seen);
    for (let i = 0; i < 5; i++) {
      at.clock.pass(30_000);
      await olga.send('GET', path('p1', noon - hour));
    }
    const other = await startPastApp(held.store, { join: at });
    const same = await other.as('otto');
    await same.send('GET', path('p1', noon - hour));
    expect(await entries()).toEqual([...seen, ['otto', 'p1', iso(noon - hour)]]);
    at.clock.pass(61_000);
    await olga.send('GET', path('p1', noon - 2 * hour));
    expect((await entries()).at(-1)).toEqual(['olga', 'p1', iso(noon - 2 * hour)]);
    await other.app.close();
  });
});

describe('a still', () => {
  const still = (time: number, cameraId = 'p1') =>
    olga.send('GET', `/api/recordings/${cameraId}/still?at=${iso(time)}&width=320`);
  it('is a JPEG that says when it was taken, and read once', async () => {
    const response = await still(noon - hour + 7);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('parapet-start')).toBe(iso(noon - hour));
    expect(await response.text()).toBe(`jpeg p1 ${noon - hour} 320`);
    await still(noon - hour + 7);
    expect(callsOf('still')).toBe(1);
  });
  it('answers for every moment until the next picture, and says until when', async () => {
    const response = await still(noon - hour + 7);
    expect(response.headers.get('parapet-until')).toBe(iso(noon - hour + frameMs));
    for (const ms of [0, 1, frameMs - 1]) await still(noon - hour + ms);
    expect(callsOf('still')).toBe(1);
    expect((await still(noon - hour + frameMs)).headers.get('parapet-start')).toBe(
      iso(noon - hour + frameMs),
    );
    expect(callsOf('still')).toBe(2);
    // Five seconds into a gap it stands for nothing any more.
    expect((await still(noon - hour + 4000, 'p2')).headers.get('parapet-until')).toBe(
      iso(noon - hour - frameMs + 5001),
    );
    expect(await codeOf(await still(noon - hour + 5000, 'p2'))).toBe('no-recording');
  });
  it('that was recorded last may be another one in a moment', async () => {
    at.recordings.recorded.set('p1', [{ start: noon - gopMs, end: noon - 1000 }]);
    const last = await still(noon);
    expect(last.headers.get('parapet-until')).toBeNull();
    at.recordings.recorded.set('p1', [{ start: noon - gopMs, end: noon }]);
    expect((await still(noon)).headers.get('parapet-start')).toBe(iso(noon - frameMs));
  });
  it('that many want at once is made once, and not for people who have gone', async () => {
    const free = Promise.withResolvers<undefined>();
    const asked: AbortSignal[] = [];
    const make = at.recordings.still.bind(at.recordings);
    vi.spyOn(at.recordings, 'still').mockImplementation(async (cameraId, time, width, signal) => {
      asked.push(signal);
      await Promise.race([free.promise, sleep(60_000, undefined, { signal })]);
      return await make(cameraId, time, width, signal);
    });
    const path = `/api/recordings/p1/still?at=${iso(noon - hour)}&width=320`;
    const [one, two] = [new AbortController(), new AbortController()];
    const gone = [one, two].map(({ signal }) => olga.send('GET', path, undefined, {}, signal));
    await expect.poll(() => asked.length).toBe(1);
    one.abort();
    await sleep(20);
    expect(asked[0]?.aborted).toBe(false);
    two.abort();
    await Promise.allSettled(gone);
    await expect.poll(() => asked[0]?.aborted).toBe(true);
    const both = [still(noon - hour), still(noon - hour)];
    await expect.poll(() => asked.length).toBe(2);
    free.resolve(undefined);
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
    expect(asked).toHaveLength(2);
    vi.restoreAllMocks();
  });
  it('is not there in a gap', async () => {
    expect(await codeOf(await still(noon - 0.75 * hour, 'p2'))).toBe('no-recording');
  });
});

describe('a playlist', () => {
  const list = async (cameraId: string, from: number, to: number) => {
    const query = new URLSearchParams({ from: iso(from), to: iso(to) }).toString();
    const response = await olga.send('GET', `/api/recordings/${cameraId}/playlist.m3u8?${query}`);
    return { response, text: await response.clone().text() };
  };
  const addresses = (text: string): string[] => text.match(/segment\.mp4[^"\n]*/g) ?? [];
  const load = async (address: string): Promise<Uint8Array> =>
    bytesOf(await olga.send('GET', `/api/recordings/p2/${address}`));

  it('has every picture of the window once, and no gap but the discontinuity', async () => {
    const [from, to] = [noon - hour - 21_300, noon - hour / 2 + 15_000];
    const { response, text } = await list('p2', from, to);
    expect(response.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
    expect(text).not.toContain('GAP');
    expect(text.match(/#EXT-X-PROGRAM-DATE-TIME:(.*)/g)).toEqual([
      `#EXT-X-PROGRAM-DATE-TIME:${iso(noon - hour - 22_000)}`,
      `#EXT-X-PROGRAM-DATE-TIME:${iso(noon - hour / 2)}`,
    ]);
    expect(text.trimEnd().endsWith('#EXT-X-ENDLIST')).toBe(true);
    const target = Number(/TARGETDURATION:(\d+)/.exec(text)?.[1]);
    for (const [, seconds] of text.matchAll(/#EXTINF:([\d.]+)/g))
      expect(Number(seconds)).toBeLessThanOrEqual(target);
    const moments: number[] = [];
    for (const address of addresses(text)) {
      const file = await load(address);
      if (address.includes('part=init'))
        expect(readFragments(file)).toEqual({ ticksPerSecond: 1000, fragments: [] });
      else {
        const { fragments } = readFragments(file);
        expect(fragments.every(([first]) => first?.isKeyframe)).toBe(true);
        moments.push(...momentsIn(file));
      }
    }
    const expected: number[] = [];
    for (let time = noon - hour - 22_000; time < noon - hour; time += frameMs) expected.push(time);
    for (let time = noon - hour / 2; time < noon - hour / 2 + 16_000; time += frameMs) expected.push(time);
    expect(moments).toEqual(expected);
  });

  it('is not told to who has lost the right while the recorder took its time', async () => {
    const reached = Promise.withResolvers<undefined>();
    const free = Promise.withResolvers<undefined>();
    at.recordings.beforeFrame = async () => {
      reached.resolve(undefined);
      await free.promise;
    };
    const started = performance.now();
    const answer = list('p1', noon - hour, noon);
    await reached.promise;
    const boss = await at.as('boss');
    await boss.json('PATCH', `/api/users/${at.idOf('olga')}`, { grants: [grant('*', 'live')] });
    vi.spyOn(performance, 'now').mockReturnValue(started + 1500);
    free.resolve(undefined);
    expect(await codeOf((await answer).response)).toBe('not-permitted');
    vi.restoreAllMocks();
  });

  it('of a window in which nothing is recorded there is none', async () => {
    expect(await codeOf((await list('p2', noon - 0.9 * hour, noon - 0.6 * hour)).response)).toBe(
      'no-recording',
    );
    expect(await codeOf((await list('p1', noon - 1000, noon + hour)).response)).toBe('no-recording');
  });
});

describe('a segment', () => {
  const address = `/api/recordings/p1/segment.mp4?part=media&start=${iso(noon - hour)}&end=${iso(noon - hour + 20_000)}`;

  it('is read from the recorder as it is taken from us, and no further', async () => {
    const response = await olga.send('GET', address);
    const reader = response.body?.getReader();
    await reader?.read();
    await sleep(50);
    // The first GOP, and at most the one that follows it.
    expect(callsOf('keyframe')).toBeLessThanOrEqual(2);
    await reader?.cancel();
    await sleep(50);
    expect(callsOf('keyframe')).toBeLessThanOrEqual(2);
    expect(at.recordings.openCursors).toBe(0);
  });

  it('has the group that reaches into it where none begins in it, and is not there in a gap', async () => {
    const part = (cameraId: string, start: number, end: number) =>
      olga.send(
        'GET',
        `/api/recordings/${cameraId}/segment.mp4?part=media&start=${iso(start)}&end=${iso(end)}`,
      );
    const within = await part('p1', noon - hour + 300, noon - hour + 1900);
    expect(momentsIn(await bytesOf(within))[0]).toBe(noon - hour);
    const across = await part('p1', noon - hour + 300, noon - hour + gopMs + 1);
    expect(momentsIn(await bytesOf(across))[0]).toBe(noon - hour + gopMs);
    expect(await codeOf(await part('p2', noon - 0.75 * hour, noon - 0.75 * hour + 5000))).toBe(
      'no-recording',
    );
  });

  it('is no longer than ten minutes: what is taken away are exports', async () => {
    const long = `/api/recordings/p1/segment.mp4?part=media&start=${iso(noon - hour)}&end=${iso(noon - hour + 600_001)}`;
    expect(await (await olga.send('GET', long)).json()).toMatchObject({
      code: 'invalid-request',
      issues: [{ path: 'end' }],
    });
    expect(at.recordings.calls).toEqual([]);
  });

  it('that is taken slowly is one viewing that goes on, not one that ended at its beginning', async () => {
    const response = await olga.send('GET', address);
    const reader = response.body?.getReader();
    for (let i = 0; i < 5; i++) {
      at.clock.pass(20_000);
      await reader?.read();
    }
    await reader?.cancel();
    at.clock.pass(30_000);
    await olga.send('GET', path('p1', noon - hour));
    const rows = await held.store.db.selectFrom('audit').selectAll().where('kind', '=', 'playback').execute();
    expect(rows).toHaveLength(1);
  });

  it('breaks off when the right is lost', async () => {
    const response = await olga.send('GET', address);
    const reader = response.body?.getReader();
    await reader?.read();
    await (await at.as('boss')).json('PATCH', `/api/users/${at.idOf('olga')}`, { grants: [] });
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1500);
    const rest = (async () => {
      for (;;) if ((await reader?.read())?.done !== false) return;
    })();
    await expect(rest).rejects.toThrow();
    vi.restoreAllMocks();
  });
});
