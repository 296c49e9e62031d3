import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openHevcClips } from '#mocks/camera/hevc/hevc.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { oldestKept } from '#mocks/site/recordings.ts';
import { plainPictures } from '../testing/plain-pictures.ts';
import { SiteSession, streamOf } from '../testing/site-session.ts';
import { startXProtect, type DemoXProtect, type DemoXProtectOptions } from '../xprotect.ts';
import { plainText, RtcClient } from './testing/rtc-client.ts';

vi.setConfig({ testTimeout: 30_000 });
const camera = siteCameras[0]!;
const waiting = { timeout: 15_000 };
let xprotect: DemoXProtect;
let site: SiteSession;

async function start(options: Partial<DemoXProtectOptions> = {}): Promise<void> {
  xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
    cameras: siteCameras.slice(0, 3),
    ...options,
  });
  site = new SiteSession(xprotect.url);
  await site.logIn('u', 'p');
}
beforeEach(() => start());
afterEach(() => xprotect.close());

interface SessionObject {
  readonly sessionId: string;
  readonly offerSDP: string;
}
const call = (method: string, path: string, body?: unknown, token = site.accessToken): Promise<Response> =>
  fetch(`${xprotect.url}/API/REST/v1/WebRTC/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const create = (wish: object = {}): Promise<Response> =>
  call('POST', 'Session', { deviceId: camera.id, resolution: 'notInUse', includeAudio: false, ...wish });
const offerOf = ({ offerSDP }: SessionObject): string =>
  (JSON.parse(offerSDP) as { type: string; sdp: string }).sdp;
function client(): RtcClient {
  const made = new RtcClient();
  onTestFinished(() => made.close());
  return made;
}

/** A session as the official sample makes it, up to the answer. */
async function connect(wish: object = {}): Promise<{ session: SessionObject; rtc: RtcClient }> {
  const response = await create(wish);
  expect(response.status).toBe(200);
  const session = (await response.json()) as SessionObject;
  const rtc = client();
  const sdp = await rtc.answer(offerOf(session));
  const answerSDP = JSON.stringify({ type: 'answer', sdp });
  expect((await call('PATCH', `session/${session.sessionId}`, { answerSDP })).status).toBe(200);
  return { session, rtc };
}

describe('signalling over REST', () => {
  it('answers as a real gateway was seen to: JSON in JSON, nulls, an offer by SIPSorcery', async () => {
    const text = await (await create()).text();
    expect(text).toContain(
      String.raw`"offerSDP":"{\u0022type\u0022:\u0022offer\u0022,\u0022sdp\u0022:\u0022v=0\\r\\no=-`,
    );
    const session = JSON.parse(text) as SessionObject;
    expect(session).toEqual({
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      cameraId: null,
      deviceId: null,
      token: null,
      resolution: null,
      offerSDP: expect.any(String),
      answerSDP: 'Uninitialised',
      streamId: null,
      playbackTimeNode: { playbackTime: null, skipGaps: null, speed: null },
      iceServers: [],
      includeAudio: true,
    });
    const lines = offerOf(session).split('\r\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        's=sipsorcery',
        'm=video 9 UDP/TLS/RTP/SAVP 96',
        'a=rtcp-fb:96 transport-cc',
        'a=sendonly',
        'a=end-of-candidates',
        'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      ]),
    );
    // Nobody can ask for anything again, and everything stays on this machine.
    expect(lines.join()).not.toMatch(/nack|msid/);
    const candidates = lines.filter((line) => line.startsWith('a=candidate'));
    expect(candidates.length).toBeGreaterThan(0);
    expect(candidates.every((line) => line.split(' ')[4] === '127.0.0.1')).toBe(true);
  });

  it('shows what is live, timestamps in milliseconds', async () => {
    const { rtc } = await connect({ streamId: streamOf(1, 'sub') });
    await expect.poll(() => rtc.pictures.length, waiting).toBeGreaterThan(40);
    const [first, ...others] = rtc.pictures;
    expect(first).toMatchObject({ timestamp: 0, payloadType: 96 });
    const begin = plainText(first!);
    expect(begin).toMatchObject({ number: 1, format: 'sub' });
    for (const picture of others) {
      const { index } = plainText(picture);
      const time = (of: number): number => plainPictures.timeOf(camera, 'sub', of);
      expect(picture.timestamp).toBe(time(index) - time(begin.index));
    }
  });

  it('plays what was recorded: the wished time and the timestamp are the time of the picture', async () => {
    const from = Date.now() - 3_600_000;
    const playbackTimeNode = { playbackTime: new Date(from).toISOString(), skipGaps: true, speed: 8 };
    const { rtc } = await connect({ playbackTimeNode });
    await expect.poll(() => rtc.pictures.length, waiting).toBeGreaterThan(50);
    for (const picture of rtc.pictures)
      expect(plainPictures.timeOf(camera, 'main', plainText(picture).index)).toBe(from + picture.timestamp);
  });

  it('connects and never shows a picture when the wished time is 25 days before the first recording', async () => {
    const playbackTime = new Date(oldestKept(Date.now()) - 25 * 86_400_000).toISOString();
    const { rtc } = await connect({ playbackTimeNode: { playbackTime, skipGaps: true } });
    await expect.poll(() => rtc.state, waiting).toBe('connected');
    const shown = await connect();
    await expect.poll(() => shown.rtc.pictures.length, waiting).toBeGreaterThan(5);
    expect(rtc.pictures).toEqual([]);
    expect(rtc.state).toBe('connected');
  });

  it('gives candidates only to who asks for them, where they are not in the offer', async () => {
    xprotect.features.change({ candidates: 'polled' });
    const { session, rtc } = await connect();
    expect(offerOf(session)).not.toContain('candidate');
    const answer = await call('GET', `IceCandidates/${session.sessionId}`);
    const polled = (await answer.json()) as { sessionId: string; candidates: string[] };
    expect(polled.sessionId).toBe(session.sessionId);
    const inits = polled.candidates.map((text) => JSON.parse(text) as { candidate: string; sdpMid: string });
    expect(inits[0]).toMatchObject({ candidate: expect.stringMatching(/^candidate:/), sdpMid: '0' });
    for (const { candidate } of inits) rtc.add(candidate);
    const candidates = rtc.candidates.map((candidate) => JSON.stringify({ candidate, sdpMid: '0' }));
    const given = await call('POST', `IceCandidates/${session.sessionId}`, { candidates });
    expect(given.status).toBe(200);
    await expect.poll(() => rtc.pictures.length, waiting).toBeGreaterThan(0);
  });

  it('refuses every other session that is made while another one is', async () => {
    const statuses = async (): Promise<number[]> =>
      (await Promise.all([create(), create(), create()])).map(({ status }) => status).toSorted();
    expect(await statuses()).toEqual([200, 200, 400]);
    xprotect.features.change({ overlappingSessions: 'taken' });
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  it('takes the name of the camera that its generation knows, and H.265 only with the newer one', async () => {
    const both = { deviceId: camera.id, cameraId: camera.id };
    expect((await create({ deviceId: undefined, cameraId: camera.id })).status).toBe(400);
    expect((await create(both)).status).toBe(200);
    xprotect.features.change({ webRtc: 'camera-id' });
    const refused = await create();
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('AggregateException');
    const old = (await (await create(both)).json()) as object;
    expect(old).not.toHaveProperty('deviceId');
    expect(old).not.toHaveProperty('includeAudio');
    xprotect.makes.change(1, { codec: 'H.265' });
    expect((await create(both)).status).toBe(500);
    xprotect.features.change({ webRtc: 'none' });
    expect((await create(both)).status).toBe(404);
  });

  it('offers H.265 and nothing else for a camera that has only that', async () => {
    await xprotect.close();
    await start({ hevc: await openHevcClips() });
    xprotect.makes.change(1, { codec: 'H.265' });
    const { session, rtc } = await connect();
    expect(offerOf(session)).toContain('a=rtpmap:104 H265/90000');
    expect(offerOf(session)).not.toContain('H264');
    await expect.poll(() => rtc.pictures.length, waiting).toBeGreaterThan(2);
    expect(rtc.pictures[0]!.payloadType).toBe(104);
    // The first NAL unit of a keyframe is the VPS (type 32).
    expect((rtc.pictures[0]!.payloads[0]!.readUInt8(0) >> 1) & 0x3f).toBe(32);
  });

  it('offers MJPEG as such, which connects and shows nothing', async () => {
    await xprotect.close();
    await start({ stills: { has: () => true, draw: () => Buffer.from('\xff\xd8', 'latin1') } });
    xprotect.makes.change(1, { codec: 'MJPEG' });
    const { session, rtc } = await connect();
    expect(offerOf(session)).toContain('m=video 9 UDP/TLS/RTP/SAVP 26');
    const shown = await connect({ deviceId: siteCameras[1]!.id });
    await expect.poll(() => shown.rtc.pictures.length, waiting).toBeGreaterThan(5);
    await expect.poll(() => rtc.state, waiting).toBe('connected');
    expect(rtc.pictures).toEqual([]);
  });

  it.each<[string, object, () => void]>([
    ['of a camera with a privacy mask', {}, () => xprotect.makes.change(1, { isMasked: true })],
    ['of a stream that is not there', { streamId: '28DC44C3-079E-4C94-8EC9-60363451EB40' }, () => undefined],
    ['of a camera that is not there', { deviceId: '28dc44c3-079e-4c94-8ec9-60363451eb40' }, () => undefined],
    ['backwards', { playbackTimeNode: { playbackTime: '2026-01-01T00:00:00Z', speed: -1 } }, () => undefined],
    [
      'faster than 32',
      { playbackTimeNode: { playbackTime: '2026-01-01T00:00:00Z', speed: 33 } },
      () => undefined,
    ],
    ['without a time', { playbackTimeNode: { skipGaps: true } }, () => undefined],
  ])('makes no session %s', async (_what, wish, before) => {
    before();
    expect((await create(wish)).status).toBe(400);
    expect(xprotect.webRtcSessionCount).toBe(0);
  });

  it.each([502, 503] as const)(
    'is a page and no JSON where the gateway is set up wrongly: %i',
    async (failWith) => {
      xprotect.faults.setSurface('webrtc', { failWith });
      const response = await create();
      expect(response.status).toBe(failWith);
      expect(response.headers.get('content-type')).toBe('text/html');
      expect((await site.get('/api/rest/v1/sites')).status).toBe(200);
    },
  );

  it('knows no way to end a session but to hang up', async () => {
    const { session, rtc } = await connect();
    const refused = await call('DELETE', `session/${session.sessionId}`);
    expect(refused.status).toBe(405);
    expect(await refused.text()).toContain('HTTP verb');
    expect(xprotect.webRtcSessionCount).toBe(1);
    await expect.poll(() => rtc.pictures.length, waiting).toBeGreaterThan(0);
    rtc.close();
    await expect.poll(() => xprotect.webRtcSessionCount, waiting).toBe(0);
  });
});

