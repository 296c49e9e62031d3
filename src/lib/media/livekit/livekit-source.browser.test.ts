import { afterEach, describe, expect, it } from 'vitest';
import { StreamError, type MediaSession } from '../media-source.ts';
import type { LiveKitOptions } from './livekit-session.ts';
import { LiveKitSource } from './livekit-source.ts';
import { RoomPool } from './room-pool.ts';
import { PretendRooms } from './testing/pretend-rooms.ts';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

const soon = () => AbortSignal.timeout(10_000);

function stage(options: Omit<LiveKitOptions, 'rooms' | 'fetch'> & { lingerMs?: number } = {}) {
  const server = new PretendRooms();
  const { lingerMs = 60, ...rest } = options;
  const rooms = new RoomPool({ makeLink: server.makeLink, lingerMs });
  const sourceOf = (camera: string) =>
    new LiveKitSource(`/api/livekit/${camera}`, { rooms, fetch: server.fetch, ...rest });
  cleanups.push(() => {
    rooms.close();
    server.close();
  });
  const open = async (camera = '1', signal = soon()): Promise<MediaSession> => {
    const session = await sourceOf(camera).open(signal);
    cleanups.unshift(() => session.close());
    return session;
  };
  return { server, rooms, open };
}

function element(): HTMLVideoElement {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  document.body.append(video);
  cleanups.push(() => video.remove());
  return video;
}

const nextPicture = (video: HTMLVideoElement): Promise<number> =>
  new Promise((resolve) => video.requestVideoFrameCallback((_, frame) => resolve(frame.width)));

/** Shows the session; resolves with the width of the next picture. */
function picture(session: MediaSession, video = element()): Promise<number> {
  cleanups.push(session.attach(video));
  return nextPicture(video);
}

describe('pictures by LiveKit', () => {
  it('are those of the publisher that the ticket names, and nobody else’s are sent', async () => {
    const { server, open } = stage();
    server.publish('camera 2');
    server.quirks.publisher = 'camera 2';
    const session = await open();
    expect(await picture(session)).toBe(320);
    expect([session.way, session.hasConnected, server.subscriptions]).toEqual(['livekit', true, ['T2']]);
    expect(session.captureTimeOf(element())).toBeUndefined();
    expect(await session.vitals()).toMatchObject({ framesDecoded: 9, bytesReceived: 5000 });
  });

  it('are those of the only publisher where none is named', async () => {
    const { server, open } = stage();
    server.quirks.publisher = undefined;
    expect(await picture(await open())).toBe(320);
  });

  it('come with a ticket of their own for each opening, used at once', async () => {
    const { server, open } = stage({ lingerMs: 0 });
    (await open()).close();
    await expect.poll(() => server.joined.length).toBe(0);
    (await open()).close();
    expect(server.tickets).toEqual(['POST token 1', 'POST token 2']);
    expect(server.links.flatMap(({ tokens }) => tokens)).toEqual(['token 1', 'token 2']);
  });

  it.each([
    [401, 'signed-out'],
    [403, 'not-permitted'],
    [410, 'reservation-ended'],
    [503, 'overloaded'],
  ])('are refused with %i as %s', async (status, code) => {
    const { server, open } = stage();
    server.quirks.ticket = () => new Response(null, { status });
    await expect(open()).rejects.toMatchObject({ name: 'StreamError', code });
    expect(server.links).toEqual([]);
  });

  it('are not asked for with a ticket that is not as agreed; what is in it is told nobody', async () => {
    const { server, open } = stage();
    server.quirks.ticket = () => Response.json({ url: 'wss://rooms.test', token: 'secret' });
    const error = await open().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'protocol' });
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain('secret');
  });

  it('wait for a publisher that is only starting', async () => {
    const { server, open } = stage();
    server.unpublish('camera 1');
    const opening = open();
    await expect.poll(() => server.joined.length).toBe(1);
    server.publish('camera 1');
    expect(await picture(await opening)).toBe(320);
  });

  it('are not there where nobody comes to publish', async () => {
    const { server, rooms, open } = stage({ patience: { publisherMs: 30 }, lingerMs: 0 });
    server.unpublish('camera 1');
    await expect(open()).rejects.toMatchObject({ code: 'camera-offline' });
    await expect.poll(() => rooms.size).toBe(0);
  });

  it('cannot be had in a codec that the browser lacks', async () => {
    const { server, open } = stage();
    server.published[0]!.failure = new StreamError('codec-unsupported', 'H.265');
    await expect(open()).rejects.toMatchObject({ code: 'codec-unsupported' });
  });
});

