import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { siteCameras, siteGroups } from '#mocks/site/cameras.ts';
import { ImageTalk } from '#mocks/xprotect/testing/image-talk.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import { streamOf } from '#mocks/xprotect/testing/site-session.ts';
import { startXProtect, type DemoXProtect, type DemoXProtectOptions } from '#mocks/xprotect/xprotect.ts';
import type { LiveSource, Vms } from '#server/vms/vms.ts';
import { certificate, certificateKey } from './testing/certificate.ts';
import { createXProtectVms, type XProtectOptions } from './xprotect-vms.ts';

const never = new AbortController().signal;
const twelve = siteCameras.slice(44, 56);
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function site(options: Partial<DemoXProtectOptions> = {}): Promise<DemoXProtect> {
  const xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
    cameras: twelve,
    ...options,
  });
  endings.push(() => xprotect.close());
  return xprotect;
}

function adapter(url: string, options: Partial<XProtectOptions> = {}): Vms {
  const vms = createXProtectVms({ id: 'x', url, username: 'u', password: 'p', ...options });
  endings.push(() => vms.close());
  return vms;
}

/** A server that is no XProtect, or an odd one. */
async function oddServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return listen(server, 'http');
}

async function listen(server: Server & { closeAllConnections(): void }, scheme: string): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Whether a recorder takes the source as it is. */
async function shows(source: LiveSource): Promise<boolean> {
  if (source.kind !== 'image-server') return false;
  const talk = await ImageTalk.open(source.port);
  try {
    talk.connect(source.deviceId, source.token, { streamId: source.streamId ?? '' });
    talk.live();
    return (await talk.nextImage()) !== undefined;
  } finally {
    talk.close();
  }
}

describe('the directory', () => {
  it('has all 500 cameras with names in both languages, numbers, groups and streams', async () => {
    const xprotect = await site({ cameras: siteCameras });
    const { cameras, groups } = await adapter(xprotect.url, { streamsBudgetMs: 20_000 }).readDirectory(never);
    expect(cameras).toHaveLength(500);
    expect(groups.map(({ id }) => id).toSorted()).toEqual(siteGroups.map(({ id }) => id).toSorted());
    const byId = new Map(cameras.map((camera) => [camera.id, camera]));
    const chain = (groupId: string): string[] => {
      const group = siteGroups.find(({ id }) => id === groupId)!;
      return [groupId, ...(group.parentId === undefined ? [] : chain(group.parentId))];
    };
    for (const { id, number, name, nameAr, hasPtz, groupId } of siteCameras)
      expect(byId.get(id)).toEqual({
        id,
        number,
        name,
        nameAr,
        hasPtz,
        groupIds: chain(groupId),
        streams: [
          { name: 'main', codec: 'H264', width: 1280, height: 720, framesPerSecond: 25 },
          { name: 'sub', codec: 'H264', width: 640, height: 360, framesPerSecond: 15 },
        ],
      });
  });

  it('does not wait for slow streams, and knows them the next time', async () => {
    const xprotect = await site();
    const vms = adapter(xprotect.url, { streamsBudgetMs: 0 });
    const first = await vms.readDirectory(never);
    expect(first.cameras.map(({ streams }) => streams)).toEqual(twelve.map(() => []));
    await expect
      .poll(async () => (await vms.readDirectory(never)).cameras.every(({ streams }) => streams.length === 2))
      .toBe(true);
  });

  it('is read to its end after the tokens died half-way', async () => {
    const xprotect = await site();
    const vms = adapter(xprotect.url);
    await vms.readDirectory(never);
    xprotect.faults.expireTokens();
    expect((await vms.readDirectory(never)).cameras).toHaveLength(12);
  });

  it('is read with tokens that live for a second, for longer than that', async () => {
    const xprotect = await site({ accessTokenLifeMs: 1000, vmsTokenLifeMs: 1000 });
    const vms = adapter(xprotect.url);
    const sources: LiveSource[] = [];
    const until = performance.now() + 2500;
    while (performance.now() < until) {
      expect((await vms.readDirectory(never)).cameras).toHaveLength(12);
      sources.push(await vms.liveSource(twelve[0]!.id, 'sub', never));
    }
    expect(
      new Set(sources.map((source) => source.kind === 'image-server' && source.token)).size,
    ).toBeGreaterThan(2);
    expect(await shows(sources.at(-1)!)).toBe(true);
  });
});

