import { expect, it } from 'vitest';
import { camerasFor, clientOf } from './testing/cameras.ts';
import { challengeOf, digest, sessionOf } from './testing/rtsp-client.ts';

const login = { username: 'viewer', password: 'gate & "shore"' };

it('asks for Basic credentials and takes only the right ones', async () => {
  const cameras = await camerasFor({ auth: { kind: 'basic', ...login } });
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const basic = (password: string) => ({
    Authorization: `Basic ${Buffer.from(`${login.username}:${password}`).toString('base64')}`,
  });
  const asked = await client.request('DESCRIBE', url);
  expect(asked.status).toBe(401);
  expect(asked.headers.get('www-authenticate')).toEqual(['Basic realm="Synthetic camera"']);
  expect(await client.request('DESCRIBE', url, basic('wrong'))).toMatchObject({ status: 401 });
  expect(await client.request('DESCRIBE', url, basic(login.password))).toMatchObject({ status: 200 });
});

it.each([
  ['MD5', 'auth'],
  ['MD5', undefined],
  ['SHA-256', 'auth'],
] as const)('takes a %s digest with qop %s, for every request anew', async (algorithm, qop) => {
  const cameras = await camerasFor({ auth: { kind: 'digest', ...login, algorithms: ['SHA-256', 'MD5'] } });
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const asked = await client.request('DESCRIBE', url);
  expect(asked.status).toBe(401);
  expect(asked.headers.get('www-authenticate')).toHaveLength(2);
  const challenge = challengeOf(asked, algorithm);
  const authorised = (method: string, target = url) => ({
    Authorization: digest(challenge, login, method, target, qop),
  });
  expect(await client.request('DESCRIBE', url, authorised('DESCRIBE'))).toMatchObject({ status: 200 });
  const track = `${url}/trackID=1`;
  const transport = { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' };
  const setup = await client.request('SETUP', track, { ...transport, ...authorised('SETUP', track) });
  expect(setup.status).toBe(200);
  const session = { Session: sessionOf(setup) };
  expect(await client.request('PLAY', url, session)).toMatchObject({ status: 401 });
  expect(await client.request('PLAY', url, { ...session, ...authorised('PLAY') })).toMatchObject({
    status: 200,
  });
});

it('tells a stale nonce from a wrong password', async () => {
  const cameras = await camerasFor({ auth: { kind: 'digest', ...login, nonceLifetimeMs: 500 } });
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const authorised = (challenge: Record<string, string>, password = login.password) => ({
    Authorization: digest(challenge, { ...login, password }, 'DESCRIBE', url, 'auth'),
  });
  const first = challengeOf(await client.request('DESCRIBE', url));
  expect(first['stale']).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 510));
  const old = await client.request('DESCRIBE', url, authorised(first));
  expect(old.status).toBe(401);
  const second = challengeOf(old);
  expect(second['stale']).toBe('true');
  expect(await client.request('DESCRIBE', url, authorised(second))).toMatchObject({ status: 200 });

  const wrong = await client.request('DESCRIBE', url, authorised(second, 'wrong'));
  expect(wrong.status).toBe(401);
  expect(challengeOf(wrong)['stale']).toBeUndefined();
});

it.each([
  ['made for another URL', (uri: string) => ({ uri: `${uri}/trackID=1` })],
  ['made for another method', () => ({ method: 'PLAY' })],
  ['with a nonce of somebody else', () => ({ nonce: '1.0.0' })],
  ['by another user', () => ({ username: 'guest' })],
])('refuses a response %s', async (_what, change) => {
  const cameras = await camerasFor({ auth: { kind: 'digest', ...login } });
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const challenge = challengeOf(await client.request('DESCRIBE', url));
  const { uri, method, nonce, username } = {
    ...{ uri: url, method: 'DESCRIBE', nonce: challenge['nonce'] ?? '', username: login.username },
    ...change(url),
  };
  const header = digest({ ...challenge, nonce }, { ...login, username }, method, uri, 'auth');
  expect(await client.request('DESCRIBE', url, { Authorization: header })).toMatchObject({ status: 401 });
});

it('lets anyone ask for options, and asks for credentials before it says what exists', async () => {
  const cameras = await camerasFor({ auth: { kind: 'digest', ...login } });
  const client = await clientOf(cameras);
  expect(await client.request('OPTIONS', cameras.url(1, 'sub'))).toMatchObject({ status: 200 });
  expect(await client.request('DESCRIBE', cameras.url(404, 'sub'))).toMatchObject({ status: 401 });
});