describe('a camera that is shown twice', () => {
  it('is one room and one subscription, for as long as either is open', async () => {
    const { server, rooms, open } = stage({ lingerMs: 0 });
    const [first, second] = await Promise.all([open(), open()]);
    expect(await Promise.all([picture(first), picture(second)])).toEqual([320, 320]);
    expect([server.joined.length, server.subscriptions]).toEqual([1, ['T1']]);
    first.close();
    first.close();
    expect(server.subscriptions).toEqual(['T1']);
    second.close();
    expect(server.subscriptions).toEqual([]);
    await expect.poll(() => [rooms.size, server.joined.length]).toEqual([0, 0]);
  });

  it('is let in for the second though the first gave up meanwhile', async () => {
    const { server, open } = stage();
    const held = Promise.withResolvers<undefined>();
    server.quirks.joinHeld = held.promise;
    const leaving = new AbortController();
    const refused = expect(open('1', leaving.signal)).rejects.toBe('given up');
    await expect.poll(() => server.links.length).toBe(1);
    const second = open();
    // It has come to the door by then: what it needs is loaded.
    await new Promise((resolve) => setTimeout(resolve, 50));
    leaving.abort('given up');
    await refused;
    held.resolve(undefined);
    expect(await picture(await second)).toBe(320);
    expect([server.links.length, server.tickets]).toEqual([1, ['POST token 1']]);
  });

  it('needs no ticket for the second while the first is in the room', async () => {
    const { server, open } = stage();
    await open();
    server.quirks.ticket = () => new Response(null, { status: 503 });
    expect(await picture(await open())).toBe(320);
  });
});

describe('a room', () => {
  it('is given up when the only one who waits for it does', async () => {
    const { server, rooms, open } = stage();
    server.quirks.joinHeld = new Promise(() => undefined);
    const leaving = new AbortController();
    const refused = expect(open('1', leaving.signal)).rejects.toBe('given up');
    await expect.poll(() => server.links.length).toBe(1);
    leaving.abort('given up');
    await refused;
    expect([server.links[0]?.joinSignal?.aborted, rooms.size]).toEqual([true, 0]);
  });

  it('that lets nobody in says why, and is tried anew the next time', async () => {
    const { server, open } = stage();
    server.quirks.joinFails = new StreamError('camera-offline', 'There is no such room');
    await expect(open()).rejects.toMatchObject({ code: 'camera-offline' });
    delete server.quirks.joinFails;
    expect(await picture(await open())).toBe(320);
    // livekit-client keeps hold of every Room ever made: the one that failed is used again.
    expect(server.links).toHaveLength(1);
  });

  it('that is given up while it lets in leaves its link for the next', async () => {
    const { server, open } = stage();
    const held = Promise.withResolvers<undefined>();
    server.quirks.joinHeld = held.promise;
    const leaving = new AbortController();
    const refused = expect(open('1', leaving.signal)).rejects.toBe('given up');
    await expect.poll(() => server.links.length).toBe(1);
    leaving.abort('given up');
    await refused;
    delete server.quirks.joinHeld;
    expect(await picture(await open('2'))).toBe(320);
    expect([server.links.length, server.joined.length]).toEqual([1, 1]);
  });

  it('is kept for a moment after the last, and its link for the next room', async () => {
    const { server, open } = stage({ lingerMs: 40 });
    (await open('1')).close();
    (await open('1')).close();
    expect(server.links[0]?.tokens).toEqual(['token 1']);
    await expect.poll(() => server.joined.length).toBe(0);
    (await open('2')).close();
    expect(server.links).toHaveLength(1);
    expect(server.links[0]?.tokens).toEqual(['token 1', 'token 2']);
  });

  it('of two reservations is two connections, and each ends with its own', async () => {
    const { server, open } = stage({ lingerMs: 0 });
    // The two streams of one camera.
    server.quirks.room = 'camera_1';
    server.publish('camera 2');
    server.quirks.publisherOf = (reservation) => `camera ${reservation}`;
    const [small, full] = [await open('1'), await open('2')];
    expect(await Promise.all([picture(small), picture(full)])).toEqual([320, 320]);
    expect(server.links.map(({ tokens, wishes }) => [tokens, wishes])).toEqual([
      [['token 1'], ['+T1']],
      [['token 2'], ['+T2']],
    ]);
    // What the server does when the first reservation is let go.
    server.links[0]?.lost(new StreamError('reservation-ended', 'removed'));
    await expect(small.ended).rejects.toMatchObject({ code: 'reservation-ended' });
    expect(await picture(full)).toBe(320);
  });

  it('is another one for another camera', async () => {
    const { server, open } = stage();
    await Promise.all([open('1'), open('2')]);
    expect(server.joined).toHaveLength(2);
  });

  it('that is lost breaks everybody’s pictures, and is not asked again', async () => {
    const { server, rooms, open } = stage();
    const [first, second] = await Promise.all([open(), open()]);
    server.links[0]?.lost(new StreamError('unreachable', 'gone'));
    await expect(first.ended).rejects.toMatchObject({ code: 'unreachable' });
    await expect(second.ended).rejects.toMatchObject({ code: 'unreachable' });
    await expect.poll(() => rooms.size).toBe(0);
    expect(await picture(await open())).toBe(320);
  });
});

