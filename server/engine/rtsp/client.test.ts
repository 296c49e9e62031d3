import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { camerasFor } from '#mocks/camera/rtsp/testing/cameras.ts';
import { numberedPictures } from '#mocks/camera/rtsp/testing/numbered-pictures.ts';
import { readRtp } from '../rtp/packet.ts';
import { readSenderReport } from '../rtp/rtcp.ts';
import { playRtsp, type RtspTarget, type RtspTimes } from './client.ts';
import type { VideoTrack } from './sdp.ts';

/** Plays in the background; what it gives can be awaited. */
function play(target: RtspTarget, times?: RtspTimes) {
  const packets: Buffer[] = [];
  const reports: Buffer[] = [];
  let video: VideoTrack | undefined;
  const end = new AbortController();
  const run = playRtsp(
    target,
    {
      playing: (track) => (video = track),
      rtp: (packet) => packets.push(Buffer.from(packet)),
      rtcp: (packet) => reports.push(Buffer.from(packet)),
    },
    end.signal,
    times,
  );
  run.catch(() => undefined);
  onTestFinished(() => {
    end.abort();
  });
  return {
    packets,
    reports,
    run,
    get video() {
      return video;
    },
    end: () => {
      end.abort();
    },
    atLeast: (count: number) =>
      expect.poll(() => packets.length, { timeout: 4000, interval: 10 }).toBeGreaterThanOrEqual(count),
  };
}

const admin = { username: 'admin', password: 'Pa"ss\\word' };

