/** The engine's RTSP client against MediaMTX, fed by our cameras and by FFmpeg: neither server nor encoder is ours. */
import { createHash } from 'node:crypto';
import { afterEach, beforeAll, expect, it, type TestContext } from 'vitest';
import { formats } from '#mocks/camera/pictures.ts';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { picturesOf, readRtp, type RtpPacket } from '#mocks/camera/rtsp/testing/depacketise.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
// The one place where a test outside the server needs a part of it: what the part says to strangers is the question.
// eslint-disable-next-line house/lean-only-on
import { playRtsp, type RtspTarget } from '#server/engine/rtsp/client.ts';
import { realServer, type RealServer } from './build.ts';
import { framesPerSecond, missingFfmpeg, publish, type TestPicture } from './ffmpeg.ts';
import { startMediaMtx, type MediaMtx, type MediaMtxOptions } from './mediamtx.ts';

let server: RealServer;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await realServer('mediamtx');
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

const patience = () => AbortSignal.timeout(15_000);

async function mediaMtx(context: TestContext, options: MediaMtxOptions): Promise<MediaMtx> {
  if ('skipped' in server) context.skip(server.skipped);
  const started = await startMediaMtx(options);
  if ('skipped' in started) context.skip(started.skipped);
  open.push(started);
  return started;
}

/** FFmpeg publishing to path `name` of a MediaMTX, once that has it. */
async function published(context: TestContext, picture: TestPicture, reader?: MediaMtxOptions['reader']) {
  const missing = missingFfmpeg(picture);
  if (missing !== undefined) context.skip(missing);
  const media = await mediaMtx(context, { paths: { camera: 'publish' }, ...(reader ? { reader } : {}) });
  open.push(publish(media.rtspUrl('camera'), picture));
  await media.available('camera', patience());
  return media;
}

/** Plays until `enough` of the packets, then leaves as the client leaves. */
async function watch(target: RtspTarget, enough: (packets: readonly RtpPacket[]) => boolean) {
  const packets: RtpPacket[] = [];
  const leave = new AbortController();
  let described: Parameters<Parameters<typeof playRtsp>[1]['playing']>[0] | undefined;
  let senderReports = 0;
  await playRtsp(
    target,
    {
      playing: (video) => (described = video),
      rtp(packet) {
        packets.push(readRtp(Buffer.from(packet)));
        if (enough(packets)) leave.abort();
      },
      rtcp: (packet) => (senderReports += packet[1] === 200 ? 1 : 0),
    },
    AbortSignal.any([leave.signal, patience()]),
  );
  return { packets, described, senderReports };
}

const typeOf = (nalUnit: Buffer) => (nalUnit[0] ?? 0) & 0x1f;
const isSlice = (nalUnit: Buffer) => typeOf(nalUnit) === 1 || typeOf(nalUnit) === 5;
const digestOf = (nalUnits: readonly Uint8Array[]) =>
  createHash('sha256').update(Buffer.concat(nalUnits)).digest('base64');
const areInSequence = (packets: readonly RtpPacket[]) =>
  packets.every(
    ({ sequence }, i) => i === 0 || sequence === (((packets[i - 1]?.sequence ?? 0) + 1) & 0xffff),
  );

/** Complete pictures from the first keyframe on: a viewer comes in anywhere. */
function fromKeyframe(packets: readonly RtpPacket[]) {
  const firstMarker = packets.findIndex(({ marker }) => marker);
  const pictures = picturesOf(packets.slice(firstMarker + 1));
  const keyframe = pictures.findIndex(({ nalUnits }) => nalUnits.some((nalUnit) => typeOf(nalUnit) === 5));
  return keyframe < 0 ? [] : pictures.slice(keyframe);
}

it('gets every slice of our camera unchanged through MediaMTX, which logs in by digest', async (context) => {
  const subject = { number: 7, caption: 'Corniche Road', scene: 'junction' };
  const pictures = await openPictures();
  const cameras = await startRtspCameras({
    subjects: [subject],
    pictures,
    auth: { kind: 'digest', username: 'viewer', password: 'gate7' },
  });
  open.push(cameras);
  const first = pictures.indexAt(subject, 'sub', Date.now()) - 2 * formats.sub.framesPerSecond;
  const source = cameras.url(7, 'sub').replace('rtsp://', 'rtsp://viewer:gate7@');
  const media = await mediaMtx(context, { paths: { camera: `rtsp://${source.slice('rtsp://'.length)}` } });
  await media.available('camera', patience());

  const { packets, described } = await watch(
    { url: media.rtspUrl('camera') },
    (sofar) => fromKeyframe(sofar).length > 20,
  );
  const sets = pictures.parameterSets(subject, 'sub');
  expect(described).toMatchObject({ codec: 'H264', clockRate: 90_000 });
  expect(described?.parameterSets.map((set) => Buffer.from(set))).toEqual([
    Buffer.from(sets.sps),
    Buffer.from(sets.pps),
  ]);
  expect(areInSequence(packets)).toBe(true);

  const last = pictures.indexAt(subject, 'sub', Date.now());
  const sent = new Map<string, number>();
  for (let index = first; index <= last; index++) {
    const slices = pictures
      .at(subject, 'sub', index)
      .nalUnits.map((one) => Buffer.from(one))
      .filter(isSlice);
    sent.set(digestOf(slices), index);
  }
  const seen = fromKeyframe(packets).map(({ nalUnits }) => sent.get(digestOf(nalUnits.filter(isSlice))));
  expect(seen.length).toBeGreaterThan(20);
  expect(seen).toEqual(seen.map((_, i) => (seen[0] ?? Number.NaN) + i));
});

