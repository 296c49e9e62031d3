import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CameraId } from '#contract/camera.ts';
import type { DemoRta } from '#mocks/rta/rta.ts';
import { agencyNames, rtaId } from '#mocks/rta/site.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import type { Vms } from '#server/vms/vms.ts';
import { CameraListAnswer, readAnswer } from './answers.ts';
import { groupId } from './ids.ts';
import { cameras, startSite, vmsFor } from './testing/rta-site.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
const never = new AbortController().signal;
const first = cameras[0]!;
let rta: DemoRta;
let vms: Vms;
afterEach(async () => {
  await vms.close();
  await vms.close();
  await rta.close();
});

describe.each(['mip_sdk', 'mobile_server'])('by %s', (method) => {
  it('lists the cameras under their own ids, with numbers and agencies', async () => {
    rta = await startSite({ cameras: siteCameras });
    vms = vmsFor(rta, { method });
    const { cameras: listed, groups } = await vms.readDirectory(never);
    expect(listed).toEqual(
      siteCameras.map((camera) => ({
        id: rtaId(camera),
        number: camera.number,
        name: camera.name,
        groupIds: [groupId('milestone', agencyNames[camera.agency])],
        streams: [{ name: 'main', width: 1280, height: 720, framesPerSecond: 25 }],
        hasPtz: camera.hasPtz,
      })),
    );
    expect(groups.map(({ name }) => name)).toEqual(['Dubai Police', 'Metro', 'Bus', 'Other Agencies']);
    for (const { id } of [...listed, ...groups]) expect(CameraId.safeParse(id).success).toBe(true);
  });

  it('says where live pictures are, with user and password apart from the address', async () => {
    rta = await startSite();
    vms = vmsFor(rta, { method });
    expect(await vms.liveSource(rtaId(first), 'main', never)).toEqual({
      kind: 'rtsp',
      url: `${rta.rtspUrl}/camera/${rtaId(first)}`,
      username: 'rta-integration',
      password: 'hush',
    });
    await expect(vms.liveSource(rtaId(first), 'sub', never)).rejects.toMatchObject({
      code: 'no-such-stream',
    });
    await expect(vms.liveSource('cam-999', 'main', never)).rejects.toMatchObject({ code: 'unknown-camera' });
  });
});

describe('streams', () => {
  it('are read afresh from the camera’s metadata, with the codec', async () => {
    rta = await startSite();
    vms = vmsFor(rta);
    const main = { name: 'main', width: 1280, height: 720, framesPerSecond: 25 };
    expect(await vms.readStreams(rtaId(first), never)).toEqual([{ ...main, codec: 'H264' }]);
    expect(rta.calls.get('api one')).toBe(1);
  });

  it('are those of the list where the Mobile Server is asked', async () => {
    rta = await startSite();
    vms = vmsFor(rta, { method: 'mobile_server' });
    expect(await vms.readStreams(rtaId(first), never)).toMatchObject([{ name: 'main', width: 1280 }]);
  });
});

describe('addresses', () => {
  it.each([
    ['/camera/{camera_id}', () => `/camera/${rtaId(first)}`],
    ['/{camera_name}', () => `/${encodeURIComponent(first.name)}`],
    ['/{camera_guid}', () => `/${first.id}`],
  ])('follow the template %s', async (rtsp_path_template, path) => {
    rta = await startSite();
    vms = vmsFor(rta, { streaming: { rtsp_path_template } });
    expect(await vms.liveSource(rtaId(first), 'main', never)).toMatchObject({ url: rta.rtspUrl + path() });
  });

  it('need a GUID where the template names one and the server does not', async () => {
    rta = await startSite({ isBare: true });
    vms = vmsFor(rta, { streaming: { rtsp_path_template: '/{camera_guid}' } });
    await expect(vms.liveSource(rtaId(first), 'main', never)).rejects.toMatchObject({
      code: 'unexpected-answer',
    });
  });
});

describe('agencies that the server does not name', () => {
  it('are found by the patterns of the configuration, the rest are others', async () => {
    rta = await startSite({ isBare: true });
    vms = vmsFor(rta, {
      agencies: [
        { name: 'Metro', cameras: ['cam-002-*', 'cam-003*'] },
        { name: 'Bus', cameras: ['CAM-00[56]', 'cam-005*'] },
      ],
    });
    const { cameras: listed, groups } = await vms.readDirectory(never);
    const nameOf = (id: string): string => groups.find((group) => group.id === id)?.name ?? '';
    expect(listed.map(({ groupIds }) => nameOf(groupIds[0] ?? ''))).toEqual([
      ...['Other Agencies', 'Metro', 'Metro', 'Other Agencies', 'Bus', 'Other Agencies'],
    ]);
  });
});

