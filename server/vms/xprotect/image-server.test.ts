import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { certificate, certificateKey } from './testing/certificate.ts';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import { SiteSession, streamOf } from '#mocks/xprotect/testing/site-session.ts';
import { startXProtect, type DemoXProtect } from '#mocks/xprotect/xprotect.ts';
import { readPacket } from './image-server-picture.ts';
import { ImageServerReader } from './image-server-reader.ts';
import { connectRequest, readCameraLost } from './image-server-xml.ts';
import { ImageServerLive, type ImageServerEvents, type ImageServerPicture } from './image-server.ts';

/** A GenericByteData packet as the table of the protocol has it. */
function packet(
  stream: Buffer,
  { type = 0x10, codec = 0x0a, flags = 1, timeMs = 1_700_000_000_123 } = {},
): Buffer {
  const header = Buffer.alloc(32);
  header.writeUInt16BE(type, 0);
  header.writeUInt32BE(32 + stream.length, 2);
  header.writeUInt16BE(codec, 6);
  header.writeUInt16BE(flags, 10);
  header.writeBigUInt64BE(BigInt(timeMs), 20);
  return Buffer.concat([header, stream]);
}
const image = (data: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`ImageResponse\r\nRequestId: 2\r\nContent-length: ${String(data.length)}\r\n\r\n`),
    data,
    Buffer.from('\r\n\r\n'),
  ]);
const yes = (method: string): string =>
  `<methodresponse><requestid>1</requestid><methodname>${method}</methodname><connected>yes</connected></methodresponse>\r\n\r\n`;
const nal = Buffer.from('0000000165aabb0d0a0d0acc', 'hex');

describe('the bytes of a connection', () => {
  const stream = Buffer.concat([
    Buffer.from(yes('connect')),
    image(packet(nal)),
    Buffer.from('<livepackage><status><statusitem id="5" value="0"/></status></livepackage>\r\n\r\n'),
    Buffer.from('ImageResponse\r\nRequestId: 2\r\n\r\n'),
    image(Buffer.alloc(5000, 0x3c)),
    image(packet(nal)).subarray(0, -4),
    Buffer.from(yes('connectupdate')),
  ]);

  it.each([1, 3, 17, 100, 1448, 100_000])('mean the same when they come in pieces of %i', (piece) => {
    const seen: string[] = [];
    const reader = new ImageServerReader({
      xml: (text) => seen.push(/<(\w+)[ >]/.exec(text)?.[1] ?? ''),
      image: (headers, data) => seen.push(`${headers.get('requestid') ?? ''}:${String(data.length)}`),
    });
    for (let at = 0; at < stream.length; at += piece) reader.push(stream.subarray(at, at + piece));
    expect(seen).toEqual([
      'methodresponse',
      '2:44',
      'livepackage',
      '2:0',
      '2:5000',
      '2:44',
      'methodresponse',
    ]);
  });

  it.each([
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['another word', 'ImageRequest\r\n\r\n'],
    ['an impossible length', 'ImageResponse\r\nContent-length: -4\r\n\r\n'],
    ['a header without an end', `ImageResponse\r\nX: ${'x'.repeat(300_000)}`],
  ])('are refused when they are %s', (_what, text) => {
    const reader = new ImageServerReader({ xml: () => undefined, image: () => undefined });
    expect(() => {
      reader.push(Buffer.from(text));
    }).toThrow(expect.objectContaining({ name: 'ImageServerFormatError' }));
  });
});

describe('a picture', () => {
  it('is read from GenericByteData', () => {
    expect(readPacket(packet(nal))).toEqual({
      kind: 'video',
      codec: 'H264',
      isKeyframe: true,
      timeMs: 1_700_000_000_123,
      stream: nal,
    });
    expect(readPacket(packet(nal, { codec: 0x0e, flags: 0 }))).toMatchObject({
      codec: 'H265',
      isKeyframe: false,
    });
  });

  it('is known as JPEG, whatever it comes as', () => {
    expect(readPacket(Buffer.from('ffd8ffe0', 'hex'))).toEqual({ kind: 'unsupported', name: 'JPEG' });
    expect(readPacket(packet(nal, { codec: 1 }))).toEqual({ kind: 'unsupported', name: 'JPEG' });
  });

  it('is told from audio and metadata', () => {
    expect([0x20, 0x30].map((type) => readPacket(packet(nal, { type })).kind)).toEqual(['other', 'other']);
  });

  it.each([
    ['cut short', packet(nal).subarray(0, 20)],
    ['shorter than it says', packet(nal).subarray(0, 40)],
    ['of an unknown form', packet(nal, { type: 0x77 })],
  ])('is refused when it is %s', (_what, bytes) => {
    expect(() => readPacket(bytes)).toThrow(expect.objectContaining({ name: 'ImageServerFormatError' }));
  });
});