describe('a live source', () => {
  it.each(['main', 'sub'] as const)('leads to the camera’s recorder and its %s stream', async (stream) => {
    const xprotect = await site();
    const vms = adapter(xprotect.url);
    // 45 to 50 are on the first recorder, the others on the second.
    for (const camera of [twelve[0]!, twelve[11]!]) {
      const source = await vms.liveSource(camera.id.toUpperCase(), stream, never);
      expect(source).toMatchObject({
        kind: 'image-server',
        host: '127.0.0.1',
        tls: false,
        deviceId: camera.id,
        streamId: streamOf(camera.number, stream).toLowerCase(),
        token: expect.stringMatching(/^TOKEN#/),
      });
      const livesFor = source.kind === 'image-server' ? source.tokenExpiresAt - Date.now() : 0;
      expect(livesFor).toBeGreaterThan(14_300_000);
      expect(livesFor).toBeLessThanOrEqual(14_400_000);
      expect(await shows(source)).toBe(true);
    }
  });

  it('is there before the first reading of the directory and after it', async () => {
    const xprotect = await site();
    const vms = adapter(xprotect.url);
    const before = await vms.liveSource(twelve[3]!.id, 'sub', never);
    await vms.readDirectory(never);
    expect(await vms.liveSource(twelve[3]!.id, 'sub', never)).toEqual({
      ...before,
      tokenExpiresAt: expect.any(Number),
    });
  });

  it('does not exist for cameras that there are not, nor for ids that are none', async () => {
    const xprotect = await site();
    const vms = adapter(xprotect.url);
    for (const id of [siteCameras[499]!.id, '../sites', 'sites/%2e%2e', ''])
      await expect(vms.liveSource(id, 'main', never)).rejects.toMatchObject({
        name: 'VmsError',
        code: 'unknown-camera',
      });
    await expect(vms.readStreams(siteCameras[499]!.id, never)).rejects.toMatchObject({
      code: 'unknown-camera',
    });
    expect(await vms.readStreams(twelve[0]!.id, never)).toMatchObject([
      { name: 'main' },
      { name: 'sub', width: 640 },
    ]);
  });

  it('dies when the adapter closes, because it logs out', async () => {
    const xprotect = await site();
    const vms = adapter(xprotect.url);
    const source = await vms.liveSource(twelve[0]!.id, 'sub', never);
    expect(await shows(source)).toBe(true);
    await vms.close();
    await vms.close();
    expect(await shows(source)).toBe(false);
    await expect(vms.readDirectory(never)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('failure', () => {
  const failure = (vms: Vms, signal = never) =>
    vms.readDirectory(signal).then(
      () => undefined,
      (error: unknown) => error as Error & { code: string },
    );

  it('is `refused` for a wrong password, without asking again and again', async () => {
    let logins = 0;
    const url = await oddServer((_request, response) => {
      logins++;
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"error":"invalid_grant","error_description":"invalid_username_or_password"}');
    });
    const vms = adapter(url, { password: 'hush-hush' });
    for (let i = 0; i < 3; i++) {
      const error = await failure(vms);
      expect(error).toMatchObject({
        code: 'refused',
        message: 'XProtect refuses this user name or password',
      });
    }
    expect(logins).toBe(1);
    const real = await site();
    expect(await failure(adapter(real.url, { password: 'wrong' }))).toMatchObject({ code: 'refused' });
  });

  it.each([
    ['rest', 503],
    ['rest', 500],
    ['idp', 503],
  ] as const)('is `unavailable` while %s answers %i, and passes', async (surface, failWith) => {
    const xprotect = await site();
    const vms = adapter(xprotect.url);
    xprotect.faults.setSurface(surface, { failWith });
    expect(await failure(vms)).toMatchObject({ code: 'unavailable' });
    xprotect.faults.reset();
    expect(await failure(vms)).toBeUndefined();
  });

  it('of the recorder log-in spares the directory', async () => {
    const xprotect = await site();
    const vms = adapter(xprotect.url);
    xprotect.faults.setSurface('soap', { failWith: 503 });
    expect((await vms.readDirectory(never)).cameras).toHaveLength(12);
    await expect(vms.liveSource(twelve[0]!.id, 'sub', never)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is `unavailable` where nobody listens, and names neither host nor user', async () => {
    const error = await failure(
      adapter('http://127.0.0.1:9', { username: 'secret-user', password: 'hush-hush' }),
    );
    expect(error).toMatchObject({ name: 'VmsError', code: 'unavailable', cause: expect.any(Error) });
    expect(error?.message).not.toMatch(/127\.0\.0\.1|secret-user|hush/);
  });

  it.each([
    ['HTML', 200, '<html>Welcome</html>'],
    ['JSON of another shape', 200, '{"token":"t"}'],
    ['nothing', 204, ''],
  ])('is `unexpected-answer` for a server that answers with %s', async (_what, status, body) => {
    const url = await oddServer((_request, response) => response.writeHead(status).end(body));
    expect(await failure(adapter(url))).toMatchObject({ code: 'unexpected-answer' });
  });

  it('is `refused` for a user without rights', async () => {
    const url = await oddServer((request, response) => {
      if (request.url?.includes('/connect/token')) response.end('{"access_token":"t","expires_in":"3600"}');
      else response.writeHead(403).end();
    });
    expect(await failure(adapter(url))).toMatchObject({ code: 'refused' });
  });

  it('is no failure when the caller gives up: it gets its own reason at once', async () => {
    const xprotect = await site();
    xprotect.faults.setSurface('rest', { latencyMs: 60_000 });
    const vms = adapter(xprotect.url);
    const leaving = new AbortController();
    const reason = new Error('gone');
    setTimeout(() => leaving.abort(reason), 50);
    const begun = performance.now();
    expect(await failure(vms, leaving.signal)).toBe(reason);
    expect(await failure(vms, leaving.signal)).toBe(reason);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('of one camera’s settings leaves it its streams', async () => {
    const camera = {
      id: twelve[0]!.id,
      name: 'A',
      relations: { parent: { type: 'hardware', id: siteGroups[0]!.id } },
    };
    const url = await oddServer((request, response) => {
      const path = request.url ?? '';
      if (path.includes('/connect/token')) response.end('{"access_token":"t","expires_in":3600}');
      else if (path.includes('/cameras?')) response.end(JSON.stringify({ array: [camera, { id: 7 }] }));
      else if (path.includes('/streams/'))
        response.end(
          JSON.stringify({ data: { stream: { streamReferenceId: siteGroups[1]!.id.toUpperCase() } } }),
        );
      else if (path.includes('/settings/')) response.end('{"data":{"stream":["odd"]}}');
      else response.end('{"array":[]}');
    });
    const warnings: object[] = [];
    const vms = adapter(url, { log: { warn: (fields) => warnings.push(fields) } });
    expect((await vms.readDirectory(never)).cameras).toMatchObject([
      { id: camera.id, streams: [{ name: 'main' }] },
    ]);
    expect(warnings).toEqual([{ vms: 'x', list: 'cameras', unreadable: 1 }]);
  });
});

describe('TLS', () => {
  const listener: RequestListener = (request, response) => {
    if (request.url?.includes('/connect/token')) response.end('{"access_token":"t","expires_in":3600}');
    else response.end('{"array":[]}');
  };

  it('trusts the given authority and no other', async () => {
    const url = await listen(
      createSecureServer({ cert: certificate, key: certificateKey }, listener),
      'https',
    );
    expect(await adapter(url, { ca: certificate }).readDirectory(never)).toEqual({ cameras: [], groups: [] });
    await expect(adapter(url).readDirectory(never)).rejects.toMatchObject({
      code: 'refused',
      message: 'The certificate of XProtect is not trusted',
    });
  });
});

it('finds the management server on another host by what the gateway says', async () => {
  const management = await site();
  const gateway = await oddServer((request, response) => {
    if (request.url === '/api/.well-known/uris')
      response.end(
        JSON.stringify({ UnsecureManagementServer: `${management.url}/`, SecureManagementServer: '' }),
      );
    else if (request.url?.toLowerCase().startsWith('/managementserver')) response.writeHead(404).end();
    else {
      const { method = 'GET', headers } = request;
      const body: Buffer[] = [];
      request.on('data', (chunk: Buffer) => body.push(chunk));
      request.on('end', () => {
        void fetch(management.url + (request.url ?? ''), {
          method,
          headers: {
            authorization: headers.authorization ?? '',
            'content-type': headers['content-type'] ?? 'text/plain',
          },
          ...(method === 'POST' ? { body: Buffer.concat(body) } : {}),
        }).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
      });
    }
  });
  const source = await adapter(gateway).liveSource(twelve[0]!.id, 'sub', never);
  expect(await shows(source)).toBe(true);
});

it('does not take a URL that is none, or that holds a password', () => {
  for (const url of ['xprotect', 'ftp://xprotect/', 'http://u:p@xprotect/'])
    expect(() => createXProtectVms({ id: 'x', url, username: 'u', password: 'p' })).toThrow(TypeError);
});
