import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { acceptSocket, type ServerSocket } from '#mocks/xprotect/events/web-socket.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import { startXProtect, type DemoXProtect } from '#mocks/xprotect/xprotect.ts';
import { obtainAccessToken } from '../access-token.ts';
import { Calls } from '../calls.ts';
import { FreshToken } from '../fresh-token.ts';
import { EventFeed, type FeedPace } from './event-feed.ts';
import { encodeFrame, FrameReader, opcodes } from './web-socket-frames.ts';

const cameras = siteCameras.slice(0, 6);
const quick: FeedPace = { shortestMs: 5, longestMs: 20, absentMs: 60 };

/** A feed on an address, what it heard, and its end. */
function follow(url: string, pace: FeedPace = quick) {
  const calls = new Calls({ ca: undefined, maxSockets: 2 });
  const tokens: string[] = [];
  const accessToken = new FreshToken(async (_previous, signal) => {
    const granted = await obtainAccessToken(
      calls,
      { origin: new URL(url), username: 'u', password: 'p' },
      signal,
    );
    tokens.push(granted.value);
    return granted;
  });
  const warnings: string[] = [];
  const feed = new EventFeed({
    origin: new URL(url),
    ca: undefined,
    accessToken,
    pace,
    log: { warn: (_fields, message) => warnings.push(message) },
  });
  const heard: string[] = [];
  let gaps = 0;
  const ending = new AbortController();
  const ended = feed.run(
    { onEvent: (cameraId) => heard.push(cameraId), onGap: () => (gaps += 1) },
    ending.signal,
  );
  onTestFinished(async () => {
    ending.abort();
    await ended;
    calls.close();
  });
  return { feed, heard, tokens, warnings, gaps: () => gaps, end: () => ending.abort(), ended };
}

async function site(): Promise<DemoXProtect> {
  const xprotect = await startXProtect({ username: 'u', password: 'p', pictures: plainPictures, cameras });
  onTestFinished(() => xprotect.close());
  return xprotect;
}

const moves = (number: number) => ({ number, id: cameras[number - 1]!.id });