describe('a session ends', () => {
  const isOver = (rtc: RtcClient) =>
    expect.poll(() => rtc.state, waiting).toMatch(/closed|failed|disconnected/);

  it('with its token, unless it was given a fresh one', async () => {
    const [one, two] = [await connect(), await connect()];
    await expect.poll(() => two.rtc.pictures.length, waiting).toBeGreaterThan(0);
    xprotect.faults.expireTokens();
    await site.logIn('u', 'p');
    const token = site.accessToken;
    expect((await call('PATCH', `session/${two.session.sessionId}`, { token: 'nonsense' })).status).toBe(401);
    expect((await call('PATCH', `session/${two.session.sessionId}`, { token })).status).toBe(200);
    await isOver(one.rtc);
    const { length } = two.rtc.pictures;
    await expect.poll(() => two.rtc.pictures.length, waiting).toBeGreaterThan(length + 10);
    expect(xprotect.webRtcSessionCount).toBe(1);
  });

  it('with the application pool, which knows it no more after that', async () => {
    const { session, rtc } = await connect();
    await expect.poll(() => rtc.pictures.length, waiting).toBeGreaterThan(0);
    xprotect.faults.recycle();
    await isOver(rtc);
    expect((await call('GET', `iceCandidates/${session.sessionId}`)).status).toBe(404);
  });

  it('when XProtect is shut down', async () => {
    const { rtc } = await connect();
    await expect.poll(() => rtc.state, waiting).toBe('connected');
    await xprotect.close();
    expect(xprotect.webRtcSessionCount).toBe(0);
    await isOver(rtc);
  });
});

