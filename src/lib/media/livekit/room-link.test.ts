import { describe, expect, it, vi } from 'vitest';
import type { RoomConnectOptions, RoomOptions } from 'livekit-client';
import type { StreamError, StreamErrorCode } from '../media-source.ts';
import { chooseVideo } from './choose-video.ts';
import { retryDelay } from './reconnect-policy.ts';
import {
  LiveKitLink,
  type LinkOptions,
  type ParticipantLike,
  type RoomLike,
  type RoomVideo,
} from './room-link.ts';

/** livekit-client's Room as far as the link sees it; the test says what happens in it. */
class PretendRoom implements RoomLike {
  static made: PretendRoom[] = [];
  readonly options: RoomOptions;
  readonly remoteParticipants = new Map<string, ParticipantLike>();
  readonly connected: { url: string; token: string; options: RoomConnectOptions }[] = [];
  readonly #listeners = new Map<string, ((...said: unknown[]) => void)[]>();
  timesLeft = 0;
  connecting: () => Promise<undefined> = async () => undefined;

  constructor(options: RoomOptions) {
    this.options = options;
    PretendRoom.made.push(this);
  }

  async connect(url: string, token: string, options: RoomConnectOptions): Promise<void> {
    this.connected.push({ url, token, options });
    await this.connecting();
  }

  async disconnect(): Promise<void> {
    this.timesLeft += 1;
    this.say('disconnected', 1);
  }

  on(event: string, listener: (...said: never[]) => void): this {
    const all = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...all, listener as (...said: unknown[]) => void]);
    return this;
  }

  say(event: string, ...said: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...said);
  }

  publish(identity: string, sid: string, kind = 'video') {
    const wishes: boolean[] = [];
    const publication = {
      wishes,
      trackSid: sid,
      kind,
      source: 'camera',
      isDesired: false,
      track: { mediaStreamTrack: {} as MediaStreamTrack },
      setSubscribed: (is: boolean) => {
        wishes.push(is);
        publication.isDesired = is;
      },
    };
    const before = this.remoteParticipants.get(identity)?.trackPublications ?? [];
    this.remoteParticipants.set(identity, {
      identity,
      trackPublications: new Map([...before, [sid, publication]]),
    });
    return publication;
  }
}

const never = new AbortController().signal;

function stage(options: LinkOptions = {}) {
  const link = new LiveKitLink(PretendRoom, { userAgent: 'Chrome/140', ...options });
  const room = PretendRoom.made.at(-1)!;
  const lost: StreamError[] = [];
  link.lost = (reason) => lost.push(reason);
  return { link, room, lost, join: (signal = never) => link.join('wss://rooms.test', 'a token', signal) };
}

describe('joining', () => {
  it('subscribes to nothing by itself, and says so where it counts', async () => {
    const { room, join } = stage();
    await join();
    expect(room.connected).toMatchObject([
      { url: 'wss://rooms.test', token: 'a token', options: { autoSubscribe: false } },
    ]);
    // There the word would be ignored, and the whole room sent.
    expect(room.options).not.toHaveProperty('autoSubscribe');
  });

  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', false, 2],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36', true, 1],
  ])('%s: one connection for both directions: %s', async (userAgent, expected, peers) => {
    const countPeer = vi.fn();
    const { room, join } = stage({ userAgent, countPeer });
    await join();
    expect([room.options.singlePeerConnection, countPeer.mock.calls.length]).toEqual([expected, peers]);
  });

  it('gives up on a server that leaves it asking for ever', async () => {
    const { room, join } = stage({ timeoutMs: 20 });
    room.connecting = () => new Promise(() => undefined);
    await expect(join()).rejects.toMatchObject({ code: 'unreachable' });
    expect(room.timesLeft).toBe(1);
  });

  it('that was given up keeps its Room from another until nothing of it can come any more', async () => {
    const { link, room, join } = stage({ timeoutMs: 20, restMs: 60 });
    room.connecting = () => new Promise(() => undefined);
    await expect(join()).rejects.toMatchObject({ code: 'unreachable' });
    const left = vi.fn();
    const leaving = link.leave().then(left);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(left).not.toHaveBeenCalled();
    await leaving;
    // What came of it after all was left too.
    expect(room.timesLeft).toBe(3);
  });

  it('that was refused leaves its Room free for another at once', async () => {
    const { link, room, join } = stage({ restMs: 60_000 });
    room.connecting = () => Promise.reject(new Error('refused'));
    await expect(join()).rejects.toMatchObject({ code: 'unreachable' });
    await link.leave();
    room.connecting = async () => undefined;
    await join();
    expect(room.connected).toHaveLength(2);
  });

  it('ends with who asked for it', async () => {
    const { room, join, lost } = stage();
    room.connecting = () => new Promise(() => undefined);
    const given = new Error('given up');
    const leaving = new AbortController();
    const refused = expect(join(leaving.signal)).rejects.toBe(given);
    leaving.abort(given);
    await refused;
    expect([room.timesLeft, lost]).toEqual([1, []]);
    await expect(stage().join(AbortSignal.abort(given))).rejects.toBe(given);
  });

  it.each<[string, unknown, StreamErrorCode]>([
    ['is not there', { reason: 0, status: 404 }, 'camera-offline'],
    ['takes no such token', { reason: 0, status: 401 }, 'protocol'],
    ['is at a server that is down', { reason: 1 }, 'unreachable'],
    ['is at a server that is full', { reason: 6 }, 'unreachable'],
    ['would need one connection too many', new Error('Cannot create so many PeerConnections'), 'exhausted'],
    ['breaks in a way nobody knows', 'what', 'unreachable'],
  ])('a room that %s', async (_what, cause, code) => {
    const { room, join, lost } = stage();
    room.connecting = () => {
      // Said before `connect` rejects: one failure is not two.
      room.say('disconnected', 7);
      const { promise, reject } = Promise.withResolvers<undefined>();
      reject(cause);
      return promise;
    };
    await expect(join()).rejects.toMatchObject({ name: 'StreamError', code });
    expect(lost).toEqual([]);
  });
});

