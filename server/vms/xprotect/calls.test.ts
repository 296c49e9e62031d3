import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { Calls } from './calls.ts';

const calls = new Calls({ maxSockets: 1 });
const never = new AbortController().signal;
let server: Server;

async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const get = (url: URL, signal = never, timeoutMs = 10_000) =>
  calls.call({ method: 'GET', url, timeoutMs, signal });

it('asks again when the far end dropped a kept connection just as it was taken up', async () => {
  const sockets = new Set<Socket>();
  let isDropping = false;
  const url = await serve((request, response) => {
    sockets.add(request.socket);
    if (isDropping && sockets.size === 1) request.socket.destroy();
    else response.end(String(sockets.size));
  });
  expect(await get(url)).toEqual({ status: 200, body: '1' });
  isDropping = true;
  expect(await get(url)).toEqual({ status: 200, body: '2' });
});

it('does not wait longer than it was told to, also in the middle of an answer', async () => {
  const url = await serve((_request, response) => response.writeHead(200).write('{"array":['));
  const begun = performance.now();
  await expect(get(url, never, 80)).rejects.toMatchObject({
    code: 'unavailable',
    message: 'XProtect did not answer in time',
  });
  expect(performance.now() - begun).toBeLessThan(2000);
});

it('follows no redirect: a token is for one host', async () => {
  const url = await serve((_request, response) =>
    response.writeHead(302, { location: 'http://elsewhere.example/' }).end(),
  );
  expect(await get(url)).toEqual({ status: 302, body: '' });
});

it('calls a connection that breaks off unavailable', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.destroy());
  });
  await expect(get(url)).rejects.toMatchObject({ name: 'VmsError', code: 'unavailable' });
});

it('does not wait for a connection that does not come to stand', async () => {
  const impatient = new Calls({ maxSockets: 1, connectMs: 30 });
  // It takes the connection and says nothing to the greeting of TLS.
  const mute = createTcpServer((socket) => void socket.on('error', () => socket.destroy())).listen(
    0,
    '127.0.0.1',
  );
  onTestFinished(() => void mute.close());
  await once(mute, 'listening');
  const url = new URL(`https://127.0.0.1:${(mute.address() as AddressInfo).port}/`);
  const call = { method: 'GET', url, timeoutMs: 3_600_000, signal: never } as const;
  await expect(impatient.call(call)).rejects.toMatchObject({ code: 'unavailable' });
});
