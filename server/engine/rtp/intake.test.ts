import { describe, expect, it } from 'vitest';
import type { Codec } from '../h26x/codec.ts';
import { h264 } from '../h26x/h264.ts';
import { h265 } from '../h26x/h265.ts';
import { aggregate, splitAggregate } from './cut.ts';
import { Intake } from './intake.ts';
import { headerBytes, writeRtpHeader } from './packet.ts';
import { Timeline } from './timeline.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sps = hex('6742c01eda0280bfe5c044000003000400000300c83c58ba80');
const pps = hex('68ce0fc8');
/** x264's first bytes, made as long as needed. */
const idr = (length = 20): Buffer => Buffer.concat([hex('6588843a0c6001c1'), Buffer.alloc(length, 7)]);
const p = (length = 20): Buffer => Buffer.concat([hex('419a22bc3d0a54ee'), Buffer.alloc(length, 9)]);
const b = hex('419e414212fffeea');
const sei = hex('0605ffff');

interface Sent {
  readonly bytes: Buffer;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly key: boolean;
}

function bench(codec: Codec = h264, mtu = 1200) {
  const sent: Sent[] = [];
  const pictures: boolean[] = [];
  let bidirectional = 0;
  const intake = new Intake(codec, new Timeline(), mtu, {
    packet: ({ bytes, timestamp, marker }, key) => {
      sent.push({ bytes: bytes.subarray(headerBytes), timestamp, marker, key });
    },
    picture: (isKeyframe) => pictures.push(isKeyframe),
    bidirectional: () => bidirectional++,
  });
  let sequence = 65_530;
  let ssrc = 1;
  const rtp = (payload: Buffer, picture: number, marker = false): void => {
    const packet = Buffer.concat([Buffer.alloc(headerBytes), payload]);
    writeRtpHeader(packet, {
      payloadType: 96,
      marker,
      sequence: sequence++,
      timestamp: picture * 3600,
      ssrc,
    });
    intake.rtp(packet, 96, 90_000, picture * 40);
  };
  return {
    intake,
    sent,
    pictures,
    rtp,
    lose: (count: number) => (sequence += count),
    reboot: () => {
      ssrc++;
      sequence = 7;
    },
    get bidirectional() {
      return bidirectional;
    },
    /** NAL unit types sent, aggregates in brackets. */
    types: () =>
      sent.map(({ bytes }) => {
        const type = codec.nalType(bytes);
        return type === codec.aggregation ? splitAggregate(codec, bytes).map((n) => codec.nalType(n)) : type;
      }),
  };
}

