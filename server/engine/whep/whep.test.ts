import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRtspCameras, type RtspCameras } from '#mocks/camera/rtsp/server.ts';
import { numberedPictures } from '#mocks/camera/rtsp/testing/numbered-pictures.ts';
import { startEngine, type EngineChild } from '../testing/engine-child.ts';
import { chromiumOffer, firefoxOffer, safariOffer } from '../testing/offers.ts';

let engine: EngineChild;
let cameras: RtspCameras;
const subjects = [1, 2].map((number) => ({ number, caption: 'Gate', scene: 'gate' }));

beforeAll(async () => {
  cameras = await startRtspCameras({ subjects, pictures: numberedPictures() });
  engine = await startEngine();
});
afterAll(async () => {
  engine.kill('SIGTERM');
  await Promise.all([engine.gone, cameras.close()]);
});

const json = { 'content-type': 'application/json' };
const sdp = { 'content-type': 'application/sdp' };
const sdpfrag = { 'content-type': 'application/trickle-ice-sdpfrag' };

const configure = (name: string, source: object): Promise<Response> =>
  engine.fetch(`/v3/config/paths/replace/${name}`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify(source),
  });
const camera = (number = 1): object => ({ type: 'rtsp', source: cameras.url(number, 'sub') });
const offer = (
  name: string,
  body = chromiumOffer,
  headers: Record<string, string> = sdp,
): Promise<Response> => engine.fetch(`/${name}/whep`, { method: 'POST', headers, body });
const problem = async (response: Response): Promise<unknown> => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return { status: response.status, ...((await response.json()) as object) };
};
interface Listed {
  readonly items: readonly { readonly name: string; readonly [key: string]: unknown }[];
}
const list = async (): Promise<Listed> => (await (await engine.fetch('/v3/paths/list')).json()) as Listed;
const item = async (name: string): Promise<Record<string, unknown> | undefined> =>
  (await list()).items.find((path) => path.name === name);