describe('signing in', () => {
  it.each([
    ['basic', 'auto', 0],
    ['both', 'auto', 1],
    ['token', 'auto', 1],
    ['token', 'token', 1],
    ['basic', 'basic', 0],
    ['both', 'basic', 0],
  ] as const)('works where the server takes %s and we %s', async (apiAuth, auth, tokens) => {
    rta = await startSite({ apiAuth });
    vms = vmsFor(rta, { auth });
    expect((await vms.readDirectory(never)).cameras).toHaveLength(6);
    await vms.readStreams(rtaId(first), never);
    expect(rta.door.granted).toBe(tokens);
  });

  it('with a domain is DOMAIN\\user for Basic and RTSP, and apart for tokens', async () => {
    for (const apiAuth of ['basic', 'token'] as const) {
      rta = await startSite({ apiAuth, domain: 'RTA' });
      vms = vmsFor(rta, { domain: 'RTA' });
      expect(await vms.liveSource(rtaId(first), 'main', never)).toMatchObject({
        username: String.raw`RTA\rta-integration`,
      });
      if (apiAuth === 'basic') await Promise.all([vms.close(), rta.close()]);
    }
  });

  it('renews a token that has died, without anybody noticing', async () => {
    rta = await startSite({ apiAuth: 'token' });
    vms = vmsFor(rta);
    await vms.readDirectory(never);
    rta.door.expireTokens();
    await expect(vms.readStreams(rtaId(first), never)).resolves.toHaveLength(1);
    expect(rta.door.granted).toBe(2);
  });

  it('asks once with a wrong password, then not again for a minute: guessing locks accounts', async () => {
    rta = await startSite();
    vms = vmsFor(rta, { password: 'wrong' });
    const refused = { code: 'refused', message: expect.stringMatching(/refuses this user name or password/) };
    await expect(vms.readDirectory(never)).rejects.toMatchObject(refused);
    const asked = [...rta.calls.values()].reduce((sum, n) => sum + n, 0);
    await expect(vms.readDirectory(never)).rejects.toMatchObject(refused);
    expect([...rta.calls.values()].reduce((sum, n) => sum + n, 0)).toBe(asked);
  });

  it('says so where only Windows authentication is taken', async () => {
    rta = await startSite({ apiAuth: 'windows' });
    vms = vmsFor(rta);
    await expect(vms.readDirectory(never)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('Windows authentication'),
    });
  });
});

describe('what goes wrong', () => {
  it.each([
    [{ failWith: 500 }, 'unavailable', /fails at the camera list \(status 500\)/],
    [{ failWith: 503 }, 'unavailable', /status 503/],
    [{ failWith: 429 }, 'unavailable', /asked too often/],
    [{ failWith: 403 }, 'refused', /does not let this user see the camera list/],
    [{ failWith: 404 }, 'unexpected-answer', /status 404/],
    [{ malformed: 'not-json' }, 'unexpected-answer', /camera list is not JSON/],
    [{ malformed: 'wrong-shape' }, 'unexpected-answer', /not as agreed: cameras\.0\.enabled, .* and more/],
  ] as const)('%o is %s, in words that name it and nothing of the server’s', async (fault, code, words) => {
    rta = await startSite();
    rta.faults.setSurface('cameras', fault);
    vms = vmsFor(rta);
    const error: unknown = await vms.readDirectory(never).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'VmsError', code, message: expect.stringMatching(words) });
    expect((error as Error).message).not.toMatch(/127\.0|vms-core|secrets|perhaps|hush/);
  });

  it('a server that is not there is unavailable, and is asked again as soon as it may be', async () => {
    rta = await startSite();
    const { url } = rta;
    await rta.close();
    vms = vmsFor(rta);
    await expect(vms.readDirectory(never)).rejects.toMatchObject({ code: 'unavailable' });
    rta = await startSite({ ports: { api: Number(new URL(url).port) } });
    expect((await vms.readDirectory(never)).cameras).toHaveLength(6);
  });

  it('an abort is an abort', async () => {
    rta = await startSite();
    rta.faults.setSurface('cameras', { latencyMs: 5000 });
    vms = vmsFor(rta);
    const ending = new AbortController();
    const reading = vms.readDirectory(ending.signal);
    await expect.poll(() => rta.calls.get('api list')).toBe(1);
    ending.abort(new Error('looked elsewhere'));
    await expect(reading).rejects.toThrow('looked elsewhere');
  });
});