describe('requests', () => {
  it('are one line, with everything in them escaped', () => {
    const text = connectRequest(7, { deviceId: 'a<b', streamId: 's' }, 'TOKEN#1&2"');
    expect(text).toMatch(/^<\?xml[^\r\n]*<requestid>7<\/requestid>[^\r\n]*\r\n\r\n$/);
    expect(text).toContain(
      '<connectparam>id=a&lt;b&amp;connectiontoken=TOKEN#1&amp;2&quot;&amp;streamid=s</connectparam>',
    );
  });

  it('are answered by status packages too, of which item 5 is the lost camera', () => {
    const status = (value: number): string =>
      `<livepackage><status><statusitem id="1" value="1"/><statusitem id="5" value="${String(value)}"/></status></livepackage>`;
    expect([status(1), status(0), '<livepackage/>', yes('live')].map(readCameraLost)).toEqual([
      true,
      false,
      undefined,
      undefined,
    ]);
  });
});

/** Runs a live stream in the background; what it gives can be awaited. */
function watch(
  target: ConstructorParameters<typeof ImageServerLive>[0],
  events: Partial<ImageServerEvents> = {},
) {
  const pictures: ImageServerPicture[] = [];
  const waiting = new Set<() => void>();
  const end = new AbortController();
  const live = new ImageServerLive(target, {
    cameraLost: () => undefined,
    ...events,
    picture(picture) {
      pictures.push({ ...picture, stream: Buffer.from(picture.stream) });
      for (const wake of waiting) wake();
    },
  });
  const run = live.run(end.signal);
  run.catch(() => undefined);
  onTestFinished(() => {
    end.abort();
  });
  return {
    live,
    pictures,
    run,
    end: () => {
      end.abort();
    },
    async atLeast(count: number): Promise<void> {
      while (pictures.length < count) {
        const more = Promise.withResolvers<undefined>();
        const wake = (): void => {
          more.resolve(undefined);
        };
        waiting.add(wake);
        await Promise.race([more.promise, run]);
        waiting.delete(wake);
      }
    },
  };
}

describe('against the pretend XProtect', () => {
  const camera = siteCameras[6];
  let xprotect: DemoXProtect | undefined;
  afterEach(() => xprotect?.close());

  async function signIn(options: { vmsTokenLifeMs?: number } = {}) {
    if (camera === undefined) throw new Error('the site has too few cameras');
    xprotect = await startXProtect({
      username: 'u',
      password: 'p',
      pictures: plainPictures,
      cameras: siteCameras.slice(0, 20),
      ...options,
    });
    const session = new SiteSession(xprotect.url);
    await session.logIn('u', 'p');
    await session.soap('Login');
    const port = await session.recorderPort(camera.number);
    return {
      xprotect,
      session,
      target: {
        host: '127.0.0.1',
        port,
        tls: false,
        deviceId: camera.id,
        streamId: streamOf(camera.number, 'sub'),
        token: session.vmsToken,
      },
    };
  }

  it('gives the pictures of the stream it names, each with its time, from a keyframe on', async () => {
    const { target } = await signIn();
    const watched = watch(target);
    await watched.atLeast(40);
    expect(watched.pictures[0]).toMatchObject({ codec: 'H264', isKeyframe: true });
    const first = watched.pictures[0]?.timeMs ?? 0;
    for (const [i, picture] of watched.pictures.slice(0, 40).entries()) {
      expect(Math.abs(picture.timeMs - first - i * (1000 / 15))).toBeLessThan(2);
      expect(picture.stream.toString('latin1')).toContain('7 sub ');
    }
  });

  it('stops and hangs up when aborted', async () => {
    const { target, xprotect: site } = await signIn();
    const watched = watch(target);
    await watched.atLeast(1);
    watched.end();
    await expect(watched.run).resolves.toBeUndefined();
    await expect.poll(() => site.connectionCount).toBe(0);
  });

  it('is refused without a token that the recorder knows', async () => {
    const { target } = await signIn();
    await expect(watch({ ...target, token: 'TOKEN#wrong' }).run).rejects.toMatchObject({ code: 'refused' });
  });

  it('outlives its first token when it is given a fresh one, without a picture missing', async () => {
    const { target, session } = await signIn({ vmsTokenLifeMs: 2000 });
    const watched = watch(target);
    // A second's pictures: the fresh token has to live well past the end of the first one.
    await watched.atLeast(15);
    await session.soap('Login', { currentToken: session.vmsToken });
    watched.live.renew(session.vmsToken);
    const from = watched.pictures.length;
    // The recorder hangs up on dead tokens within a quarter of a second.
    await watched.atLeast(from + 21);
    const times = watched.pictures.map(({ timeMs }) => timeMs);
    for (const [i, time] of times.entries()) if (i > 0) expect(time - (times[i - 1] ?? 0)).toBeLessThan(70);
  });

  it('ends when its token dies', async () => {
    const { target, xprotect: site } = await signIn();
    const watched = watch(target);
    await watched.atLeast(1);
    site.faults.expireTokens();
    await expect(watched.run).rejects.toMatchObject({ name: 'ImageServerError' });
  });

  it('tells when the recorder has lost the camera, and goes on when it is back', async () => {
    const { target, xprotect: site } = await signIn();
    const lost = Promise.withResolvers<undefined>();
    const watched = watch(target, {
      cameraLost: () => {
        lost.resolve(undefined);
      },
    });
    await watched.atLeast(1);
    site.faults.setCamera(7, 'offline');
    await lost.promise;
    const before = watched.pictures.length;
    site.faults.setCamera(7, 'online');
    await watched.atLeast(before + 5);
    expect(watched.pictures[before]?.isKeyframe).toBe(true);
  });
});