describe('a joined room', () => {
  it.each<[string, number | undefined, StreamErrorCode]>([
    ['by the browser, which froze the page', 1, 'unreachable'],
    ['for another of the same name', 2, 'protocol'],
    ['because the server is stopped', 3, 'unreachable'],
    ['because we were thrown out', 4, 'reservation-ended'],
    ['because it was deleted', 5, 'reservation-ended'],
    ['because it was moved', 8, 'unreachable'],
    ['because nobody is in it', 10, 'camera-offline'],
    ['for no reason', undefined, 'unreachable'],
  ])('that is left %s', async (_what, reason, code) => {
    const { room, join, lost } = stage();
    await join();
    room.say('disconnected', reason);
    room.say('disconnected', reason);
    expect(lost).toMatchObject([{ name: 'StreamError', code }]);
    expect(lost[0]?.isTransient).toBe(true);
  });

  it('that we leave ourselves is not lost', async () => {
    const { link, join, lost } = stage();
    await join();
    await link.leave();
    await link.leave();
    expect(lost).toEqual([]);
  });

  it('says what is published in it, and subscribes to what is wanted, once', async () => {
    const { link, room, join } = stage();
    await join();
    const publication = room.publish('camera 1', 'T1');
    room.publish('camera 1', 'T2', 'audio');
    const changed = vi.fn();
    link.changed = changed;
    room.say('trackPublished');
    expect(changed).toHaveBeenCalledTimes(1);
    expect(link.videos).toMatchObject([
      { publisher: 'camera 1', sid: 'T1', source: 'camera', track: undefined },
    ]);
    link.videos[0]?.want(true);
    link.videos[0]?.want(true);
    expect(publication.wishes).toEqual([true]);
    expect(link.videos[0]?.track).toBe(publication.track);
    link.videos[0]?.want(false);
    expect(link.videos[0]?.track).toBeUndefined();
  });

  it.each<[number, StreamErrorCode]>([
    [1, 'codec-unsupported'],
    [2, 'camera-offline'],
    [0, 'protocol'],
  ])('remembers why a subscription failed (%i), until it is asked for again', async (reason, code) => {
    const { link, room, join } = stage();
    await join();
    room.publish('camera 1', 'T1');
    link.videos[0]?.want(true);
    room.say('trackSubscriptionFailed', 'T1', {}, reason);
    expect(link.videos[0]?.failure).toMatchObject({ code });
    link.videos[0]?.want(false);
    link.videos[0]?.want(true);
    expect(link.videos[0]?.failure).toBeUndefined();
  });
});

describe('reconnecting', () => {
  it('waits at random under a ceiling that doubles, and gives up', () => {
    const most = (retryCount: number, elapsedMs = 0) => retryDelay({ retryCount, elapsedMs }, () => 1);
    expect([0, 1, 2, 3, 4, 5, 6].map((n) => most(n))).toEqual([250, 500, 1000, 2000, 4000, 4000, null]);
    expect([most(2, 14_999), most(2, 15_000)]).toEqual([1000, null]);
    expect(retryDelay({ retryCount: 3, elapsedMs: 0 }, () => 0)).toBe(0);
  });
});

describe('the video of a room', () => {
  const video = (publisher: string, sid: string, source = 'camera') =>
    ({ publisher, sid, source }) as RoomVideo;
  it.each<[string, RoomVideo[], string | undefined, string | undefined]>([
    ['is the named publisher’s', [video('a', '1'), video('b', '2')], 'b', '2'],
    ['is the only one', [video('a', '1')], undefined, '1'],
    ['is nobody’s where two might be meant', [video('a', '1'), video('b', '2')], undefined, undefined],
    ['is what was published last', [video('a', '1'), video('a', '2')], 'a', '2'],
    ['is a camera’s before a screen’s', [video('a', '1'), video('a', '2', 'screen_share')], 'a', '1'],
    ['is not there', [], 'a', undefined],
  ])('%s', (_what, videos, publisher, expected) => {
    expect(chooseVideo(videos, publisher)?.sid).toBe(expected);
  });
});
