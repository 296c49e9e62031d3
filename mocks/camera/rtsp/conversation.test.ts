import { expect, it } from 'vitest';
import { camerasFor, clientOf } from './testing/cameras.ts';
import { sessionOf } from './testing/rtsp-client.ts';

const tcp = { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' };

it('says what it can do', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  for (const target of ['*', cameras.url(1, 'main')]) {
    const answer = await client.request('OPTIONS', target);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cseq')).toEqual([target === '*' ? '1' : '2']);
    expect(answer.headers.get('public')?.[0]).toContain('GET_PARAMETER');
  }
});

it('describes the stream, with parameter sets, frame rate and a control URL', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const answer = await client.request('DESCRIBE', cameras.url(1, 'sub'), { Accept: 'application/sdp' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-base')).toEqual([`${cameras.url(1, 'sub')}/`]);
  const sdp = answer.body.split('\r\n');
  expect(sdp).toContain('s=1 Corniche Road');
  expect(sdp).toContain('a=range:npt=now-');
  expect(sdp).toContain('a=framerate:15');
  expect(sdp).toContain('a=rtpmap:96 H264/90000');
  expect(sdp).toContain('a=control:trackID=1');
  expect(sdp.find((line) => line.startsWith('a=fmtp'))).toMatch(
    /packetization-mode=1;profile-level-id=42C01E;sprop-parameter-sets=Z0LAHt[^,]+,aM4[^,]+$/,
  );
});

it('does not repeat credentials a client has put into the URL', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const answer = await client.request('DESCRIBE', cameras.url(1, 'sub').replace('//', '//joe:hush@'));
  expect(answer.status).toBe(200);
  expect(JSON.stringify([...answer.headers, answer.body])).not.toContain('hush');
});

it('goes from SETUP over PLAY and PAUSE to TEARDOWN', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const url = cameras.url(2, 'sub');
  const setup = await client.request('SETUP', `${url}/trackID=1`, tcp);
  expect(setup.status).toBe(200);
  expect(setup.headers.get('session')?.[0]).toMatch(/^[0-9a-f]{16};timeout=60$/);
  expect(setup.headers.get('transport')?.[0]).toMatch(
    /^RTP\/AVP\/TCP;unicast;interleaved=0-1;ssrc=[0-9A-F]{8};mode="PLAY"$/,
  );
  expect(cameras.sessions()).toMatchObject([{ camera: 2, format: 'sub', transport: 'tcp', state: 'ready' }]);

  const session = { Session: sessionOf(setup) };
  const play = await client.request('PLAY', url, { ...session, Range: 'npt=0.000-' });
  expect(play.status).toBe(200);
  expect(play.headers.get('range')).toEqual(['npt=now-']);
  expect(play.headers.get('rtp-info')?.[0]).toMatch(/^url=rtsp:\S+;seq=\d+;rtptime=\d+$/);
  expect(cameras.sessions()).toMatchObject([{ state: 'playing' }]);
  expect(await client.request('PAUSE', url, session)).toMatchObject({ status: 200 });
  expect(cameras.sessions()).toMatchObject([{ state: 'ready' }]);
  expect(await client.request('PLAY', url, session)).toMatchObject({ status: 200 });
  expect(await client.request('TEARDOWN', url, session)).toMatchObject({ status: 200 });
  expect(cameras.sessions()).toEqual([]);
  expect(await client.request('PLAY', url, session)).toMatchObject({ status: 454 });
});

it('answers pipelined requests in order, on one connection, before the pictures', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const requests = ['OPTIONS', 'DESCRIBE', 'DESCRIBE', 'OPTIONS'].map(
    (method, i) => `${method} ${url} RTSP/1.0\r\nCSeq: ${String(10 + i)}\r\n\r\n`,
  );
  client.write(requests.join(''));
  await client.until(() => client.answers[3]);
  expect(client.answers.map((answer) => answer.headers.get('cseq')?.[0])).toEqual(['10', '11', '12', '13']);
  expect(client.answers.map((answer) => answer.body.length > 0)).toEqual([false, true, true, false]);
});

it('plays two cameras in one connection on channels of their own', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  // Asked for again, 0 and 1 are taken: the server says which it uses.
  await client.play(cameras.url(2, 'sub'));
  await client.until(() =>
    [0, 2].every((channel) => client.frames.some((frame) => frame.channel === channel)) ? true : undefined,
  );
  expect(cameras.sessions().map((session) => session.state)).toEqual(['playing', 'playing']);
});

it.each([
  ['a camera that is not there', 'DESCRIBE', '/99/main', {}, 404],
  ['a stream that is not there', 'DESCRIBE', '/1/third', {}, 404],
  ['a track that is not there', 'SETUP', '/1/sub/trackID=2', tcp, 404],
  ['a session nobody has', 'PLAY', '/1/sub', { Session: 'feed' }, 454],
  ['no session', 'PLAY', '/1/sub', {}, 454],
  ['the aggregate where a track is meant', 'SETUP', '/1/sub', tcp, 459],
  ['multicast', 'SETUP', '/1/sub/trackID=1', { Transport: 'RTP/AVP;multicast' }, 461],
  ['no transport', 'SETUP', '/1/sub/trackID=1', {}, 461],
  ['a description in another language', 'DESCRIBE', '/1/sub', { Accept: 'application/rtsl' }, 406],
  ['an option it does not know', 'DESCRIBE', '/1/sub', { Require: 'onvif-replay' }, 551],
  ['recording', 'RECORD', '/1/sub', {}, 405],
  ['a method nobody knows', 'DANCE', '/1/sub', {}, 501],
])('refuses %s', async (_what, method, path, headers, status) => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const answer = await client.request(method, `rtsp://127.0.0.1:${String(cameras.port)}${path}`, headers);
  expect(answer.status).toBe(status);
  expect(cameras.sessions()).toEqual([]);
  expect(await client.request('OPTIONS', '*')).toMatchObject({ status: 200 });
});