describe('intake', () => {
  it('begins with a keyframe and puts the parameter sets in front of it', () => {
    const { rtp, sent, types, pictures } = bench();
    rtp(p(), 0, true);
    rtp(sps, 1);
    rtp(pps, 1);
    rtp(sei, 1);
    rtp(idr(), 1, true);
    rtp(p(), 2, true);
    expect(types()).toEqual([[7, 8], 5, 1]);
    expect(sent.map(({ key }) => key)).toEqual([true, false, false]);
    expect(sent.map(({ marker }) => marker)).toEqual([false, true, true]);
    expect(pictures).toEqual([true, false]);
    expect(splitAggregate(h264, sent[0]?.bytes ?? Buffer.alloc(0))).toEqual([sps, pps]);
  });

  it('takes the parameter sets from the description when the camera never sends them', () => {
    const { intake, rtp, types } = bench();
    intake.announce([sps, pps]);
    rtp(idr(), 0, true);
    rtp(p(), 1, true);
    rtp(idr(), 2, true);
    expect(types()).toEqual([[7, 8], 5, 1, [7, 8], 5]);
    expect(intake.format).toMatchObject({ width: 640, height: 360 });
  });

  it('waits while there are no parameter sets at all', () => {
    const { rtp, sent } = bench();
    rtp(idr(), 0, true);
    rtp(p(), 1, true);
    expect(sent).toEqual([]);
  });

  it('sends the new parameter sets after the camera was set to another size', () => {
    const { intake, rtp, sent } = bench();
    intake.announce([sps, pps]);
    rtp(idr(), 0, true);
    const larger = hex('67640028acd940780227e5c044000003000400000300c83c60c658');
    rtp(larger, 1);
    rtp(idr(), 1, true);
    expect(splitAggregate(h264, sent[2]?.bytes ?? Buffer.alloc(0))).toEqual([larger, pps]);
    expect(intake.format).toMatchObject({ width: 1920, height: 1080 });
  });

  it('takes aggregates apart, and keeps the end of the picture on its last slice', () => {
    const { rtp, sent, types, pictures } = bench();
    rtp(Buffer.concat(aggregate(h264, [sps, pps, sei, idr(), p()], 1400) ?? []), 0, true);
    expect(types()).toEqual([[7, 8], 5, 1]);
    expect(sent.map(({ marker }) => marker)).toEqual([false, false, true]);
    expect(pictures).toEqual([true]);
  });

  it('cuts what is larger than the media MTU, parameter sets at its front and the marker on the last piece', () => {
    const { intake, rtp, sent, types } = bench();
    intake.announce([sps, pps]);
    rtp(idr(60_000), 0, true);
    expect(types().slice(0, 3)).toEqual([[7, 8], 28, 28]);
    expect(Math.max(...sent.map(({ bytes }) => bytes.length + headerBytes))).toBeLessThanOrEqual(1200);
    expect(sent.findIndex(({ marker }) => marker)).toBe(sent.length - 1);
    expect(new Set(sent.map(({ timestamp }) => timestamp)).size).toBe(1);
  });

  it('passes fragments on as they come, without waiting for the rest', () => {
    const { intake, rtp, types, pictures } = bench();
    intake.announce([sps, pps]);
    rtp(hex('7c8588843a0c6001c1'), 0);
    expect(types()).toEqual([[7, 8], 28]);
    rtp(hex('7c05aabb'), 0);
    expect(pictures).toEqual([]);
    rtp(hex('7c45aabb'), 0, true);
    expect(types()).toEqual([[7, 8], 28, 28, 28]);
    expect(pictures).toEqual([true]);
  });

  it('holds after a loss until the next keyframe, and counts what was lost', () => {
    const { intake, rtp, lose, types } = bench();
    intake.announce([sps, pps]);
    rtp(idr(), 0, true);
    rtp(p(), 1, true);
    lose(3);
    rtp(p(), 2, true);
    rtp(hex('7c45aabb'), 3, true);
    rtp(idr(), 4, true);
    rtp(p(), 5, true);
    expect(types()).toEqual([[7, 8], 5, 1, [7, 8], 5, 1]);
    expect(intake.lost).toBe(3);
  });

  it('does not send the rest of a keyframe of which a part is lost', () => {
    const { intake, rtp, lose, sent } = bench();
    intake.announce([sps, pps]);
    rtp(hex('7c8588843a0c6001c1'), 0);
    lose(1);
    rtp(hex('7c45aabb'), 0, true);
    expect(sent).toHaveLength(2);
  });

  it('leaves out packets that come twice or late', () => {
    const { intake, rtp, lose, sent } = bench();
    intake.announce([sps, pps]);
    rtp(idr(), 0, true);
    lose(-1);
    rtp(idr(), 0, true);
    expect(sent).toHaveLength(2);
    expect(intake.lost).toBe(0);
  });

  it('goes on with a keyframe and without a jump when the camera has rebooted', () => {
    const { intake, rtp, reboot, sent, types } = bench();
    intake.announce([sps, pps]);
    rtp(idr(), 100, true);
    rtp(p(), 101, true);
    reboot();
    rtp(p(), 102, true);
    rtp(idr(), 103, true);
    expect(types()).toEqual([[7, 8], 5, 1, [7, 8], 5]);
    const times = sent.map(({ timestamp }) => timestamp - (sent[0]?.timestamp ?? 0));
    expect(times).toEqual([0, 0, 3600, 10_800, 10_800]);
    expect(intake.lost).toBe(0);
  });

  it('ends pictures by their timestamps when the camera marks no ends', () => {
    const { intake, rtp, sent, pictures } = bench();
    intake.announce([sps, pps]);
    for (let picture = 0; picture < 10; picture++) {
      rtp(picture === 0 ? idr() : p(), picture);
      rtp(p(), picture);
    }
    // Three pictures to find out, then one packet of delay.
    const late = sent.filter(({ timestamp }) => timestamp >= (sent[0]?.timestamp ?? 0) + 4 * 3600);
    expect(late.map(({ marker }) => marker)).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(pictures).toHaveLength(9);
  });

  it('says so when pictures are predicted from later ones', () => {
    const plain = bench();
    plain.intake.announce([sps, pps]);
    plain.rtp(idr(), 0, true);
    plain.rtp(p(), 1, true);
    for (let picture = 2; picture < 4; picture++) plain.rtp(b, picture, true);
    expect(plain.bidirectional).toBe(0);
    for (let picture = 4; picture < 9; picture++) plain.rtp(b, picture, true);
    expect(plain.bidirectional).toBe(1);
  });

  it('sees them in fragments too', () => {
    const fragmented = bench();
    fragmented.intake.announce([sps, pps]);
    fragmented.rtp(idr(), 0, true);
    for (let i = 1; i < 4; i++) fragmented.rtp(Buffer.concat([hex('5c81'), b.subarray(1)]), i);
    expect(fragmented.bidirectional).toBe(1);
  });

  it('is not led astray by what is no RTP, or of another payload type', () => {
    const { intake, sent } = bench();
    intake.announce([sps, pps]);
    for (const packet of [Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(40), Buffer.alloc(40, 0xff)])
      intake.rtp(packet, 96, 90_000, 0);
    intake.rtp(Buffer.concat([hex('8060000100000000000000010'), idr()]), 97, 90_000, 0);
    expect(sent).toEqual([]);
  });

  it('takes whole pictures, with start codes gone, the same way', () => {
    const { intake, types, sent, pictures } = bench();
    intake.accessUnit([sps, pps, sei, idr(3000)], 0, 0);
    intake.accessUnit([p(), p(), sei], 6000, 67);
    expect(types()).toEqual([[7, 8], 28, 28, 28, 1, 1]);
    expect(sent.map(({ marker }) => marker)).toEqual([false, false, false, true, false, true]);
    expect(pictures).toEqual([true, false]);
  });
});