describe('a camera', () => {
  it('plays until the signal is aborted, and its session is torn down', async () => {
    const cameras = await camerasFor();
    const played = play({ url: cameras.url(1, 'sub') });
    await played.atLeast(20);
    expect(played.video).toMatchObject({ codec: 'H264', clockRate: 90_000 });
    const sequences = played.packets.map((packet) => readRtp(packet)?.sequence ?? -1);
    for (const [i, sequence] of sequences.entries())
      if (i > 0) expect(sequence).toBe(((sequences[i - 1] ?? 0) + 1) & 0xffff);
    expect(cameras.sessions()).toHaveLength(1);
    played.end();
    await expect(played.run).resolves.toBeUndefined();
    expect(cameras.sessions()).toEqual([]);
  });

  it('may send packets as large as interleaving allows', async () => {
    const pictures = numberedPictures({ octets: 120_000 });
    const cameras = await camerasFor({ maxPacketLength: 60_000, pictures });
    const played = play({ url: cameras.url(1, 'main') });
    await played.atLeast(6);
    expect(Math.max(...played.packets.map((packet) => packet.length))).toBe(60_000);
  });

  it.each([
    ['Basic', { kind: 'basic', ...admin } as const],
    ['Digest with MD5', { kind: 'digest', ...admin } as const],
    ['Digest with SHA-256', { kind: 'digest', ...admin, algorithms: ['SHA-256'] } as const],
    ['either Digest', { kind: 'digest', ...admin, algorithms: ['SHA-256', 'MD5'] } as const],
  ])('lets us in with %s, and nobody with another password', async (_what, auth) => {
    const cameras = await camerasFor({ auth });
    const url = cameras.url(1, 'sub');
    await play({ url, credentials: admin }).atLeast(1);
    await expect(play({ url, credentials: { ...admin, password: 'x' } }).run).rejects.toMatchObject({
      code: 'refused',
    });
    await expect(play({ url }).run).rejects.toMatchObject({ code: 'refused', status: 401 });
  });

  it('keeps playing past its session time-out, also when its nonces age', async () => {
    const auth = { kind: 'digest', ...admin, nonceLifetimeMs: 300 } as const;
    const cameras = await camerasFor({ auth, sessionTimeoutMs: 2000, reportEveryMs: 300 });
    const played = play({ url: cameras.url(1, 'sub'), credentials: admin });
    await played.atLeast(1);
    const begun = performance.now();
    await expect.poll(() => performance.now() - begun, { timeout: 4000 }).toBeGreaterThan(2600);
    const before = played.packets.length;
    await played.atLeast(before + 5);
    const report = readSenderReport(played.reports[0] ?? Buffer.alloc(0));
    expect(Math.abs((report?.timeMs ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  it.each([
    ['knows no such stream', 'no-such-path', (url: string) => url.replace(/[^/]*$/, 'nothing')],
    ['is not there', 'unreachable', () => 'rtsp://127.0.0.1:1/x'],
  ])('that %s: %s', async (_what, code, change) => {
    const cameras = await camerasFor();
    await expect(play({ url: change(cameras.url(1, 'sub')) }).run).rejects.toMatchObject({
      name: 'RtspError',
      code,
    });
  });

  it('that is busy: rejected', async () => {
    const cameras = await camerasFor();
    cameras.faults.set(1, { refuse: true });
    await expect(play({ url: cameras.url(1, 'sub') }).run).rejects.toMatchObject({
      code: 'rejected',
      status: 503,
    });
  });

  it('that is unplugged while it plays: unreachable', async () => {
    const cameras = await camerasFor();
    const played = play({ url: cameras.url(1, 'sub') });
    await played.atLeast(1);
    cameras.faults.cut(1);
    await expect(played.run).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('that sends over UDP only: rejected', async () => {
    const cameras = await camerasFor({ transports: ['udp'] });
    await expect(play({ url: cameras.url(1, 'sub') }).run).rejects.toMatchObject({ code: 'rejected' });
  });
});

const description =
  'v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n';

/** A server that says what it is told for each method, and remembers what it was asked. */
async function odd(answers: Record<string, (request: string) => string>, greeting = '') {
  const asked: string[] = [];
  const server = createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        if (request.startsWith('$')) continue;
        asked.push(request);
        const method = request.split(' ')[0] ?? '';
        const cseq = /CSeq: (\d+)/.exec(request)?.[1] ?? '';
        const answer = answers[method]?.(request) ?? 'RTSP/1.0 200 OK\r\n\r\n';
        if (answer !== '') socket.write(answer.replace('\r\n', `\r\nCSeq: ${cseq}\r\n`));
      }
    });
    if (greeting !== '') socket.write(greeting);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { asked, url: `rtsp://127.0.0.1:${String((server.address() as AddressInfo).port)}/live?channel=1` };
}
const describe200 =
  (headers = '') =>
  () =>
    `RTSP/1.0 200 OK\r\n${headers}Content-Length: ${String(description.length)}\r\n\r\n${description}`;
const setup200 = () =>
  'RTSP/1.0 200 OK\r\nSession: 42;timeout=60\r\nTransport: RTP/AVP/TCP;interleaved=2-3\r\n\r\n';

describe('a camera of the odder kind', () => {
  it('gets its track asked for behind the base it names, and its packets read from the channel it chose', async () => {
    const packet = '$\x02\0\x0d\x80\x60\0\x01\0\0\0\0\0\0\0\x01\x65';
    const camera = await odd({
      DESCRIBE: describe200('Content-Base: rtsp://10.0.0.9/live/\r\n'),
      SETUP: setup200,
      PLAY: () => `RTSP/1.0 200 OK\r\n\r\n${packet}`,
    });
    const played = play({ url: camera.url });
    await played.atLeast(1);
    const lines = camera.asked.map((request) => request.split('\r\n')[0]);
    expect(lines).toEqual([
      `OPTIONS ${camera.url} RTSP/1.0`,
      `DESCRIBE ${camera.url} RTSP/1.0`,
      'SETUP rtsp://10.0.0.9/live/track1 RTSP/1.0',
      'PLAY rtsp://10.0.0.9/live/ RTSP/1.0',
    ]);
    expect(camera.asked[3]).toContain('Session: 42\r\n');
  });

  it('may name no base: the track goes behind the whole URL, query and all', async () => {
    const camera = await odd({ DESCRIBE: describe200(), SETUP: setup200 });
    const played = play({ url: camera.url });
    await expect.poll(() => camera.asked[3] ?? '').toContain('PLAY');
    expect(camera.asked[2]).toContain(`SETUP ${camera.url}/track1 RTSP/1.0`);
    played.end();
    await played.run;
    expect(camera.asked.at(-1)).toContain('TEARDOWN');
  });

  it('may ask us something, and gets an answer', async () => {
    const camera = await odd(
      { OPTIONS: () => '' },
      'OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\nANNOUNCE x RTSP/1.0\r\nCSeq: 6\r\n\r\n',
    );
    play({ url: camera.url });
    await expect.poll(() => camera.asked.join('\n')).toContain('RTSP/1.0 200 OK\r\nCSeq: 5');
    await expect.poll(() => camera.asked.join('\n')).toContain('RTSP/1.0 501 Not Implemented\r\nCSeq: 6');
  });

  it('may redirect within itself, but not to elsewhere', async () => {
    let isFirst = true;
    const camera = await odd({
      DESCRIBE: (request) => {
        const moved = isFirst;
        isFirst = false;
        return moved
          ? `RTSP/1.0 302 Found\r\nLocation: ${(request.split(' ')[1] ?? '').replace('live', 'moved')}\r\n\r\n`
          : describe200()();
      },
      SETUP: setup200,
    });
    play({ url: camera.url });
    await expect.poll(() => camera.asked.at(-1) ?? '').toContain('PLAY');
    expect(camera.asked.at(-1)).toContain('/moved?channel=1');
    const foreign = await odd({
      DESCRIBE: () => 'RTSP/1.0 302 Found\r\nLocation: rtsp://localhost:554/\r\n\r\n',
    });
    await expect(play({ url: foreign.url }).run).rejects.toMatchObject({ code: 'rejected' });
    const endless = await odd({
      DESCRIBE: (request) => `RTSP/1.0 302 Found\r\nLocation: ${request.split(' ')[1] ?? ''}\r\n\r\n`,
    });
    await expect(play({ url: endless.url }).run).rejects.toMatchObject({ code: 'rejected' });
  });

  it.each<[string, string, Record<string, () => string>]>([
    [
      'describes no video',
      'no-video',
      { DESCRIBE: () => 'RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nv=0\r\n' },
    ],
    ['never answers', 'unreachable', { DESCRIBE: () => '' }],
    ['answers with rubbish', 'protocol', { DESCRIBE: () => 'hello\r\n\r\n' }],
    [
      'does not say how it will send',
      'rejected',
      { DESCRIBE: describe200(), SETUP: () => 'RTSP/1.0 200 OK\r\nSession: 1\r\n\r\n' },
    ],
  ])('that %s: %s', async (_what, code, answers) => {
    const camera = await odd(answers);
    const error: unknown = await play({ url: camera.url }, { answerMs: 150, farewellMs: 20 }).run.catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ name: 'RtspError', code });
    expect(String(error)).not.toContain('127.0.0.1');
  });
});