it('refuses what is not allowed in a session’s state', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const session = { Session: await client.play(url) };
  expect(await client.request('SETUP', `${url}/trackID=1`, { ...tcp, ...session })).toMatchObject({
    status: 455,
  });
  const other = `${cameras.url(2, 'sub')}/trackID=1`;
  expect(await client.request('SETUP', other, { ...tcp, ...session })).toMatchObject({ status: 459 });
  expect(await client.request('PAUSE', cameras.url(2, 'sub'), session)).toMatchObject({ status: 454 });
  const past = { ...session, Range: 'clock=20260101T000000Z-' };
  expect(await client.request('PLAY', url, past)).toMatchObject({ status: 457 });
  expect(cameras.sessions()).toMatchObject([{ state: 'playing' }]);
});

it('lets a session that does not play yet change its transport', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const track = `${cameras.url(1, 'sub')}/trackID=1`;
  const session = sessionOf(await client.request('SETUP', track, tcp));
  const again = await client.request('SETUP', track, {
    Session: session,
    Transport: 'RTP/AVP;unicast;client_port=40000-40001',
  });
  expect(again.status).toBe(200);
  expect(cameras.sessions()).toMatchObject([{ id: session, transport: 'udp' }]);
});

it.each([
  ['another version', 'OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n', 505],
  ['no CSeq', 'OPTIONS * RTSP/1.0\r\n\r\n', 400],
  ['another scheme', 'DESCRIBE http://127.0.0.1/1/sub RTSP/1.0\r\nCSeq: 1\r\n\r\n', 400],
  ['a path instead of a URL', 'DESCRIBE /1/sub RTSP/1.0\r\nCSeq: 1\r\n\r\n', 400],
  ['the asterisk where a stream is meant', 'DESCRIBE * RTSP/1.0\r\nCSeq: 1\r\n\r\n', 400],
])('answers %s and stays', async (_what, text, status) => {
  const client = await clientOf(await camerasFor());
  client.write(text);
  expect(await client.until(() => client.answers[0])).toMatchObject({ status });
  client.write('OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n');
  expect(await client.until(() => client.answers[1])).toMatchObject({ status: 200 });
});

it('hangs up on what is no RTSP at all', async () => {
  const client = await clientOf(await camerasFor());
  client.write('GET / HTTP/1.1\r\nHost: camera\r\n\r\n');
  await client.until(() => (client.isClosed ? true : undefined));
  expect(client.answers).toMatchObject([{ status: 400 }]);
});

it('keeps a session alive by an empty GET_PARAMETER and knows no parameter', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const session = { Session: await client.play(url) };
  const alive = await client.request('GET_PARAMETER', url, session);
  expect(alive).toMatchObject({ status: 200 });
  expect(alive.headers.get('session')?.[0]).toContain(session.Session);
  expect(await client.request('SET_PARAMETER', url, session)).toMatchObject({ status: 200 });
  const asked = await client.request('GET_PARAMETER', url, session, 'packets_received\r\n');
  expect(asked).toMatchObject({ status: 451 });
  expect(await client.request('GET_PARAMETER', url, { Session: 'feed' })).toMatchObject({ status: 454 });
});

it('ends a session whose client is silent, says goodbye in RTCP, and knows it no more', async () => {
  const cameras = await camerasFor({ sessionTimeoutMs: 150 });
  const client = await clientOf(cameras);
  const url = cameras.url(1, 'sub');
  const session = await client.play(url);
  const bye = await client.until(() =>
    client.frames.find(({ channel, payload }) => channel === 1 && payload[1] === 201),
  );
  expect(bye.payload.at(-7)).toBe(203);
  expect(cameras.sessions()).toEqual([]);
  expect(await client.request('PLAY', url, { Session: session })).toMatchObject({ status: 454 });
});

it('lets requests and RTCP alike prove that the client lives', async () => {
  const cameras = await camerasFor({ sessionTimeoutMs: 500 });
  const [asking, reporting] = [await clientOf(cameras), await clientOf(cameras)];
  const session = await asking.play(cameras.url(1, 'sub'));
  await reporting.play(cameras.url(2, 'sub'));
  const receiverReport = Buffer.from([0x24, 1, 0, 8, 0x80, 201, 0, 1, 0, 0, 0, 1]);
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    reporting.write(receiverReport);
    await asking.request('GET_PARAMETER', cameras.url(1, 'sub'), { Session: session });
  }
  expect(cameras.sessions()).toMatchObject([
    { camera: 1, state: 'playing', receiverReports: 0 },
    { camera: 2, state: 'playing', receiverReports: 5 },
  ]);
});

it('ends what was interleaved into a connection together with it', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  const watcher = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  expect(cameras.sessions()).toHaveLength(1);
  client.close();
  await expect.poll(() => cameras.sessions()).toEqual([]);
  expect(await watcher.request('OPTIONS', '*')).toMatchObject({ status: 200 });
});

it('hangs up on a connection nobody uses', async () => {
  const client = await clientOf(await camerasFor({ sessionTimeoutMs: 80 }));
  await client.until(() => (client.isClosed ? true : undefined));
  expect(client.answers).toEqual([]);
});

it('closes twice, with clients at it', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  await Promise.all([cameras.close(), cameras.close()]);
  await client.until(() => (client.isClosed ? true : undefined));
  expect(cameras.sessions()).toEqual([]);
});

it('names the port that is taken', async () => {
  const cameras = await camerasFor();
  await expect(camerasFor({ port: cameras.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