describe('the feed of an XProtect', () => {
  it('starts a new session where the gateway has forgotten it, and says that something may have been missed', async () => {
    const xprotect = await site();
    const { feed, gaps } = follow(xprotect.url);
    await expect.poll(() => feed.isConnected).toBe(true);
    xprotect.faults.recycle();
    await expect.poll(gaps).toBe(1);
    await expect.poll(() => feed.isConnected).toBe(true);
    expect(xprotect.eventConnectionCount).toBe(1);
  });

  it('gets in with a fresh token when the old one has died, and stays in when it dies later', async () => {
    const xprotect = await site();
    const { feed, tokens } = follow(xprotect.url);
    await expect.poll(() => feed.isConnected).toBe(true);
    xprotect.faults.expireTokens();
    expect(feed.isConnected).toBe(true);
    xprotect.faults.recycle();
    await expect.poll(() => tokens.length).toBe(2);
    await expect.poll(() => feed.isConnected).toBe(true);
  });

  it('waits for a gateway that has none or that is broken, and says so once', async () => {
    const xprotect = await site();
    xprotect.features.change({ events: false });
    const { feed, warnings } = follow(xprotect.url);
    await expect.poll(() => warnings.length).toBe(1);
    xprotect.features.change({ events: true });
    xprotect.faults.setSurface('events', { failWith: 503 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    xprotect.faults.setSurface('events', {});
    await expect.poll(() => feed.isConnected).toBe(true);
    expect(warnings).toHaveLength(1);
  });

  it('ends with its signal, also in the middle of connecting, and leaves nothing open', async () => {
    const xprotect = await site();
    const { feed, end, ended } = follow(xprotect.url);
    await expect.poll(() => feed.isConnected).toBe(true);
    end();
    await ended;
    await expect.poll(() => xprotect.eventConnectionCount).toBe(0);
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const other = follow(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    other.end();
    await other.ended;
    expect(other.feed.isConnected).toBe(false);
  });
});

/** A gateway whose every word a test decides. */
async function gateway(hear: (socket: ServerSocket, command: Record<string, unknown>) => void) {
  const sockets: ServerSocket[] = [];
  const server: Server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 't', expires_in: 3600, token_type: 'Bearer' }));
  });
  server.on('upgrade', (request, stream: Duplex, head) => {
    const socket = acceptSocket(request, stream, head, {
      onText: (text) => hear(socket, JSON.parse(text) as Record<string, unknown>),
      onEnd: () => undefined,
    });
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.break();
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

const event = (id: string, camera: string) => ({ id, specVersion: '1.0', type: 't', source: camera });

describe('a gateway', () => {
  it('is asked with the last event it told, and what it tells again is heard', async () => {
    const asked: unknown[] = [];
    const { url, sockets } = await gateway((socket, { command, commandId, ...rest }) => {
      asked.push({ command, ...rest });
      const isBack = rest['sessionId'] === 's1';
      socket.send(JSON.stringify({ commandId, status: isBack ? 200 : 201, sessionId: 's1' }));
      if (isBack) socket.send(JSON.stringify({ events: [event('e3', 'cameras/C3')] }));
    });
    const { heard, feed, gaps } = follow(url);
    await expect.poll(() => feed.isConnected).toBe(true);
    sockets[0]!.send(
      JSON.stringify({
        events: [
          event('e1', `cameras/${moves(1).id.toUpperCase()}`),
          { odd: true },
          event('e2', 'hardware/h'),
        ],
      }),
    );
    sockets[0]!.send('no JSON');
    await expect.poll(() => heard).toEqual([moves(1).id]);
    sockets[0]!.break();
    await expect.poll(() => heard).toEqual([moves(1).id, 'c3']);
    expect(asked.at(-1)).toMatchObject({ command: 'startSession', sessionId: 's1', eventId: 'e1' });
    expect(asked.filter((one) => (one as { command: string }).command === 'addSubscription')).toHaveLength(1);
    expect(gaps()).toBe(0);
  });

  it('that says nothing at all is taken for dead', async () => {
    const { url, sockets } = await gateway((socket, { commandId }) => {
      socket.send(JSON.stringify({ commandId, status: 201, sessionId: 's' }));
    });
    const { feed } = follow(url, { ...quick, quietMs: 30 });
    await expect.poll(() => feed.isConnected).toBe(true);
    // A stand-in answers pings by itself; here somebody pulled the plug.
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(sockets).toHaveLength(1);
    sockets[0]!.freeze();
    await expect.poll(() => sockets.length).toBe(2);
  });

  it('that refuses the subscription is asked again', async () => {
    let isWilling = false;
    const { url, sockets } = await gateway((socket, { command, commandId }) => {
      const status = command === 'addSubscription' && !isWilling ? 403 : 200;
      socket.send(JSON.stringify({ commandId, status, sessionId: 's' }));
      if (command === 'addSubscription') isWilling = true;
    });
    const { feed } = follow(url);
    await expect.poll(() => feed.isConnected).toBe(true);
    expect(sockets.length).toBeGreaterThanOrEqual(2);
  });
});

describe('frames', () => {
  const server = (opcode: number, payload: Buffer): Buffer => {
    // Like a client's, without the mask.
    const masked = encodeFrame(opcode, payload);
    const header = payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10;
    const plain = Buffer.concat([masked.subarray(0, header), payload]);
    plain[1] = (plain[1] ?? 0) & 0x7f;
    return plain;
  };

  it.each([1, 2, 3, 7, 1000, 1_000_000])('are the same when they come in pieces of %i', (size) => {
    const payloads = [0, 5, 125, 126, 65_535, 65_536].map((length) => Buffer.alloc(length, length & 0xff));
    const bytes = Buffer.concat(payloads.map((payload) => server(opcodes.text, payload)));
    const reader = new FrameReader();
    const found: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const frames = reader.read(bytes.subarray(at, at + size));
      if (frames === 'broken') throw new Error('broken');
      found.push(...frames.map(({ payload }) => Buffer.from(payload)));
    }
    expect(found.map((one) => one.length)).toEqual(payloads.map((one) => one.length));
    expect(Buffer.concat(found).equals(Buffer.concat(payloads))).toBe(true);
  });

  it('of a client are masked, and are not taken from a server', () => {
    const frame = encodeFrame(opcodes.text, Buffer.from('hello'));
    expect(frame.includes('hello')).toBe(false);
    expect(new FrameReader().read(frame)).toBe('broken');
    const huge = Buffer.from([0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect(new FrameReader().read(huge)).toBe('broken');
  });
});
