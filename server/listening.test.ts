import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { password, startApp } from '#server/testing/harness.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { listen, type Listening } from './listening.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'parapet-tls-'));
afterAll(() => rmSync(directory, { recursive: true }));
const tls = { certFile: path.join(directory, 'cert.pem'), keyFile: path.join(directory, 'key.pem') };

/** A certificate for localhost that nobody else has signed. */
function certify(name: string): void {
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', tls.keyFile, '-out', tls.certFile],
    ],
    { stdio: 'ignore' },
  );
}
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
beforeAll(() => {
  if (hasOpenssl) certify('first');
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  fetch: Parameters<typeof listen>[0]['fetch'],
  more: Partial<Parameters<typeof listen>[0]> = {},
): Promise<Listening> {
  const listening = await listen({ fetch, host: '127.0.0.1', port: 0, tls, ...more });
  cleanups.push(() => listening.close(0));
  return listening;
}

function open(port: number): ClientHttp2Session {
  const session = connect(`https://localhost:${String(port)}`, { rejectUnauthorized: false });
  cleanups.push(() => session.destroy());
  return session;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

async function ask(session: ClientHttp2Session, headers: Record<string, string>, body = ''): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === '' });
  stream.setEncoding('utf8');
  if (body !== '') stream.end(body);
  const [answered] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const part of stream as AsyncIterable<string>) text += part;
  return { status: Number(answered[':status']), headers: answered, body: text };
}

describe.skipIf(!hasOpenssl)('listening with a certificate', () => {
  it('speaks HTTP/2, many requests at once on one connection', async () => {
    const held = Promise.withResolvers<undefined>();
    const { port } = await start(async (request) => {
      if (request.url.endsWith('/held')) await held.promise;
      return new Response(new URL(request.url).pathname);
    });
    const session = open(port);
    const waiting = Array.from({ length: 40 }, () => ask(session, { ':path': '/held' }));
    // With forty that wait, another is answered at once: what six connections of HTTP/1.1 cannot do.
    expect((await ask(session, { ':path': '/now' })).body).toBe('/now');
    held.resolve(undefined);
    expect(new Set((await Promise.all(waiting)).map(({ body }) => body))).toEqual(new Set(['/held']));
    expect(session.alpnProtocol).toBe('h2');
  });

  it('speaks HTTP/1.1 with whoever knows nothing better', async () => {
    const { port } = await start((request) => new Response(request.url));
    const answer = await new Promise<string>((resolve, reject) => {
      https
        .get(
          { host: 'localhost', port, path: '/old', rejectUnauthorized: false, agent: false },
          (response) => {
            let text = response.httpVersion;
            response.on('data', (part: Buffer) => (text += ` ${part.toString()}`));
            response.on('end', () => resolve(text));
          },
        )
        .on('error', reject);
    });
    expect(answer).toBe(`1.1 https://localhost:${String(port)}/old`);
  });

  it('takes up a renewed certificate without being started anew', async () => {
    const renewed = Promise.withResolvers<unknown>();
    const { port } = await start(() => new Response('ok'), { lookEveryMs: 20, onRenewed: renewed.resolve });
    const nameAt = async (): Promise<string | string[] | undefined> => {
      const session = open(port);
      await once(session, 'connect');
      return (session.socket as TLSSocket).getPeerCertificate().subject.CN;
    };
    expect(await nameAt()).toBe('first');
    certify('second');
    await renewed.promise;
    await expect.poll(nameAt, { timeout: 5000 }).toBe('second');
  });

  it('ends with the last answer, and at once with those that take too long', async () => {
    const begun = Promise.withResolvers<undefined>();
    const listening = await start(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(new TextEncoder().encode('begun'));
              begun.resolve(undefined);
            },
          }),
        ),
    );
    const session = open(listening.port);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => undefined).resume();
    await begun.promise;
    const closed = once(session, 'close');
    await listening.close(50);
    await listening.close(50);
    await closed;
    expect(session.destroyed).toBe(true);
  });

  it('does not begin with a key that is another’s', async () => {
    await expect(start(() => new Response(), { tls: { ...tls, keyFile: tls.certFile } })).rejects.toThrow();
  });
});

describe.skipIf(!hasOpenssl)('the app behind it', () => {
  let held: TestStore;
  beforeAll(async () => {
    held = await pglite.open();
  }, 60_000);
  afterAll(() => held.close());

  it('gives a secure cookie, takes what its own page sends, and nothing of another site’s', async () => {
    const at = await startApp(held.store);
    cleanups.push(() => at.app.close());
    const { port } = await start((request, bindings) => at.app.fetch(request, bindings));
    const session = open(port);
    const origin = `https://localhost:${String(port)}`;
    const signIn = (from: string): Promise<Answer> =>
      ask(
        session,
        { ':method': 'POST', ':path': '/api/session', 'content-type': 'application/json', origin: from },
        JSON.stringify({ name: 'olga', password }),
      );
    // Without Sec-Fetch-Site it is the origin that counts, against what HTTP/2 says in place of a Host header.
    expect((await signIn('https://elsewhere.test')).status).toBe(403);
    const { status, headers } = await signIn(origin);
    expect([status, headers['strict-transport-security']]).toEqual([200, 'max-age=31536000']);
    expect(String(headers['set-cookie'])).toMatch(/^__Host-parapet=[\w-]{43}; .*; Secure/);
  }, 60_000);
});