it('asks for the camera list once a minute at most, answers from it in between, and fails from it too', async () => {
  rta = await startSite();
  vms = vmsFor(rta);
  // However many ask at the same time.
  const [once] = await Promise.all([vms.readDirectory(never), vms.readDirectory(never)]);
  rta.faults.setSurface('cameras', { failWith: 500 });
  expect(await vms.readDirectory(never)).toEqual(once);
  expect(rta.calls.get('api list')).toBe(1);
  const other = vmsFor(rta);
  for (let i = 0; i < 3; i++)
    await expect(other.readDirectory(never)).rejects.toMatchObject({ code: 'unavailable' });
  await other.close();
  expect(rta.calls.get('api list')).toBe(2);
});

it('leaves out one camera that is not as agreed, and says how many there were', async () => {
  const warn = vi.fn();
  rta = await startSite();
  rta.faults.setSurface('cameras', { malformed: 'one-odd' });
  vms = vmsFor(rta, {}, { log: { warn } });
  expect((await vms.readDirectory(never)).cameras.map(({ id }) => id)).toEqual(cameras.slice(1).map(rtaId));
  expect(warn.mock.calls).toEqual([
    [
      { vms: 'milestone', list: 'camera list', unreadable: 1 },
      'the Milestone server lists what nobody can read',
    ],
  ]);
});

it.each([
  ['true', true],
  ['False', false],
])('takes enabled as text, %s', (enabled, is) => {
  const { items } = readAnswer(
    JSON.stringify({ cameras: [{ id: 'a', name: 'A', enabled }] }),
    CameraListAnswer,
    'camera list',
  );
  expect(items.map((camera) => camera.enabled)).toEqual([is]);
});

describe('a server that others have asked for the camera list', () => {
  let time: number;
  beforeEach(() => {
    time = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => time);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is asked again as soon as it wants where no list is known', async () => {
    rta = await startSite();
    const other = vmsFor(rta);
    await other.readDirectory(never);
    vms = vmsFor(rta);
    await expect(vms.readDirectory(never)).rejects.toMatchObject({ code: 'unavailable' });
    time += 5_000;
    await expect(vms.readDirectory(never)).rejects.toMatchObject({ code: 'unavailable' });
    expect(rta.calls.get('api list')).toBe(2);
    // It said that it wants to be left alone for a minute.
    time += 15_000;
    await expect(vms.readDirectory(never)).rejects.toMatchObject({ retryAfterMs: 60_000 });
    expect(rta.calls.get('api list')).toBe(2);
    // The minute of the other one is over before one of ours since the refusal is.
    time += 41_000;
    expect((await vms.readDirectory(never)).cameras).toHaveLength(6);
    await other.close();
  });

  it('keeps us by the last list, which is read again when it may be', async () => {
    rta = await startSite({ limits: { cameraListsPerMinute: 2 } });
    vms = vmsFor(rta);
    const once = await vms.readDirectory(never);
    rta.faults.setSurface('cameras', { failWith: 429 });
    time += 61_000;
    expect(await vms.readDirectory(never)).toEqual(once);
    expect(await vms.readDirectory(never)).toEqual(once);
    expect(rta.calls.get('api list')).toBe(2);
    rta.faults.reset();
    time += 11_000;
    expect(await vms.readDirectory(never)).toEqual(once);
    expect(rta.calls.get('api list')).toBe(3);
    // One that fails is another matter.
    rta.faults.setSurface('cameras', { failWith: 500 });
    time += 61_000;
    await expect(vms.readDirectory(never)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('by rtsp_direct', () => {
  it('lists what the configuration lists, and asks no server', async () => {
    rta = await startSite();
    vms = vmsFor(rta, {
      method: 'rtsp_direct',
      server_url: undefined,
      cameras: [
        { id: rtaId(first), name: 'Harbour', group: 'Dubai Police', retention_days: 90 },
        { id: 'Cam 7/A', name: 'Gate' },
      ],
    });
    const { cameras: listed, groups } = await vms.readDirectory(never);
    expect(listed).toMatchObject([
      { id: rtaId(first), number: 1, name: 'Harbour', streams: [{ name: 'main' }] },
      { id: expect.stringMatching(/^cam-7-a-[0-9a-f]{12}$/), number: 7, name: 'Gate' },
    ]);
    expect(groups.map(({ name }) => name)).toEqual(['Dubai Police', 'Other Agencies']);
    expect(await vms.liveSource(listed[1]?.id ?? '', 'main', never)).toMatchObject({
      url: `${rta.rtspUrl}/camera/Cam%207%2FA`,
    });
    const now = Date.now();
    const window = { start: now - 3_600_000, end: now - 60_000 };
    const spansOf = async (i: number) =>
      (await vms.recordings?.spans(listed[i]?.id ?? '', window, never))?.recorded;
    // As declared: without a break, or not at all.
    expect(await spansOf(0)).toEqual([window]);
    expect(await spansOf(1)).toEqual([]);
    expect(rta.calls.size).toBe(0);
  });
});
