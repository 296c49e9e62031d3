import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { certificate, certificateKey } from '../testing/certificate.ts';
import { ChannelLost, ConnectRefused, ImageChannel } from './image-channel.ts';

const never = new AbortController().signal;
const kind = { deviceId: '7a1f0d52-4f7f-4f2d-8f8e-1a1d8c4a9b11' };
const yes =
  '<methodresponse><requestid>1</requestid><methodname>connect</methodname><connected>yes</connected></methodresponse>\r\n\r\n';
const no = (reason: string) =>
  `<methodresponse><requestid>1</requestid><methodname>connect</methodname><connected>no</connected><errorreason>${reason}</errorreason></methodresponse>\r\n\r\n`;
const picture = (id: string, headers = 'Current: 1000\r\nPrev: 960\r\nNext: 1040\r\n') =>
  `ImageResponse\r\nRequestId: ${id}\r\nContent-length: 5\r\n${headers}\r\nabcde\r\n\r\n`;

/** A recorder that answers each request with what `script` makes of it; undefined is silence. */
async function recorder(
  script: (request: string, id: string, socket: Socket) => string | undefined,
  isSecure = false,
): Promise<URL> {
  const sockets = new Set<Socket>();
  const meet = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        const answer = script(request, /<requestid>(\d+)/.exec(request)?.[1] ?? '', socket);
        if (answer !== undefined) socket.write(answer);
      }
    });
  };
  const server = isSecure
    ? createSecureServer({ cert: certificate, key: certificateKey }, meet)
    : createServer(meet);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return new URL(`${isSecure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

async function open(url: URL, options: { ca?: string; jpegWidth?: number } = {}): Promise<ImageChannel> {
  const { ca, ...wish } = options;
  const channel = await ImageChannel.open(
    url,
    { ...kind, ...wish },
    { token: 'TOKEN#a&b', ca, connectMs: 5000 },
    never,
  );
  onTestFinished(() => channel.destroy());
  return channel;
}
const goTo = { method: 'goto', timeMs: 1000.7, keyframe: true } as const;

it('says what it is for, asks in whole milliseconds, and reads the neighbours', async () => {
  const heard: string[] = [];
  const url = await recorder((request, id) => {
    heard.push(request);
    if (request.includes('>connectupdate<')) return yes.replace('>connect<', '>connectupdate<');
    return request.includes('>connect<') ? yes : picture(id);
  });
  const channel = await open(url, { jpegWidth: 320 });
  expect(await channel.ask(goTo)).toEqual({
    timeMs: 1000,
    previousMs: 960,
    nextMs: 1040,
    data: Buffer.from('abcde'),
  });
  expect(heard[0]).toContain('<width>320</width>');
  expect(heard[0]).toContain('<alwaysstdjpeg>yes</alwaysstdjpeg>');
  expect(heard[0]).toContain('connectiontoken=TOKEN#a&amp;b');
  expect(heard[1]).toContain('<time>1000</time>');
  expect(heard[1]).toContain('<keyframesonly>yes</keyframesonly>');
  channel.renew('TOKEN#new');
  channel.renew('TOKEN#new');
  await channel.ask({ method: 'next' });
  expect(heard.filter((request) => request.includes('connectupdate'))).toHaveLength(1);
});

it('takes missing neighbours and ones like the picture itself for none', async () => {
  const answers = ['Current: 1000\r\n', 'Current: 1000\r\nPrev: 1000\r\nNext: 0\r\n'];
  const url = await recorder((request, id) =>
    request.includes('>connect<') ? yes : picture(id, answers.shift()),
  );
  const channel = await open(url);
  for (let i = 0; i < 2; i++)
    expect(await channel.ask(goTo)).toMatchObject({ previousMs: undefined, nextMs: undefined });
});

it('knows three ways to say that there is no picture', async () => {
  const answers = (id: string) => [
    `ImageResponse\r\nRequestId: ${id}\r\n\r\n`,
    `ImageResponse\r\nRequestId: ${id}\r\nContent-length: 0\r\n\r\n\r\n\r\n`,
    `<methodresponse><requestid>${id}</requestid><methodname>next</methodname><errorreason>No image</errorreason></methodresponse>\r\n\r\n`,
  ];
  let turn = 0;
  const url = await recorder((request, id) =>
    request.includes('>connect<') ? yes : answers(id)[turn++ % 3],
  );
  const channel = await open(url);
  for (let i = 0; i < 6; i++) expect((await channel.ask({ method: 'next' })).data).toBeUndefined();
});

it('goes over TLS with the certificates of the site, and not without', async () => {
  const url = await recorder((request, id) => (request.includes('>connect<') ? yes : picture(id)), true);
  expect((await (await open(url, { ca: certificate })).ask(goTo)).timeMs).toBe(1000);
  await expect(open(url)).rejects.toMatchObject({ code: 'refused' });
});

it('tells a refusal with its reason, and a recorder that is not there', async () => {
  const url = await recorder(() => no('Camera not found'));
  const refusal = await open(url).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ConnectRefused);
  expect(refusal).toMatchObject({ reason: 'Camera not found' });
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const port = (gone.address() as AddressInfo).port;
  gone.close();
  await once(gone, 'close');
  const error = await open(new URL(`http://127.0.0.1:${port}/`)).catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ name: 'VmsError', code: 'unavailable' });
  expect((error as Error).message).not.toContain('127.0.0.1');
});

it.each([
  ['an answer to something else', () => picture('99')],
  ['an answer too many', (id: string) => picture(id) + picture(id)],
  ['what is not ImageServer', () => 'HTTP/1.1 400 Bad Request\r\n\r\n'],
])('hangs up on %s, and answers no question with it', async (_what, answer) => {
  const url = await recorder((request, id) => (request.includes('>connect<') ? yes : answer(id)));
  const channel = await open(url);
  const replies = await Promise.allSettled([channel.ask(goTo), channel.ask({ method: 'next' })]);
  expect(replies[1]).toMatchObject({ status: 'rejected', reason: { code: 'unexpected-answer' } });
  expect(channel.isOpen).toBe(false);
  await expect(channel.ask(goTo)).rejects.toMatchObject({ name: 'VmsError' });
});

it('fails every question when the connection ends, and is drained then', async () => {
  const url = await recorder((request, _id, socket) => {
    if (request.includes('>connect<')) return yes;
    socket.destroy();
    return undefined;
  });
  const channel = await open(url);
  const replies = Promise.allSettled([channel.ask(goTo), channel.ask({ method: 'next' })]);
  await channel.drained();
  for (const reply of await replies)
    expect(reply).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
});

it('gives up connecting when nobody wants it any more', async () => {
  const url = await recorder(() => undefined);
  const opening = ImageChannel.open(
    url,
    kind,
    { token: 't', ca: undefined, connectMs: 5000 },
    AbortSignal.timeout(30),
  );
  await expect(opening).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('counts a recorder that does not answer the connection as gone', async () => {
  for (const isSecure of [false, true]) {
    const url = await recorder(() => undefined, isSecure);
    const opening = ImageChannel.open(url, kind, { token: 't', ca: certificate, connectMs: 30 }, never);
    await expect(opening).rejects.toBeInstanceOf(ChannelLost);
  }
});