describe('a session', () => {
  it('goes on in its element when everything is published anew, as after a full reconnect', async () => {
    const { server, open } = stage();
    const session = await open();
    const video = element();
    await picture(session, video);
    server.reconnect();
    await expect.poll(() => server.subscriptions).toEqual(['T2']);
    const [track] = (video.srcObject as MediaStream).getTracks();
    expect(track?.id).toBe(server.links[0]?.tracks.get('T2')?.mediaStreamTrack.id);
    expect(await nextPicture(video)).toBe(320);
  });

  it('outlasts a publisher that comes back, and ends with one that does not', async () => {
    const { server, open } = stage({ patience: { publisherMs: 150 } });
    const session = await open();
    const video = element();
    await picture(session, video);
    server.unpublish('camera 1');
    server.publish('camera 1');
    expect(await nextPicture(video)).toBe(320);
    server.unpublish('camera 1');
    await expect(session.ended).rejects.toMatchObject({ code: 'camera-offline' });
  });

  it.each([
    ['no picture comes at all', 0, 'unreachable'],
    ['pictures come that cannot be decoded', 500_000, 'codec-unsupported'],
  ])('subscribes anew when %s, and then gives up', async (_what, bytesReceived, code) => {
    const { server, open } = stage({ patience: { firstFrameMs: 40 } });
    server.quirks.stats = { framesDecoded: 0, bytesReceived };
    const session = await open();
    await expect(session.ended).rejects.toMatchObject({ code });
    expect(server.links[0]?.wishes).toEqual(['+T1', '-T1', '+T1', '-T1']);
  });

  it('that shows pictures is left alone', async () => {
    const { server, open } = stage({ patience: { firstFrameMs: 20 } });
    await open();
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(server.links[0]?.wishes).toEqual(['+T1']);
  });

  it('is in one element at a time, and leaves it empty', async () => {
    const { open } = stage();
    const session = await open();
    const [first, second] = [element(), element()];
    const detach = session.attach(first);
    cleanups.push(session.attach(second));
    expect([first.srcObject, second.srcObject instanceof MediaStream]).toEqual([null, true]);
    detach();
    expect(second.srcObject).not.toBeNull();
    session.close();
    expect(second.srcObject).toBeNull();
    await session.ended;
    expect(await session.vitals()).toBeUndefined();
  });
});
