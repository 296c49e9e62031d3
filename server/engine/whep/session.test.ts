import { PeerConnection, type Track, Video } from 'node-datachannel';
import { afterAll, beforeAll, describe, expect, it, type Mock, onTestFinished, vi } from 'vitest';
import type { CodecName } from '../h26x/codec.ts';
import { readRtp } from '../rtp/packet.ts';
import type { Input, InputEvents } from '../source/input.ts';
import { defaultTimes, Path } from '../source/path.ts';
import { readOffer } from '../webrtc/offer.ts';
import { takeMediaPort, type MediaPort } from '../webrtc/port.ts';
import { chromiumOffer } from '../testing/offers.ts';
import { openSession, type Session } from './session.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const pictures: Record<
  CodecName,
  { keyframe: Buffer[]; next: Buffer[]; offer: (video: Video) => void; types: number[] }
> = {
  H264: {
    keyframe: ['6742c01eda0280bfe5c044000003000400000300c83c58ba80', '68ce0fc8', '6588843a0c6001c1'].map(hex),
    next: [hex('419a22bc3d0a54ee')],
    offer: (video) => {
      video.addH264Codec(96, 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1');
    },
    types: [24, 5, 1],
  },
  H265: {
    keyframe: [
      '40010c01ffff016000000300900000030000030078ba0240',
      '420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321',
      '4401c073c189',
      '2801ac742e314d4f2233',
    ].map(hex),
    next: [hex('0201d0097883a088')],
    offer: (video) => {
      video.addH265Codec(96);
    },
    types: [48, 20, 1],
  },
};

let media: MediaPort;
beforeAll(async () => {
  media = await takeMediaPort(0, '127.0.0.1');
});
afterAll(() => {
  media.close();
});

/** A path whose pictures the test sends itself. */
function camera(codec: CodecName = 'H264') {
  let events: InputEvents | undefined;
  const input: Input = {
    run: async (given, signal) => {
      events = given;
      given.described(codec, []);
      const { promise, resolve } = Promise.withResolvers<undefined>();
      signal.addEventListener('abort', () => {
        resolve(undefined);
      });
      await promise;
    },
    renew: () => undefined,
  };
  const quiet = {
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    debug: () => undefined,
  };
  const path = new Path({
    name: 'a/sub',
    source: { type: 'rtsp', source: 'rtsp://127.0.0.1/' },
    mtu: 1200,
    log: quiet as never,
    makeInput: () => input,
    // Pictures are sent by hand here, and a viewer on a busy machine takes its time.
    times: { ...defaultTimes, freshMs: 60_000 },
  });
  onTestFinished(() => {
    path.close();
  });
  let time = 0;
  return { path, show: (units: readonly Buffer[]) => events?.accessUnit(units, (time += 3600)) };
}

/** A viewer that is not a browser, but has a full WebRTC stack. */
interface Viewer {
  readonly session: Session;
  readonly ended: Mock<(session: Session) => void>;
  readonly connection: PeerConnection;
  readonly track: Track;
  readonly rtp: () => Buffer[];
  readonly reports: () => Buffer[];
  readonly atLeast: (count: number) => Promise<void>;
}
async function view(path: Path, codec: CodecName = 'H264', tries = 2): Promise<Viewer> {
  const connection = new PeerConnection('viewer', { iceServers: [] });
  const video = new Video('0', 'RecvOnly');
  pictures[codec].offer(video);
  const track = connection.addTrack(video);
  const received: Buffer[] = [];
  track.onMessage((packet) => received.push(Buffer.from(packet)));
  const gathered = Promise.withResolvers<undefined>();
  connection.onGatheringStateChange((state) => {
    if (state === 'complete') gathered.resolve(undefined);
  });
  connection.setLocalDescription();
  await gathered.promise;
  onTestFinished(() => {
    connection.close();
  });
  const ended = vi.fn<(session: Session) => void>();
  const session = await openSession(
    readOffer(connection.localDescription()?.sdp ?? ''),
    path,
    codec,
    { media, advertised: ['127.0.0.1'], tcpPort: undefined },
    ended,
  );
  onTestFinished(() => {
    session.close();
  });
  try {
    // Told the end before the candidates, libdatachannel may give up between the two.
    connection.setRemoteDescription(session.answer.replace('a=end-of-candidates\r\n', ''), 'answer');
  } catch (cause) {
    // Its own thread may still do so on a busy machine. The viewer here is a tool of the test: it comes again.
    if (tries > 0 && String(cause).includes('without ICE transport')) return view(path, codec, tries - 1);
    throw cause;
  }
  const rtp = (): Buffer[] => received.filter((packet) => ((packet[1] ?? 0) & 0x7f) === 96);
  return {
    session,
    ended,
    connection,
    track,
    rtp,
    reports: () => received.filter((packet) => packet[1] === 200),
    atLeast: (count: number) =>
      expect.poll(() => rtp().length, { timeout: 4000, interval: 10 }).toBeGreaterThanOrEqual(count),
  };
}
const feedback = (type: number, count: number, ssrc: number, ...words: number[]): Buffer => {
  const out = Buffer.alloc(12 + words.length * 4);
  out.writeUInt32BE((((0x80 | count) << 24) | (type << 16) | (2 + words.length)) >>> 0, 0);
  out.writeUInt32BE(1, 4);
  out.writeUInt32BE(ssrc, 8);
  words.forEach((word, i) => out.writeUInt32BE(word >>> 0, 12 + i * 4));
  return out;
};

describe('a session', () => {
  it.each(['H264', 'H265'] as const)(
    'brings %s, keyframe first, to a viewer that came later',
    async (codec) => {
      const { path, show } = camera(codec);
      show(pictures[codec].keyframe);
      show(pictures[codec].next);
      const viewer = await view(path, codec);
      expect(viewer.session.answer).toContain(`a=rtpmap:96 ${codec}/90000`);
      await viewer.atLeast(3);
      const headers = viewer.rtp().map(readRtp);
      const types = viewer.rtp().map((packet, i) => {
        const first = packet[headers[i]?.start ?? 0] ?? 0;
        return codec === 'H264' ? first & 0x1f : (first >> 1) & 0x3f;
      });
      expect(types).toEqual(pictures[codec].types);
      expect(headers.map((header) => header?.marker)).toEqual([false, true, true]);
      const sequences = headers.map((header) => header?.sequence ?? 0);
      expect(sequences).toEqual([0, 1, 2].map((i) => ((sequences[0] ?? 0) + i) & 0xffff));
      await expect.poll(() => viewer.reports().length).toBeGreaterThan(0);
      expect(viewer.session.isConnected).toBe(true);
    },
  );

  it('sends again what the viewer says it has lost, and the GOP when it cannot decode', async () => {
    const { path, show } = camera();
    show(pictures.H264.keyframe);
    show(pictures.H264.next);
    const viewer = await view(path);
    await viewer.atLeast(3);
    const second = viewer.rtp()[1] ?? Buffer.alloc(12);
    const { ssrc, sequence } = readRtp(second) ?? { ssrc: 0, sequence: 0 };
    // That it was not really lost its SRTP knows, and drops the copy: only the sender tells.
    viewer.track.sendMessageBinary(feedback(205, 1, ssrc, sequence << 16));
    await expect.poll(() => viewer.session.counters).toMatchObject({ packets: 3, resent: 1 });
    viewer.track.sendMessageBinary(feedback(206, 1, ssrc));
    await viewer.atLeast(6);
    expect(
      viewer
        .rtp()
        .slice(3)
        .map((packet) => (packet[12] ?? 0) & 0x1f),
    ).toEqual(pictures.H264.types);
  });

  it('ends when a viewer that used to report has fallen silent', async () => {
    const { path, show } = camera();
    show(pictures.H264.keyframe);
    const viewer = await view(path);
    await viewer.atLeast(2);
    const { ssrc } = readRtp(viewer.rtp()[0] ?? Buffer.alloc(12)) ?? { ssrc: 0 };
    viewer.track.sendMessageBinary(feedback(206, 1, ssrc));
    await viewer.atLeast(4);
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 14_000);
    onTestFinished(() => {
      clock.mockRestore();
    });
    viewer.session.report();
    expect(viewer.ended).not.toHaveBeenCalled();
    clock.mockReturnValue(now + 16_000);
    viewer.session.report();
    expect(viewer.ended).toHaveBeenCalledOnce();
    expect(path.readers).toBe(0);
    viewer.session.close();
    expect(viewer.ended).toHaveBeenCalledOnce();
  });

  it('ends with its path', async () => {
    const { path } = camera();
    const viewer = await view(path);
    path.close();
    expect(viewer.ended).toHaveBeenCalledOnce();
  });

  it('ends when nobody has connected after ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { path } = camera();
    const ended = vi.fn<(session: Session) => void>();
    const where = { media, advertised: ['127.0.0.1'], tcpPort: undefined };
    await openSession(readOffer(chromiumOffer), path, 'H264', where, ended);
    vi.advanceTimersByTime(9900);
    expect(ended).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    expect(ended).toHaveBeenCalledOnce();
    expect(path.readers).toBe(0);
  });
});
