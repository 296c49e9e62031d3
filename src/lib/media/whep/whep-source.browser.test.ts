import { afterEach, describe, expect, it } from 'vitest';
import { StreamError, type MediaSession } from '../media-source.ts';
import { collect } from '../testing/collect.ts';
import { PeerConnections } from './peers.ts';
import { PretendServer, type Quirks } from './testing/pretend-server.ts';
import { WhepSource, type WhepOptions } from './whep-source.ts';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** A server, a source on it, and every peer connection the client made. */
function stage(quirks: Quirks = {}, options: WhepOptions = {}) {
  const server = new PretendServer(quirks);
  const made: RTCPeerConnection[] = [];
  const peers = new PeerConnections((configuration) => {
    const connection = new RTCPeerConnection(configuration);
    made.push(connection);
    return connection;
  });
  const source = new WhepSource('/whep/lobby', { fetch: server.fetch, peers, gatherMs: 50, ...options });
  cleanups.push(() => {
    for (const connection of made) connection.close();
    server.close();
  });
  return { server, source, made, peers };
}

const soon = () => AbortSignal.timeout(5000);

/** Resolves with the width of the first picture. */
async function firstPicture(session: MediaSession): Promise<number> {
  const video = document.createElement('video');
  video.muted = true;
  const detach = session.attach(video);
  document.body.append(video);
  cleanups.push(() => {
    detach();
    video.remove();
  });
  await video.play();
  return new Promise((resolve) => video.requestVideoFrameCallback((_, frame) => resolve(frame.width)));
}

