import { expect, it } from 'vitest';
import { camerasFor, clientOf } from './testing/cameras.ts';
import { picturesOf, readRtp, type RtpPacket } from './testing/depacketise.ts';
import type { RtspClient } from './testing/rtsp-client.ts';

const packetsOf = (client: RtspClient): RtpPacket[] =>
  client.frames.filter(({ channel }) => channel === 0).map(({ payload }) => readRtp(payload));
const more = async (client: RtspClient, count: number): Promise<void> => {
  const before = client.frames.length;
  await client.until(() => (client.frames.length >= before + count ? true : undefined));
};
const startsWithKeyframe = (packet: RtpPacket | undefined) => (packet?.payload.readUInt8(0) ?? 0) % 32 === 24;

it('silences a camera: RTSP answers, no packet comes; afterwards it resumes with a keyframe', async () => {
  const cameras = await camerasFor({ reportEveryMs: 20 });
  const [client, other] = [await clientOf(cameras), await clientOf(cameras)];
  const session = await client.play(cameras.url(1, 'sub'));
  await other.play(cameras.url(2, 'sub'));
  await more(client, 5);
  cameras.faults.set(1, { silent: true });
  // What was on its way has arrived once the answer behind it has.
  await client.request('GET_PARAMETER', cameras.url(1, 'sub'), { Session: session });
  const before = client.frames.length;
  await more(other, 20);
  expect(await client.request('GET_PARAMETER', cameras.url(1, 'sub'), { Session: session })).toMatchObject({
    status: 200,
  });
  expect(client.frames).toHaveLength(before);

  cameras.faults.clear(1);
  const known = packetsOf(client).length;
  const resumed = await client.until(() => packetsOf(client)[known]);
  expect(startsWithKeyframe(resumed)).toBe(true);
  expect(resumed.sequence).toBe(((packetsOf(client)[known - 1]?.sequence ?? 0) + 1) & 0xffff);
});

it('refuses a camera and cuts who plays it, and no other', async () => {
  const cameras = await camerasFor();
  const [client, other] = [await clientOf(cameras), await clientOf(cameras)];
  await client.play(cameras.url(1, 'sub'));
  await other.play(cameras.url(2, 'sub'));
  cameras.faults.set(1, { refuse: true });
  await expect.poll(() => client.isClosed).toBe(true);
  expect(cameras.sessions()).toMatchObject([{ camera: 2 }]);
  const again = await clientOf(cameras);
  const track = `${cameras.url(1, 'sub')}/trackID=1`;
  expect(await again.request('DESCRIBE', cameras.url(1, 'sub'))).toMatchObject({ status: 503 });
  expect(await again.request('SETUP', track, { Transport: 'RTP/AVP/TCP' })).toMatchObject({ status: 503 });
  cameras.faults.clear(1);
  expect(await again.request('DESCRIBE', cameras.url(1, 'sub'))).toMatchObject({ status: 200 });
});

it('comes back reconfigured: each stream is described and sent in the other encoding', async () => {
  const cameras = await camerasFor();
  const before = await clientOf(cameras);
  const size = (body: string) => /a=x-dimensions:(\S+)/.exec(body)?.[1];
  const original = await before.request('DESCRIBE', cameras.url(1, 'sub'));
  expect(size(original.body)).toBe('640,360');
  await before.play(cameras.url(1, 'sub'));
  cameras.faults.set(1, { refuse: true });
  await expect.poll(() => before.isClosed).toBe(true);
  cameras.faults.set(1, { isReconfigured: true });
  const again = await clientOf(cameras);
  const changed = await again.request('DESCRIBE', cameras.url(1, 'sub'));
  expect(size(changed.body)).toBe('1280,720');
  await again.play(cameras.url(1, 'sub'));
  const firstTwo = await again.until(() => {
    const times = [...new Set(packetsOf(again).map(({ timestamp }) => timestamp))];
    return times.length > 1 ? times : undefined;
  });
  expect(startsWithKeyframe(packetsOf(again)[0])).toBe(true);
  // 90 kHz over the other encoding's 25 pictures a second.
  expect((firstTwo[1] ?? 0) - (firstTwo[0] ?? 0)).toBe(3600);
});

it('reboots a camera under its sessions: another source, sequence and clock, from a keyframe on', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  await more(client, 10);
  const [before] = packetsOf(client);
  cameras.faults.reboot(1);
  const after = await client.until(() => packetsOf(client).find(({ ssrc }) => ssrc !== before?.ssrc));
  expect(startsWithKeyframe(after)).toBe(true);
  expect(cameras.sessions()).toMatchObject([{ state: 'playing', ssrc: after.ssrc }]);
  await more(client, 10);
  expect(packetsOf(client).at(-1)?.ssrc).toBe(after.ssrc);
});

it('loses every third packet on the way, and the sequence numbers show it', async () => {
  const cameras = await camerasFor();
  cameras.faults.set(1, { dropRtpEvery: 3 });
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  await more(client, 20);
  const packets = packetsOf(client);
  const steps = packets.slice(1).map(({ sequence }, i) => (sequence - (packets[i]?.sequence ?? 0)) & 0xffff);
  expect(steps.slice(0, 6)).toEqual([1, 2, 1, 2, 1, 2]);
});

it('cuts connections as a pulled plug would, and takes the next one', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  cameras.faults.cut(1);
  await expect.poll(() => client.isClosed).toBe(true);
  const again = await clientOf(cameras);
  await again.play(cameras.url(1, 'sub'));
  await again.until(() => (picturesOf(packetsOf(again)).length > 0 ? true : undefined));
  expect(cameras.sessions()).toMatchObject([{ camera: 1, state: 'playing' }]);
});

it('knows no fault of a camera that does not exist', async () => {
  const cameras = await camerasFor();
  expect(() => {
    cameras.faults.set(77, { silent: true });
  }).toThrow(RangeError);
});
