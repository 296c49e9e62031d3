import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteSession, postOffer } from './endpoint.ts';
import { pickedPayloadType, profiles } from './sending-peer.ts';
import { WhipTarget } from './target.ts';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let requests: { method: string; path: string; authorization: string; type: string; body: string }[];
beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        type: request.headers['content-type'] ?? '',
        body,
      });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/whip/v1`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const created = (headers: Record<string, string> = {}): void => {
  answer = (_, response) => void response.writeHead(201, headers).end('v=0\r\n');
};
const post = () => postOffer({ url, token: 'secret' }, 'v=0\r\noffer', AbortSignal.timeout(10_000));

describe('an offer', () => {
  it('goes out with the token in its header, and comes back with the answer and where it ends', async () => {
    created({ location: '/whip/v1/PA_1' });
    expect(await post()).toEqual({ sdp: 'v=0\r\n', session: `${url}/PA_1` });
    expect(requests).toEqual([
      {
        method: 'POST',
        path: '/whip/v1',
        authorization: 'Bearer secret',
        type: 'application/sdp',
        body: 'v=0\r\noffer',
      },
    ]);
  });

  it.each([undefined, 'http://elsewhere.example/whip/v1/PA_1'])(
    'never has its token sent to %s',
    async (location) => {
      created(location === undefined ? {} : { location });
      expect((await post()).session).toBeUndefined();
    },
  );

  it.each([
    [401, 'target-refused'],
    [403, 'target-refused'],
    [404, 'target-missing'],
    [307, 'target-unavailable'],
    [500, 'target-unavailable'],
    [503, 'target-unavailable'],
  ])('that is answered %d fails as %s', async (status, code) => {
    answer = (_, response) => void response.writeHead(status, { location: '/else' }).end('words of a server');
    await expect(post()).rejects.toMatchObject({ name: 'WhipError', code });
    expect(requests).toHaveLength(1);
  });

  it('is not asked again before the endpoint wants it', async () => {
    answer = (_, response) => void response.writeHead(503, { 'retry-after': '7' }).end();
    await expect(post()).rejects.toMatchObject({ retryAfterMs: 7000 });
  });

  it('that is answered with something else fails', async () => {
    answer = (_, response) => void response.writeHead(201).end('<html>');
    await expect(post()).rejects.toMatchObject({ code: 'target-unavailable' });
  });

  it('that nobody takes fails without saying where', async () => {
    const call = postOffer({ url: 'http://127.0.0.1:1/x', token: 't' }, 'v=0', AbortSignal.timeout(10_000));
    await expect(call).rejects.toMatchObject({
      code: 'target-unavailable',
      message: expect.not.stringContaining('127.0.0.1') as string,
    });
  });

  it('that is given up fails with the reason of whoever gave up', async () => {
    answer = () => undefined;
    const leaving = new AbortController();
    const call = postOffer({ url, token: 't' }, 'v=0', leaving.signal);
    leaving.abort(new Error('left'));
    await expect(call).rejects.toThrow('left');
  });
});

describe('taking leave', () => {
  it('is a DELETE with the token', async () => {
    answer = (_, response) => void response.writeHead(200).end();
    await deleteSession(`${url}/PA_1`, 'secret');
    expect(requests[0]).toMatchObject({
      method: 'DELETE',
      path: '/whip/v1/PA_1',
      authorization: 'Bearer secret',
    });
  });

  it('is nobody’s trouble when it fails', async () => {
    await expect(deleteSession('http://127.0.0.1:1/x', 'secret')).resolves.toBeUndefined();
  });
});

describe('what is offered', () => {
  const format = { width: 1, height: 1, level: 0x28, reorders: false };
  it.each([
    ['unknown', undefined, ['42e01f']],
    ['constrained baseline', { ...format, profile: 0x42, constraints: 0xe0 }, ['42e028', '42001f', '42e01f']],
    ['main', { ...format, profile: 0x4d, constraints: 0x40 }, ['4d4028', '4d001f', '42e01f']],
    ['high', { ...format, profile: 0x64, constraints: 0 }, ['640028', '64001f', '42e01f']],
  ])('for a profile that is %s', (_what, camera, expected) => {
    expect(profiles(camera)).toEqual(expected);
  });

  it('is sent as what the answer picks', () => {
    expect(pickedPayloadType('v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 97 98\r\n')).toBe(97);
  });

  it.each([
    'm=video 0 UDP/TLS/RTP/SAVPF 96',
    'm=audio 9 UDP/TLS/RTP/SAVPF 96',
    'm=video 9 UDP/TLS/RTP/SAVPF 0',
  ])('is refused by %s', (line) => {
    expect(() => pickedPayloadType(`v=0\r\n${line}\r\n`)).toThrow(
      expect.objectContaining({ code: 'codec-unsupported' }),
    );
  });
});

describe('a target', () => {
  const right = { url: 'https://livekit.example/whip/v1', token: 'eyJ', name: 'camera_p1 IN_1' };
  it('is an endpoint, a token and a name', () => {
    expect(WhipTarget.safeParse(right).success).toBe(true);
  });
  it.each([
    { ...right, url: 'rtsp://x' },
    { ...right, url: 'https://user:pass@livekit.example/' },
    { ...right, url: 'https://livekit.example/?access_token=eyJ' },
    { ...right, token: '' },
    { ...right, name: 'a\nb' },
    { ...right, more: 1 },
  ])('is not %j', (wrong) => {
    expect(WhipTarget.safeParse(wrong).success).toBe(false);
  });
});