describe('intake of H.265', () => {
  const vps = hex('40010c01ffff016000000300900000030000030078ba0240');
  const set = hex('42010101600000030090000003000003005da00280802d16595912930bc05a020000030002000003003210');
  const picture = hex('4401c073c189');
  const irap = hex('2801ac742e314d4f2233');

  it('needs all three parameter sets, and sends them together', () => {
    const { rtp, types } = bench(h265);
    rtp(set, 0);
    rtp(picture, 0);
    rtp(irap, 0, true);
    expect(types()).toEqual([]);
    rtp(vps, 1);
    rtp(irap, 1, true);
    expect(types()).toEqual([[32, 33, 34], 20]);
  });

  it('calls B slices reordering only where the parameter sets say that there is any', () => {
    const reordered = bench(h265);
    reordered.intake.announce([vps, set, picture]);
    reordered.rtp(irap, 0, true);
    for (let i = 1; i < 4; i++) reordered.rtp(hex('0201e04497820481'), i, true);
    expect(reordered.bidirectional).toBe(1);
    // Many cameras predict P pictures from two earlier ones, which is a B slice by name.
    const plain = bench(h265);
    const low = hex('420101016000000300900000030000030078a003c0801107cb96e92930bc05a02000000300200000030321');
    plain.intake.announce([vps, low, picture]);
    plain.rtp(irap, 0, true);
    for (let i = 1; i < 4; i++) plain.rtp(hex('0201e04497820481'), i, true);
    expect(plain.bidirectional).toBe(0);
  });
});