describe('opening', () => {
  it('shows a picture after 201', async () => {
    const { server, source } = stage();
    const session = await source.open(soon());
    expect(await firstPicture(session)).toBeGreaterThan(100);
    expect(session.way).toBe('whep');
    session.close();
    const [post] = server.of('POST');
    expect(post?.headers.get('content-type')).toBe('application/sdp');
  });

  it('offers to receive one video with every codec the browser has, H.264 first, and no audio', async () => {
    const { server, source } = stage();
    (await source.open(soon())).close();
    const sdp = server.of('POST')[0]!.body;
    expect(sdp.match(/^m=/gm)).toHaveLength(1);
    expect(sdp).toContain('a=recvonly');
    const offered = [...sdp.matchAll(/^a=rtpmap:\d+ ([^/\r\n]+)\//gm)].map(([, name]) => name!.toUpperCase());
    const able = RTCRtpReceiver.getCapabilities('video')!.codecs.map((codec) =>
      codec.mimeType.slice(6).toUpperCase(),
    );
    expect(new Set(offered)).toEqual(new Set(able));
    if (able.includes('H264')) expect(offered[0]).toBe('H264');
  });

  it('shows a picture after a counter-offer, 406', async () => {
    const { server, source } = stage({ counterOffers: true });
    const session = await source.open(soon());
    expect(await firstPicture(session)).toBeGreaterThan(100);
    const [patch] = server.of('PATCH');
    expect(patch?.headers.get('content-type')).toBe('application/sdp');
    expect(patch?.body).toContain('a=recvonly');
    expect(patch?.body.match(/^m=/gm)).toHaveLength(1);
    session.close();
    expect(server.of('DELETE')).toHaveLength(1);
  });

  it('does not answer a counter-offer that is no longer valid', async () => {
    const type = `application/sdp; valid-until="${new Date(Date.now() - 1000).toUTCString()}"`;
    const { server, source, made } = stage({ counterOffers: true, headers: { 'content-type': type } });
    await expect(source.open(soon())).rejects.toMatchObject({ name: 'StreamError' });
    expect(made[0]?.signalingState).toBe('closed');
    expect(server.of('DELETE')).toHaveLength(1);
  });

  it('runs without Location: no PATCH, no DELETE, but a picture', async () => {
    const { server, source, made } = stage({ withoutLocation: true });
    const session = await source.open(soon());
    expect(await firstPicture(session)).toBeGreaterThan(100);
    session.close();
    expect(server.exchanges.map((exchange) => exchange.method)).toEqual(['POST']);
    expect(made[0]?.signalingState).toBe('closed');
  });

  it('takes the ICE servers of the answer before it gathers', async () => {
    const link =
      '<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="a,b"; credential="c;d", <https://x.example/>; rel="next"';
    const { source, made } = stage({ headers: { link } });
    const session = await source.open(soon());
    expect(made[0]?.getConfiguration().iceServers).toMatchObject([
      { urls: ['turn:127.0.0.1:9?transport=udp'], username: 'a,b', credential: 'c;d' },
    ]);
    expect(await firstPicture(session)).toBeGreaterThan(100);
    session.close();
  });

  it.each([
    [401, 'signed-out'],
    [403, 'not-permitted'],
    [404, 'camera-offline'],
    [410, 'reservation-ended'],
    [503, 'overloaded'],
    [500, 'unreachable'],
    [400, 'protocol'],
  ])('turns a bare %i into %s', async (status, code) => {
    const { source } = stage({ refuses: () => new Response('no', { status }) });
    await expect(source.open(soon())).rejects.toMatchObject({ name: 'StreamError', code });
  });

  it('says unreachable when nobody answers', async () => {
    const { source } = stage({}, { fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
    await expect(source.open(soon())).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('says unreachable when the answer takes too long', async () => {
    const hangs: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) =>
        init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error)),
      );
    const { source } = stage({}, { fetch: hangs, timeoutMs: 20 });
    await expect(source.open(soon())).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('says protocol for an answer that is a web page, and ends that session', async () => {
    const { server, source } = stage({ headers: { 'content-type': 'text/html' } });
    await expect(source.open(soon())).rejects.toMatchObject({ code: 'protocol' });
    expect(server.sessions.size).toBe(0);
  });

  it('says codec-unsupported when the answer takes up no video', async () => {
    const refuse = () =>
      new Response(
        'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 0 UDP/TLS/RTP/SAVPF 0\r\na=inactive\r\n',
        {
          status: 201,
          headers: { 'content-type': 'application/sdp' },
        },
      );
    const { source } = stage({ refuses: refuse });
    await expect(source.open(soon())).rejects.toMatchObject({ code: 'codec-unsupported' });
  });

  it('sends the bearer token everywhere when there is one', async () => {
    const { server, source } = stage({}, { bearer: 'secret' });
    (await source.open(soon())).close();
    expect(server.exchanges.map((one) => one.headers.get('authorization'))).toEqual([
      'Bearer secret',
      'Bearer secret',
    ]);
  });
});

describe('candidates', () => {
  it('are not told when the connection stands without', async () => {
    const { server, source, made } = stage({}, { gatherMs: 1500 });
    const session = await source.open(soon());
    await expect.poll(() => made[0]!.connectionState).toBe('connected');
    await firstPicture(session);
    session.close();
    expect(server.of('PATCH')).toHaveLength(0);
  });

  it('are told in one PATCH under the entity tag of the answer', async () => {
    // The far end names none of its own: only ours can bring the two together.
    const { server, source, made } = stage({ answersAtOnce: true }, { gatherMs: 400 });
    const session = await source.open(soon());
    await expect.poll(() => made[0]!.connectionState, { timeout: 5000 }).toBe('connected');
    const patches = server.of('PATCH');
    expect(patches).toHaveLength(1);
    expect(patches[0]?.headers.get('if-match')).toBe('"ice-1-0"');
    expect(patches[0]?.headers.get('content-type')).toBe('application/trickle-ice-sdpfrag');
    expect(patches[0]?.body).toMatch(/^a=ice-ufrag:.+\r\na=ice-pwd:/);
    expect(patches[0]?.body).toMatch(/a=candidate:.*\r\n/);
    expect(patches[0]?.body.endsWith('a=end-of-candidates\r\n')).toBe(true);
    session.close();
  });
});

describe('closing', () => {
  it('deletes the session once, with keepalive, however often it is closed', async () => {
    const { server, source, made } = stage();
    const session = await source.open(soon());
    session.close();
    session.close();
    await session.ended;
    expect(server.of('DELETE').map((one) => [one.path, one.keepalive, one.headers.get('if-match')])).toEqual([
      ['/whep/sessions/1', true, null],
    ]);
    expect(made[0]?.signalingState).toBe('closed');
    expect(await session.vitals()).toBeUndefined();
  });

  it('happens when the page is left', async () => {
    const { server, source, made } = stage();
    await source.open(soon());
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    expect(server.of('DELETE')).toHaveLength(1);
    expect(made[0]?.signalingState).toBe('closed');
  });

  it('is noticed at once when the far end says goodbye', async () => {
    const { server, source, made } = stage();
    const session = await source.open(soon());
    await expect.poll(() => made[0]!.connectionState).toBe('connected');
    const before = performance.now();
    for (const connection of server.sessions.values()) connection.close();
    await session.ended;
    expect(performance.now() - before).toBeLessThan(2000);
    session.close();
  });
});

describe('giving up', () => {
  const given = new Error('given up');

  it('before it began opens nothing', async () => {
    const { server, source, made } = stage();
    await expect(source.open(AbortSignal.abort(given))).rejects.toBe(given);
    expect([server.exchanges.length, made.length]).toEqual([0, 0]);
  });

  it('while the offer is on its way still deletes the session that comes of it', async () => {
    const held = Promise.withResolvers<undefined>();
    const { server, source, peers } = stage({ postHeld: held.promise });
    const controller = new AbortController();
    const opening = source.open(controller.signal);
    await expect.poll(() => server.of('POST').length).toBe(1);
    controller.abort(given);
    await expect(opening).rejects.toBe(given);
    held.resolve(undefined);
    await expect.poll(() => server.of('DELETE').length).toBe(1);
    await expect.poll(() => server.sessions.size).toBe(0);
    // The connection was not used: the next attempt gets the same one.
    server.quirks = {};
    (await source.open(soon())).close();
    expect(peers.constructed).toBe(1);
  });

  it.each(['setLocalDescription', 'setRemoteDescription'] as const)(
    'during %s closes the connection and the session',
    async (step) => {
      const held = Promise.withResolvers<undefined>();
      const { server, source, made } = stage({ postHeld: held.promise });
      const controller = new AbortController();
      const opening = source.open(controller.signal);
      await expect.poll(() => server.of('POST').length).toBe(1);
      const connection = made[0]!;
      const apply = connection[step].bind(connection) as (description: unknown) => Promise<void>;
      Object.defineProperty(connection, step, {
        value: (description: unknown) => {
          controller.abort(given);
          return apply(description);
        },
      });
      held.resolve(undefined);
      await expect(opening).rejects.toBe(given);
      expect(connection.signalingState).toBe('closed');
      await expect.poll(() => server.sessions.size).toBe(0);
    },
  );
});

describe('repairing', () => {
  /** Makes the connection report a state, once or until the test ends: real outages take ICE 6 to 17 s to notice. */
  function report(connection: RTCPeerConnection, state: RTCPeerConnectionState, times: 'once' | 'on'): void {
    Object.defineProperty(connection, 'connectionState', { value: state, configurable: true });
    connection.dispatchEvent(new Event('connectionstatechange'));
    if (times === 'once') delete (connection as { connectionState?: unknown }).connectionState;
  }

  it('restarts ICE under `*` and keeps the connection', async () => {
    const { server, source, made, peers } = stage();
    const session = await source.open(soon());
    await firstPicture(session);
    const before = made[0]!.localDescription!.sdp.match(/a=ice-ufrag:(.*)/)![1];
    report(made[0]!, 'failed', 'once');
    await expect.poll(() => server.of('PATCH').length).toBe(1);
    expect(server.of('PATCH')[0]?.headers.get('if-match')).toBe('*');
    await expect.poll(() => made[0]!.signalingState).toBe('stable');
    await expect
      .poll(() => made[0]!.currentLocalDescription!.sdp.match(/a=ice-ufrag:(.*)/)![1])
      .not.toBe(before);
    await expect.poll(() => made[0]!.connectionState).toBe('connected');
    const framesBefore = (await session.vitals())!.framesDecoded!;
    await expect.poll(async () => (await session.vitals())!.framesDecoded).toBeGreaterThan(framesBefore);
    expect(peers.constructed).toBe(1);
    session.close();
  });

  it('restarts ICE on a session that began with a counter-offer', async () => {
    const { server, source, made } = stage({ counterOffers: true });
    const session = await source.open(soon());
    await firstPicture(session);
    report(made[0]!, 'failed', 'once');
    await expect
      .poll(() => server.of('PATCH').filter((one) => one.headers.get('if-match') === '*').length)
      .toBe(1);
    await expect.poll(() => made[0]!.signalingState).toBe('stable');
    await expect.poll(() => made[0]!.connectionState).toBe('connected');
    session.close();
  });

  it('waits a moment while merely disconnected', async () => {
    const { server, source, made } = stage({}, { disconnectedMs: 60 });
    const session = await source.open(soon());
    await firstPicture(session);
    report(made[0]!, 'disconnected', 'once');
    expect(server.of('PATCH')).toHaveLength(0);
    await expect.poll(() => server.of('PATCH').length).toBe(1);
    session.close();
  });

  it('breaks when the far end knows the session no more', async () => {
    const { server, source, made } = stage();
    const session = await source.open(soon());
    await firstPicture(session);
    const forgotten = [...server.sessions.values()];
    server.sessions.clear();
    cleanups.push(() => forgotten.forEach((connection) => connection.close()));
    report(made[0]!, 'failed', 'once');
    await expect(session.ended).rejects.toMatchObject({ name: 'StreamError', code: 'unreachable' });
    session.close();
  });

  it('breaks when the far end cannot restart and the connection has failed', async () => {
    const { source, made } = stage({ refusesPatch: () => new Response(null, { status: 422 }) });
    const session = await source.open(soon());
    await firstPicture(session);
    report(made[0]!, 'failed', 'on');
    const broken = await session.ended.catch((error: unknown) => error);
    expect(broken).toBeInstanceOf(StreamError);
    session.close();
  });
});

describe('the page’s supply of peer connections', () => {
  it('is not used up by a camera that is offline', async () => {
    const { source, peers } = stage({
      refuses: () => new Response(null, { status: 409, headers: { 'retry-after': '7' } }),
    });
    for (let attempt = 0; attempt < 50; attempt += 1) {
      await expect(source.open(soon())).rejects.toMatchObject({ code: 'camera-offline', retryAfterMs: 7000 });
    }
    expect(peers.constructed).toBe(1);
  });

  it('says exhausted when the browser gives no more', async () => {
    const peers = new PeerConnections(() => {
      throw new DOMException(
        "Failed to construct 'RTCPeerConnection': Cannot create so many PeerConnections",
        'UnknownError',
      );
    });
    const { source } = stage({}, { peers });
    await expect(source.open(soon())).rejects.toMatchObject({ code: 'exhausted', isTransient: false });
    expect(peers.isExhausted).toBe(true);
  });

  it('leaves nothing open after two hundred sessions', async () => {
    const { server, source, made } = stage({ answersAtOnce: true });
    for (let round = 0; round < 200; round += 1) {
      (await source.open(soon())).close();
      if (round % 20 === 19) await collect();
    }
    expect(made.filter((connection) => connection.signalingState !== 'closed')).toHaveLength(0);
    await expect.poll(() => server.sessions.size).toBe(0);
    expect(server.of('DELETE')).toHaveLength(200);
    // All of them are closed; other tests need the room.
    made.splice(0);
    await collect();
  }, 30_000);
});

it('reads the counters behind the picture', async () => {
  const { source } = stage();
  const session = await source.open(soon());
  await firstPicture(session);
  await expect.poll(async () => (await session.vitals())?.framesDecoded).toBeGreaterThan(3);
  const vitals = await session.vitals();
  expect(vitals).toMatchObject({ width: 320, height: 180, framesDropped: expect.any(Number) as number });
  expect(vitals?.bytesReceived).toBeGreaterThan(100);
  expect(vitals?.codec).toMatch(/^(H264|VP8|VP9|AV1)$/);
  session.close();
});

describe('the age of a picture', () => {
  /** Plays a session as a tile does, each of whose pictures it is told of. */
  async function play(quirks: Quirks) {
    const { server, source } = stage(quirks);
    const session = await source.open(soon());
    const video = document.createElement('video');
    video.muted = true;
    const detach = session.attach(video);
    document.body.append(video);
    let pictures = 0;
    const again = (): void => {
      video.requestVideoFrameCallback((_, frame) => {
        pictures += 1;
        session.presented?.(frame);
        again();
      });
    };
    again();
    await video.play();
    cleanups.push(() => {
      detach();
      video.remove();
      session.close();
    });
    return { server, session, video, pictures: () => pictures };
  }

  it('is known, with the time it was taken, from a sender that tells', async () => {
    const { server, session, video } = await play({ clockAheadMs: 0 });
    expect(server.of('POST')[0]?.body).toMatch(/^a=extmap:\d+\S* \S+abs-capture-time\r?$/m);
    const ageMs = (): number => Date.now() - (session.captureTimeOf(video) ?? Infinity);
    await expect.poll(() => Math.abs(ageMs()), { timeout: 5000 }).toBeLessThan(1000);
    await expect.poll(() => session.lagMs).toBeLessThan(500);
  });

  it('is not mistaken for nothing where all pictures are old', async () => {
    const { session } = await play({ clockAheadMs: 3000 });
    await expect.poll(() => session.lagMs, { timeout: 5000 }).toBeGreaterThan(2500);
  });

  it('is told by stamps alone of a sender that does not tell', async () => {
    const { session, video, pictures } = await play({});
    await expect.poll(pictures, { timeout: 5000 }).toBeGreaterThan(10);
    expect(session.captureTimeOf(video)).toBeUndefined();
    expect(session.lagMs).toBeLessThan(500);
  });
});