describe('a recorder that misbehaves', () => {
  async function recorder(behave: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      behave(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { port: (server.address() as AddressInfo).port, server };
  }
  const target = (port: number) => ({
    host: '127.0.0.1',
    port,
    tls: false,
    deviceId: 'd',
    token: 'TOKEN#secret',
  });

  it.each<[string, string, (socket: Socket) => void]>([
    ['hangs up', 'unreachable', (socket) => socket.destroy()],
    ['speaks something else', 'protocol', (socket) => socket.write('SSH-2.0-x\r\n')],
    ['says no', 'refused', (socket) => socket.write(yes('connect').replace('yes', 'no'))],
    [
      'sends JPEG after all',
      'codec-unsupported',
      (socket) =>
        socket.write(Buffer.concat([Buffer.from(yes('connect')), image(Buffer.from('ffd8ff', 'hex'))])),
    ],
    [
      'sends rubbish as a picture',
      'protocol',
      (socket) => socket.write(Buffer.concat([Buffer.from(yes('connect')), image(Buffer.alloc(64, 9))])),
    ],
  ])('%s: %s', async (_what, code, behave) => {
    const { port } = await recorder(behave);
    const error: unknown = await watch(target(port)).run.catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'ImageServerError', code });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/127\.0\.0\.1|secret/);
  });

  it('is let in over TLS only with a certificate of the authority it was told to trust', async () => {
    const server = createTlsServer({ cert: certificate, key: certificateKey }, (socket) => {
      socket.on('error', () => undefined);
      socket.write(yes('connect').replace('yes', 'no'));
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const secure = { ...target((server.address() as AddressInfo).port), tls: true };
    await expect(watch(secure).run).rejects.toMatchObject({ code: 'unreachable' });
    // Refused by the recorder's own words: the handshake before them went well.
    await expect(watch({ ...secure, ca: certificate }).run).rejects.toMatchObject({ code: 'refused' });
  });

  it('is not there: unreachable', async () => {
    const { port, server } = await recorder(() => undefined);
    server.close();
    await once(server, 'close');
    await expect(watch(target(port)).run).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('sends the fresh token that came while the old one was on its way', async () => {
    const said = Promise.withResolvers<string>();
    let heard = '';
    const { port } = await recorder((socket) => {
      socket.on('data', (chunk) => {
        heard += chunk.toString();
        if (heard.includes('<methodname>connectupdate')) said.resolve(heard);
        else if (heard.includes('<methodname>connect<')) setTimeout(() => socket.write(yes('connect')), 20);
      });
    });
    const watched = watch(target(port));
    await expect.poll(() => heard).toContain('TOKEN#secret');
    watched.live.renew('TOKEN#fresh');
    expect(await said.promise).toMatch(/connectupdate.*connectiontoken=TOKEN#fresh/);
  });
});