describe('an offer', () => {
  beforeEach(() => configure('gate/sub', camera()));

  it('is answered with 201, the whole answer, and where the session is', async () => {
    const response = await offer('gate/sub');
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/sdp');
    expect(response.headers.get('location')).toMatch(/^\/gate\/sub\/whep\/[0-9a-f-]{36}$/);
    expect(response.headers.get('etag')).toMatch(/^"[\w-]{8,}"$/);
    const answer = await response.text();
    expect(answer).toMatch(/m=audio 0 /);
    expect(answer).toContain('a=sendonly');
    expect(answer).toMatch(
      new RegExp(`a=candidate:\\S+ 1 udp \\d+ 127\\.0\\.0\\.1 ${String(engine.mediaPort)} typ host`),
    );
    expect(answer).toContain('a=end-of-candidates');
    expect(answer).toMatch(/a=ice-ufrag:\S{4,}\r\na=ice-pwd:\S{22,}\r\na=fingerprint:sha-256 /);
  });

  it.each([
    ['Chromium', chromiumOffer, 108],
    ['Firefox', firefoxOffer, 126],
    ['Safari', safariOffer, 98],
  ])('of %s gets H.264 in a payload type of its own', async (_who, body, payloadType) => {
    const answer = await (await offer('gate/sub', body)).text();
    expect(answer).toContain(`a=rtpmap:${String(payloadType)} H264/90000`);
    expect(answer).toMatch(new RegExp(`a=fmtp:${String(payloadType)} .*profile-level-id=`));
  });

  it('gets sessions and entity tags nobody can guess or confuse', async () => {
    const responses = await Promise.all([offer('gate/sub'), offer('gate/sub')]);
    const locations = responses.map((response) => response.headers.get('location'));
    const tags = responses.map((response) => response.headers.get('etag'));
    expect([new Set(locations).size, new Set(tags).size]).toEqual([2, 2]);
  });

  it.each<[string, string, Record<string, string>, number, string]>([
    ['of another content type', chromiumOffer, json, 415, 'bad-offer'],
    ['without a content type', chromiumOffer, { 'content-type': '' }, 415, 'bad-offer'],
    ['that is no SDP', 'hello', sdp, 400, 'bad-offer'],
    ['that is empty', '', sdp, 400, 'bad-offer'],
    [
      'with a broken fingerprint',
      chromiumOffer.replaceAll(/a=fingerprint:.*\r\n/g, 'a=fingerprint:sha-256 zz\r\n'),
      sdp,
      400,
      'bad-offer',
    ],
    ['beyond measure', `v=0\r\n${'a=x\r\n'.repeat(20_000)}`, sdp, 413, 'bad-offer'],
    ['without H.264', chromiumOffer.replaceAll('H264/90000', 'VP8/90000'), sdp, 422, 'codec-unsupported'],
  ])('%s is refused', async (_what, body, headers, status, code) => {
    expect(await problem(await offer('gate/sub', body, headers))).toMatchObject({ status, code });
  });

  it('for a path that nobody configured finds nothing', async () => {
    expect(await problem(await offer('nothing/sub'))).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('for a camera that is off is told when to ask again', async () => {
    await configure('off/sub', { type: 'rtsp', source: 'rtsp://127.0.0.1:1/x' });
    const response = await offer('off/sub');
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await problem(response)).toMatchObject({ status: 409, code: 'camera-offline', retryAfterS: 2 });
  });

  it('that comes with its path waits for the camera', async () => {
    await configure('fresh/sub', camera(2));
    expect((await offer('fresh/sub')).status).toBe(201);
  });
});

describe('the endpoint', () => {
  beforeEach(() => configure('gate/sub', camera()));

  it('answers those who look before they offer', async () => {
    const head = await engine.fetch('/gate/sub/whep', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/sdp']);
    expect((await engine.fetch('/gate/sub/whep')).status).toBe(204);
    const options = await engine.fetch('/gate/sub/whep', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('accept-post')]).toEqual([200, 'application/sdp']);
    expect((await engine.fetch('/nothing/sub/whep')).status).toBe(404);
  });

  it('knows no other methods', async () => {
    const put = await engine.fetch('/gate/sub/whep', { method: 'PUT', headers: sdp, body: chromiumOffer });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD, OPTIONS']);
  });
});

describe('a session', () => {
  let location = '';
  let etag = '';
  beforeEach(async () => {
    await configure('gate/sub', camera());
    const response = await offer('gate/sub');
    location = response.headers.get('location') ?? '';
    etag = response.headers.get('etag') ?? '';
  });
  const patch = (
    body: string,
    headers: Record<string, string> = { ...sdpfrag, 'if-match': etag },
  ): Promise<Response> => engine.fetch(location, { method: 'PATCH', headers, body });
  const fragment =
    'a=ice-ufrag:Z4RH\r\na=ice-pwd:o7oImzPzulbCROGpurgJbc2G\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n' +
    'a=candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host\r\n' +
    'a=candidate:2 1 udp 2122260222 3f1ac5a6-6a1e-4c2b-9a9a-2f2f0c1f2a11.local 50001 typ host\r\n' +
    'a=candidate:3 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active\r\na=end-of-candidates\r\n';

  it('takes candidates: 204, without a body and without a new tag', async () => {
    const response = await patch(fragment);
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([204, null, '']);
  });

  it.each([
    ['in quotes', '"*"'],
    ['bare', '*'],
    ['among others', '"other", '],
  ])('is lenient with the tag: %s', async (_what, ifMatch) => {
    const tag = ifMatch.endsWith(' ') ? ifMatch + etag : ifMatch;
    expect((await patch(fragment, { ...sdpfrag, 'if-match': tag })).status).toBe(204);
    expect((await patch(fragment, sdpfrag)).status).toBe(204);
  });

  it('refuses a tag that is not its own, and says which is', async () => {
    const response = await patch(fragment, { ...sdpfrag, 'if-match': '"stale"' });
    expect([response.status, response.headers.get('etag')]).toEqual([412, etag]);
  });

  it('cannot restart ICE and says 422, while it lives on', async () => {
    const response = await patch(fragment.replace('Z4RH', 'New1'), { ...sdpfrag, 'if-match': '*' });
    expect(await problem(response)).toMatchObject({ status: 422, code: 'bad-offer' });
    expect((await patch(fragment)).status).toBe(204);
  });

  it.each<[string, string, Record<string, string>, number]>([
    ['SDP, as nothing was counter-offered', 'v=0\r\n', sdp, 415],
    ['what is no fragment', 'hello', sdpfrag, 400],
    ['nothing', '', sdpfrag, 400],
    ['too much', 'a=candidate:1 1 udp 1 127.0.0.1 1 typ host\r\n'.repeat(2000), sdpfrag, 413],
  ])('refuses %s', async (_what, body, headers, status) => {
    expect((await patch(body, headers)).status).toBe(status);
    expect((await patch(fragment)).status).toBe(204);
  });

  it('survives candidates that are none', async () => {
    expect(
      (await patch('a=candidate:garbage\r\na=candidate:1 1 udp x 127.0.0.1 y typ host\r\n')).status,
    ).toBe(204);
    expect((await patch(fragment)).status).toBe(204);
  });

  it('ends with DELETE, whatever its tag, once', async () => {
    expect((await engine.fetch(location, { method: 'DELETE' })).status).toBe(200);
    const again = await engine.fetch(location, { method: 'DELETE' });
    expect(await problem(again)).toMatchObject({ status: 404, code: 'not-found' });
    expect((await patch(fragment)).status).toBe(404);
  });

  it('belongs to its path', async () => {
    await configure('other/sub', camera(2));
    expect((await engine.fetch(location.replace('gate', 'other'), { method: 'DELETE' })).status).toBe(404);
    expect((await patch(fragment)).status).toBe(204);
  });

  it('can be probed, and tells what it takes', async () => {
    expect((await engine.fetch(location)).status).toBe(204);
    const options = await engine.fetch(location, { method: 'OPTIONS' });
    expect(options.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
    expect((await engine.fetch(location, { method: 'POST' })).status).toBe(405);
  });
});

describe('the control interface', () => {
  it('tells version and beginning', async () => {
    const info = (await (await engine.fetch('/v3/info')).json()) as { version: string; started: string };
    expect(info.version).not.toBe('');
    expect(Date.now() - Date.parse(info.started)).toBeLessThan(60_000);
  });

  it('lists a path with its state, its codec and its counters', async () => {
    await configure('listed/sub', camera());
    await expect.poll(() => item('listed/sub')).toMatchObject({ state: 'running', available: true });
    const before = await item('listed/sub');
    expect(before).toMatchObject({
      codec: 'H264',
      width: 640,
      height: 360,
      readers: 0,
      restarts: 0,
      isWanted: true,
    });
    await offer('listed/sub');
    expect(await item('listed/sub')).toMatchObject({ readers: 1 });
    await expect
      .poll(async () => Number((await item('listed/sub'))?.['pictures']))
      .toBeGreaterThan(Number(before?.['pictures']));
  });

  it('does nothing when the same source is configured again', async () => {
    await configure('same/sub', camera());
    await expect.poll(() => item('same/sub')).toMatchObject({ state: 'running' });
    for (let i = 0; i < 3; i++) expect((await configure('same/sub', camera())).status).toBe(200);
    expect(await item('same/sub')).toMatchObject({ state: 'running', restarts: 0 });
  });

  it('has one connection to the camera however many viewers', async () => {
    await configure('many/sub', camera(2));
    await expect.poll(() => item('many/sub')).toMatchObject({ state: 'running' });
    const before = cameras.sessions().length;
    await Promise.all(Array.from({ length: 5 }, () => offer('many/sub')));
    expect(await item('many/sub')).toMatchObject({ readers: 5 });
    expect(cameras.sessions()).toHaveLength(before);
  });

  it('never lists a source, a user or a password', async () => {
    await configure('secret/sub', { ...camera(), username: 'operator-name', password: 'hunter2-hunter2' });
    await expect.poll(() => item('secret/sub')).toMatchObject({ state: 'running' });
    const text = JSON.stringify(await list()) + engine.output();
    expect(text).not.toMatch(/operator-name|hunter2|rtsp:/);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['another scheme', { type: 'rtsp', source: 'file:///etc/passwd' }],
    ['credentials in the URL', { type: 'rtsp', source: 'rtsp://user:hunter2@127.0.0.1/x' }],
    ['a type that is not known', { type: 'exec', source: 'rm' }],
    ['more than it knows', { type: 'rtsp', source: 'rtsp://127.0.0.1/', runOnReady: 'rm' }],
    ['no token', { type: 'image-server', source: 'imageserver://127.0.0.1/x' }],
  ])('refuses a source with %s, without repeating it', async (_what, source) => {
    const response = await engine.fetch('/v3/config/paths/replace/bad/sub', {
      method: 'POST',
      headers: json,
      body: source === undefined ? '{' : JSON.stringify(source),
    });
    const text = await response.clone().text();
    expect(await problem(response)).toMatchObject({ status: 400, code: 'bad-offer' });
    expect(text).not.toMatch(/hunter2|passwd|rm/);
    expect(await item('bad/sub')).toBeUndefined();
  });

  it.each(['..%2f..', 'a b', '%ff', '', 'a/b/c/d/e'])('refuses the path name "%s"', async (name) => {
    expect((await configure(name, camera())).status).toBe(name === '' ? 400 : 400);
  });

  it('lets nobody in without the secret', async () => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${engine.secret}`]) {
      const response = await fetch(`${engine.url}/v3/paths/list`, { headers: { authorization } });
      expect(response.status).toBe(401);
    }
    expect(
      (await fetch(`${engine.url}/gate/sub/whep`, { method: 'POST', headers: sdp, body: chromiumOffer }))
        .status,
    ).toBe(401);
  });

  it('knows what it does not know', async () => {
    expect((await engine.fetch('/v3/nothing')).status).toBe(404);
    expect((await engine.fetch('/v3/info', { method: 'DELETE' })).status).toBe(405);
    expect((await engine.fetch('/v3/config/paths/delete/nothing', { method: 'DELETE' })).status).toBe(404);
  });
});