describe('signalling over the WebSocket', () => {
  interface Talk {
    say(message: object): void;
    next(): Promise<Record<string, never>>;
    readonly socket: WebSocket;
  }
  async function open(): Promise<Talk> {
    const socket = new WebSocket(`${xprotect.url.replace('http', 'ws')}/API/WS/webrtc/v1`);
    onTestFinished(() => socket.close());
    const heard: Record<string, never>[] = [];
    let poke = (): void => undefined;
    socket.addEventListener('message', ({ data }) => {
      heard.push(JSON.parse(data as string) as Record<string, never>);
      poke();
    });
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    return {
      socket,
      say: (message) => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message })),
      next: async () => {
        while (heard.length === 0) await new Promise<void>((resolve) => (poke = resolve));
        return heard.shift()!;
      },
    };
  }

  it('registers, connects, is invited, and pictures come', async () => {
    const talk = await open();
    const authorization = site.accessToken;
    talk.say({ method: 'register', params: { authorization }, id: 1 });
    expect(await talk.next()).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    const from = Date.now() - 3_600_000;
    const params = {
      authorization,
      peer: camera.id,
      streamID: streamOf(1, 'sub'),
      PlaybackTime: new Date(from).toISOString(),
      skipGaps: true,
      PlaybackSpeed: '2.0',
    };
    talk.say({ method: 'connect', params, id: 2 });
    const connected = await talk.next();
    const invite = (await talk.next()) as unknown as {
      id: number;
      params: { session: string; offer: string };
    };
    expect(connected).toMatchObject({ id: 2, result: { session: invite.params.session } });
    expect(invite).toMatchObject({ method: 'invite', id: expect.any(Number) });
    expect(await talk.next()).toMatchObject({ method: 'trickle', params: { candidate: { sdpMid: '0' } } });
    const rtc = client();
    const sdp = await rtc.answer((JSON.parse(invite.params.offer) as { sdp: string }).sdp);
    talk.say({ id: invite.id, result: { answer: JSON.stringify({ type: 'answer', sdp }) } });
    for (const candidate of rtc.candidates)
      talk.say({
        method: 'trickle',
        params: { session: invite.params.session, candidate: JSON.stringify({ candidate, sdpMid: '0' }) },
      });
    await expect.poll(() => rtc.pictures.length, waiting).toBeGreaterThan(20);
    for (const picture of rtc.pictures)
      expect(plainPictures.timeOf(camera, 'sub', plainText(picture).index)).toBe(from + picture.timestamp);
  });

  it('says what is wrong without an id', async () => {
    const talk = await open();
    talk.say({ method: 'register', params: { authorization: 'nonsense' }, id: 1 });
    expect(await talk.next()).toMatchObject({ params: { message: 'Unauthorized' } });
    talk.say({ method: 'connect', params: { authorization: site.accessToken, peer: camera.id }, id: 2 });
    const refused = await talk.next();
    expect(refused).toMatchObject({ params: { message: 'Not registered' } });
    expect(refused).not.toHaveProperty('id');
  });

  it('is not there before 2025 R1, speaks another version before 2025 R2, and breaks with the application pool', async () => {
    xprotect.features.change({ webRtcSocket: false });
    await expect(open()).rejects.toBeDefined();
    xprotect.features.change({ webRtcSocket: true, webRtc: 'camera-id' });
    const talk = await open();
    talk.say({ method: 'register', params: { authorization: site.accessToken }, id: 1 });
    expect(await talk.next()).toEqual({ ApiVersion: '1.0', id: 1, result: {} });
    const over = new Promise((resolve) => talk.socket.addEventListener('close', resolve));
    xprotect.faults.recycle();
    await over;
  });
});