for (const [name, picture] of [
  ['Constrained Baseline', { profile: 'baseline' }],
  ['High', { profile: 'high' }],
] as const) {
  it(`plays the H.264 ${name} that FFmpeg publishes: every packet, every picture, in time`, async (context) => {
    const media = await published(context, picture);
    const { packets, described, senderReports } = await watch(
      { url: media.rtspUrl('camera') },
      (sofar) => fromKeyframe(sofar).length > 60,
    );
    expect(described).toMatchObject({ codec: 'H264', clockRate: 90_000 });
    expect(areInSequence(packets)).toBe(true);
    const pictures = fromKeyframe(packets);
    const types = pictures.map(({ nalUnits }) => nalUnits.map(typeOf));
    expect(types[0]).toEqual(expect.arrayContaining([7, 8, 5]));
    expect(types[50]).toContain(5);
    expect(types.slice(1, 50).flat()).not.toContain(5);
    const steps = pictures
      .slice(1)
      .map(({ timestamp }, i) => (timestamp - (pictures[i]?.timestamp ?? 0)) >>> 0);
    expect(new Set(steps)).toEqual(new Set([90_000 / framesPerSecond]));
    expect(senderReports).toBeGreaterThan(0);
  });
}

it('plays the H.265 that FFmpeg publishes', async (context) => {
  const media = await published(context, { codec: 'libx265' });
  const { packets, described } = await watch({ url: media.rtspUrl('camera') }, (sofar) => sofar.length > 50);
  expect(described).toMatchObject({ codec: 'H265', clockRate: 90_000 });
  expect(areInSequence(packets)).toBe(true);
  // VPS, SPS and PPS lead a keyframe: nal_unit_type 32, 33 and 34, alone or in an aggregation packet (48).
  const types = packets.map(({ payload }) => ((payload[0] ?? 0) >> 1) & 0x3f);
  expect(types.some((type) => type === 32 || type === 48)).toBe(true);
});

for (const method of ['digest', 'basic'] as const) {
  it(`logs in by ${method} as MediaMTX asks for it, and knows a refusal`, async (context) => {
    const reader = { username: 'viewer', password: 'p#a=ss@7', method };
    const media = await published(context, {}, reader);
    const url = media.rtspUrl('camera');
    const { packets } = await watch({ url, credentials: reader }, (sofar) => sofar.length > 3);
    expect(packets.length).toBeGreaterThan(3);
    const wrong = { ...reader, password: 'wrong' };
    await expect(watch({ url, credentials: wrong }, () => true)).rejects.toMatchObject({ code: 'refused' });
    await expect(watch({ url }, () => true)).rejects.toMatchObject({ code: 'refused' });
  });
}

it('is told of a path without a camera', async (context) => {
  const media = await mediaMtx(context, { paths: { camera: 'publish' } });
  await expect(watch({ url: media.rtspUrl('camera') }, () => true)).rejects.toMatchObject({
    code: 'no-such-path',
  });
});

it('leaves no session behind', async (context) => {
  const media = await published(context, {});
  const readers = async () => {
    const answer = await fetch(`${media.apiUrl}/v3/paths/get/camera`);
    return ((await answer.json()) as { readers: unknown[] }).readers.length;
  };
  const leave = new AbortController();
  const started = Promise.withResolvers<undefined>();
  const playing = playRtsp(
    { url: media.rtspUrl('camera') },
    {
      playing: () => undefined,
      rtp: () => {
        started.resolve(undefined);
      },
      rtcp: () => undefined,
    },
    AbortSignal.any([leave.signal, patience()]),
  );
  await Promise.race([started.promise, playing]);
  await expect.poll(readers).toBe(1);
  leave.abort();
  await playing;
  await expect.poll(readers).toBe(0);
});

it('says that the camera is gone when the server dies', async (context) => {
  const media = await published(context, {});
  let isClosing = false;
  const playing = playRtsp(
    { url: media.rtspUrl('camera') },
    {
      playing: () => undefined,
      rtp: () => {
        if (!isClosing) void media.close();
        isClosing = true;
      },
      rtcp: () => undefined,
    },
    patience(),
  );
  await expect(playing).rejects.toMatchObject({ code: 'unreachable' });
});
