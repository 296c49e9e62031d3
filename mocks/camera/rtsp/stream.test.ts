import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { camerasFor, clientOf } from './testing/cameras.ts';
import { picturesOf, readRtp, type ReceivedPicture, type RtpPacket } from './testing/depacketise.ts';
import { numberedPictures, numberOf } from './testing/numbered-pictures.ts';
import type { RtspClient } from './testing/rtsp-client.ts';

const subject = { number: 1, caption: '', scene: '' };
const packetsOf = (client: RtspClient): RtpPacket[] =>
  client.frames.filter(({ channel }) => channel === 0).map(({ payload }) => readRtp(payload));
const numbersOf = (pictures: readonly ReceivedPicture[]) =>
  pictures.map(({ nalUnits }) => numberOf(nalUnits.at(-1) ?? Buffer.alloc(9)));

async function receive(client: RtspClient, count: number): Promise<ReceivedPicture[]> {
  return client.until(() => {
    const pictures = picturesOf(packetsOf(client));
    return pictures.length >= count ? pictures : undefined;
  });
}

it.each([1_400, 100, 60_000])(
  'brings every NAL unit over TCP in packets of at most %i octets',
  async (maxPacketLength) => {
    const pictures = numberedPictures({ octets: 70_000 });
    const cameras = await camerasFor({ pictures, maxPacketLength });
    const client = await clientOf(cameras);
    await client.play(cameras.url(1, 'sub'));
    const received = await receive(client, 9);
    expect(Math.max(...client.frames.map(({ payload }) => payload.length))).toBeLessThanOrEqual(
      maxPacketLength,
    );
    for (const [position, number] of numbersOf(received).entries()) {
      const sent = pictures.at(subject, 'sub', number).nalUnits;
      const got = received[position]?.nalUnits ?? [];
      expect(got.map((nalUnit) => nalUnit.length)).toEqual(sent.map((nalUnit) => nalUnit.length));
      expect(Buffer.concat(got).equals(Buffer.concat(sent))).toBe(true);
    }
  },
);

it('numbers packets and pictures without a gap, on a 90 kHz clock', async () => {
  const cameras = await camerasFor();
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  const info = client.answers.at(-1)?.headers.get('rtp-info')?.[0] ?? '';
  const pictures = await receive(client, 8);
  const packets = packetsOf(client);
  const [first] = packets;
  expect(info).toContain(`seq=${String(first?.sequence)};rtptime=${String(first?.timestamp)}`);
  expect(new Set(packets.map((packet) => packet.ssrc)).size).toBe(1);
  expect(new Set(packets.map((packet) => packet.payloadType))).toEqual(new Set([96]));
  for (const [i, packet] of packets.entries()) {
    expect(packet.sequence).toBe(((first?.sequence ?? 0) + i) & 0xffff);
  }
  const numbers = numbersOf(pictures);
  expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
  const steps = pictures
    .slice(1)
    .map(({ timestamp }, i) => (timestamp - (pictures[i]?.timestamp ?? 0)) >>> 0);
  expect(new Set(steps)).toEqual(new Set([6_000]));
});

it('starts with the keyframe of the current group at once, and goes on in time', async () => {
  const pictures = numberedPictures({ groupLength: 300 });
  const cameras = await camerasFor({ pictures });
  const client = await clientOf(cameras);
  const newest = pictures.indexAt(subject, 'sub', Date.now());
  const keyframe = pictures.keyframeAtOrBefore(subject, 'sub', newest);
  await client.play(cameras.url(1, 'sub'));
  const burst = await receive(client, newest - keyframe + 1);
  expect(numbersOf(burst)[0]).toBe(keyframe);
  const later = await receive(client, newest - keyframe + 4);
  const last = numbersOf(later).at(-1) ?? Infinity;
  expect(last).toBeLessThanOrEqual(pictures.indexAt(subject, 'sub', Date.now()));
});

it('starts with whatever comes next where told so', async () => {
  const pictures = numberedPictures({ groupLength: 1_000_000 });
  const cameras = await camerasFor({ pictures, startsAt: 'now' });
  const client = await clientOf(cameras);
  const newest = pictures.indexAt(subject, 'sub', Date.now());
  await client.play(cameras.url(1, 'sub'));
  expect(numbersOf(await receive(client, 1))[0]).toBeGreaterThan(newest);
});

