import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { FaultProxy, type Place } from './proxy.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
const loopback = '127.0.0.1';
const anyPort: Place = { host: loopback, port: 0 };

function proxyWith(random?: () => number): FaultProxy {
  const proxy = new FaultProxy(random);
  ends.push(() => proxy.close());
  return proxy;
}

/** Datagrams sent to it come back. */
async function udpEcho(): Promise<Place> {
  const socket = createSocket('udp4');
  socket.on('message', (packet, from) => socket.send(packet, from.port, from.address));
  socket.bind(0, loopback);
  await once(socket, 'listening');
  ends.push(() => socket.close());
  return { host: loopback, port: socket.address().port };
}

function udpClient(to: Place) {
  const socket = createSocket('udp4');
  ends.push(() => socket.close());
  const heard: string[] = [];
  socket.on('message', (packet) => heard.push(packet.toString()));
  return {
    heard,
    send: (text: string) => socket.send(text, to.port, to.host),
    next: () => once(socket, 'message'),
  };
}

async function tcpEcho(): Promise<Place> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.pipe(socket);
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { host: loopback, port: (server.address() as AddressInfo).port };
}

test('datagrams pass both ways while nothing is wrong, and none while UDP is blocked', async () => {
  const proxy = proxyWith();
  const client = udpClient(await proxy.relayUdp(anyPort, await udpEcho()));
  client.send('one');
  await client.next();
  proxy.set({ isUdpBlocked: true });
  client.send('lost');
  await expect.poll(() => proxy.dropped).toBe(1);
  proxy.set({ isUdpBlocked: false });
  client.send('two');
  await client.next();
  expect(client.heard).toEqual(['one', 'two']);
});

test('of datagrams as many are lost as were asked for', async () => {
  let turn = 0;
  // Every other throw lies below one half.
  const proxy = proxyWith(() => (turn++ % 2 === 0 ? 0.9 : 0.1));
  proxy.set({ loss: 0.5 });
  const client = udpClient(await proxy.relayUdp(anyPort, await udpEcho()));
  client.send('kept on the way there, lost on the way back');
  await expect.poll(() => proxy.dropped).toBe(1);
  proxy.set({ loss: 0 });
  client.send('kept');
  await client.next();
  expect(client.heard).toEqual(['kept']);
});

test('a delay keeps a datagram for so long', async () => {
  const proxy = proxyWith();
  proxy.set({ delayMs: 60 });
  const client = udpClient(await proxy.relayUdp(anyPort, await udpEcho()));
  const sentAt = performance.now();
  client.send('late');
  await client.next();
  // Sixty there and sixty back; a timer may fire a millisecond early.
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(118);
});

test('a stalled connection stands still and then delivers everything in order', async () => {
  const proxy = proxyWith();
  const at = await proxy.relayTcp(anyPort, await tcpEcho());
  const client = createConnection(at);
  ends.push(() => client.destroy());
  await once(client, 'connect');
  let heard = '';
  client.setEncoding('utf8').on('data', (text: string) => (heard += text));
  client.write('before ');
  await expect.poll(() => heard).toBe('before ');
  proxy.set({ isStalled: true });
  client.write('during ');
  client.write('the stall');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).toBe('before ');
  proxy.set({ isStalled: false });
  await expect.poll(() => heard).toBe('before during the stall');
});

test('a server that is not there ends the connection, and one that comes later is found', async () => {
  const proxy = proxyWith();
  const echo = await tcpEcho();
  const nobody = await proxy.relayTcp(anyPort, { host: loopback, port: 1 });
  const refused = createConnection(nobody);
  refused.on('error', () => undefined);
  await once(refused, 'close');
  const found = createConnection(await proxy.relayTcp(anyPort, echo));
  ends.push(() => found.destroy());
  found.write('hello');
  const [answer] = (await once(found, 'data')) as [Buffer];
  expect(answer.toString()).toBe('hello');
});

test('a narrow line lets through what it carries, and no more', async () => {
  const proxy = proxyWith();
  const client = udpClient(await proxy.relayUdp(anyPort, await udpEcho()));
  proxy.set({ bitsPerSecond: 80_000 });
  // Two seconds' worth at once: what would wait longer than the line lets anything wait is lost on the way there.
  for (let index = 0; index < 20; index += 1) client.send(String(index).padEnd(1000, '.'));
  await expect.poll(() => proxy.dropped, { timeout: 5000 }).toBeGreaterThan(10);
  const passed = 20 - proxy.dropped;
  await expect.poll(() => client.heard.length, { timeout: 5000 }).toBe(passed);
  expect(client.heard.map((text) => Number.parseInt(text, 10))).toEqual(
    Array.from({ length: passed }, (_, i) => i),
  );
});

test('a connection over a narrow line is late and loses nothing', async () => {
  const proxy = proxyWith();
  const to = await proxy.relayTcp(anyPort, await tcpEcho());
  proxy.set({ bitsPerSecond: 400_000 });
  const socket = createConnection({ ...to });
  ends.push(() => socket.destroy());
  const sent = Buffer.alloc(60_000, 'abcdefghij');
  let heard = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => (heard = Buffer.concat([heard, chunk])));
  const startedAt = performance.now();
  socket.write(sent);
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(sent.length);
  expect(heard.equals(sent)).toBe(true);
  // 480,000 bits at 400,000 a second, less the rounding of timers.
  expect(performance.now() - startedAt).toBeGreaterThan(1100);
});