it('reports what it has sent, on the clock of the pictures', async () => {
  const cameras = await camerasFor({ reportEveryMs: 100 });
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  const reports = await client.until(() => {
    const found = client.frames.filter(({ channel, payload }) => channel === 1 && payload[1] === 200);
    return found.length >= 3 ? found.map(({ payload }) => payload) : undefined;
  });
  const [first, , third] = reports;
  if (first === undefined || third === undefined) throw new Error('There are three reports');
  expect(first.readUInt32BE(4)).toBe(packetsOf(client)[0]?.ssrc);
  const ntpMs = (report: Buffer) =>
    (report.readUInt32BE(8) - 2_208_988_800) * 1000 + (report.readUInt32BE(12) / 2 ** 32) * 1000;
  expect(Math.abs(ntpMs(third) - Date.now())).toBeLessThan(1_000);
  const elapsed = ntpMs(third) - ntpMs(first);
  const ticks = (third.readUInt32BE(16) - first.readUInt32BE(16)) >>> 0;
  expect(elapsed).toBeGreaterThanOrEqual(200);
  expect(Math.abs(ticks / 90 - elapsed)).toBeLessThan(1.5);
  expect(third.readUInt32BE(20)).toBeGreaterThan(first.readUInt32BE(20));
  // An SDES with its CNAME follows in the same compound packet.
  expect(third[28 + 1]).toBe(202);
});

it('brings the same over UDP, between the ports both sides have named', async () => {
  const pictures = numberedPictures();
  const cameras = await camerasFor({ pictures });
  const client = await clientOf(cameras);
  const { rtp, rtcp, packets, port } = await udpPair();
  const url = cameras.url(1, 'sub');
  await client.play(url, `RTP/AVP;unicast;client_port=${String(port)}-${String(port + 1)}`);
  const transport = client.answers[0]?.headers.get('transport')?.[0] ?? '';
  const serverPorts = /server_port=(\d+)-(\d+)/.exec(transport);
  expect(Number(serverPorts?.[1]) % 2).toBe(0);
  await expect.poll(() => picturesOf(packets.map(({ packet }) => readRtp(packet))).length).toBeGreaterThan(8);
  expect(new Set(packets.map((one) => one.from))).toEqual(new Set([Number(serverPorts?.[1])]));
  for (const received of picturesOf(packets.map(({ packet }) => readRtp(packet)))) {
    const number = numberOf(received.nalUnits.at(-1) ?? Buffer.alloc(9));
    expect(Buffer.concat(received.nalUnits)).toEqual(
      Buffer.concat(pictures.at(subject, 'sub', number).nalUnits),
    );
  }
  rtcp.send(Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]), Number(serverPorts?.[2]), '127.0.0.1');
  await expect.poll(() => cameras.sessions()).toMatchObject([{ transport: 'udp', receiverReports: 1 }]);
  rtp.close();
  rtcp.close();
});

it('drops whole groups of pictures for a slow TCP reader, and its own memory stays small', async () => {
  const maxQueuedOctets = 4_000_000;
  const cameras = await camerasFor({
    pictures: numberedPictures({ groupLength: 5, octets: 800_000 }),
    maxPacketLength: 60_000,
    maxQueuedOctets,
  });
  const client = await clientOf(cameras);
  await client.play(cameras.url(1, 'sub'));
  await client.until(() => packetsOf(client)[2]);
  client.socket.pause();
  const dropped = () => cameras.sessions()[0]?.droppedPictures ?? 0;
  await expect.poll(dropped, { timeout: 10_000, interval: 50 }).toBeGreaterThanOrEqual(5);
  client.socket.resume();

  const numbers = await client.until(() => {
    // A picture's last packet is a small slice of its own; to put the large ones together would take longer than all else.
    const ends = packetsOf(client).filter(({ marker }) => marker);
    const seen = ends.map(({ payload }) => numberOf(payload));
    const gap = seen.findIndex((number, i) => i > 0 && number !== (seen[i - 1] ?? 0) + 1);
    return gap > 0 && seen.length > gap + 3 ? seen : undefined;
  });
  const afterGap = numbers.filter((number, i) => i > 0 && number !== (numbers[i - 1] ?? 0) + 1);
  expect(afterGap.map((number) => number % 5)).toEqual(afterGap.map(() => 0));
  expect(afterGap.length).toBeGreaterThan(0);
}, 20_000);

async function udpPair() {
  for (;;) {
    const rtp = createSocket('udp4').bind(0, '127.0.0.1');
    await once(rtp, 'listening');
    const { port } = rtp.address();
    const rtcp = createSocket('udp4').bind(port + 1, '127.0.0.1');
    try {
      await once(rtcp, 'listening');
    } catch {
      rtp.close();
      continue;
    }
    const packets: { packet: Buffer; from: number }[] = [];
    rtp.on('message', (packet, from) => packets.push({ packet, from: from.port }));
    return { rtp, rtcp, packets, port };
  }
}
