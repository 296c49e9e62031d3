import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mediaPacket, readRtp } from '../rtp/packet.ts';
import { Reel } from '../rtp/reel.ts';
import { readSenderReport } from '../rtp/rtcp.ts';
import { Playback } from './playback.ts';

const ssrc = 4321;
const frame = 6000; // 15 pictures a second
let now = 0;

/** A path that gets one picture of `packets` packets every 66.7 ms. */
function camera() {
  const reel = new Reel();
  let picture = 0;
  return {
    reel,
    shoot: (packets = 1, isKeyframe = picture === 0): void => {
      for (let i = 0; i < packets; i++)
        reel.push(
          mediaPacket([Uint8Array.of(picture, i)], 1e10 + picture * frame, i === packets - 1),
          isKeyframe && i === 0,
          now,
        );
      picture++;
    },
  };
}

interface Seen {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly picture: number;
}

function viewer(reel: Reel, overrides: Partial<ConstructorParameters<typeof Playback>[0]> = {}) {
  const seen: Seen[] = [];
  const reports: Buffer[] = [];
  const playback = new Playback({
    reel,
    ssrc,
    payloadType: 108,
    firstSequence: 65_530,
    firstTimestamp: 1_000_000,
    cname: 'a',
    now: () => now,
    send(packet) {
      const header = readRtp(packet);
      if (header === undefined) throw new Error('sent something that is no RTP');
      if (packet.readUInt8(1) === 200) {
        reports.push(Buffer.from(packet));
        return;
      }
      expect([header.payloadType, header.ssrc]).toEqual([108, ssrc]);
      seen.push({ ...header, picture: packet.readUInt8(header.start) });
    },
    ...overrides,
  });
  return { playback, seen, reports };
}

const nack = (...sequences: number[]): Buffer => {
  const out = Buffer.alloc(12 + sequences.length * 4);
  out.writeUInt32BE(0x81cd0000 + 2 + sequences.length, 0);
  out.writeUInt32BE(ssrc, 8);
  sequences.forEach((sequence, i) => out.writeUInt16BE(sequence, 12 + i * 4));
  return out;
};
const pli = (): Buffer => {
  const out = Buffer.alloc(12);
  out.writeUInt32BE(0x81ce0002, 0);
  out.writeUInt32BE(ssrc, 8);
  return out;
};

beforeEach(() => {
  now = 5000;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a new viewer', () => {
  it('shows nobody the last pictures of a source that has fallen silent', () => {
    const { reel, shoot } = camera();
    shoot(2);
    now += 67;
    shoot();
    now += 1100;
    const { playback, seen } = viewer(reel);
    playback.pump();
    expect(seen).toEqual([]);
    // It sends again: the pictures since its keyframe are still the beginning of what follows.
    shoot();
    playback.pump();
    expect(seen.map(({ picture }) => picture)).toEqual([0, 0, 1, 2]);
  });

  it('waits no less for the pictures of a slow camera', () => {
    const { reel } = camera();
    for (const picture of [0, 1]) {
      now += 2000;
      reel.push(mediaPacket([Uint8Array.of(picture)], picture * 180_000, true), picture === 0, now);
    }
    now += 1900;
    const { playback, seen } = viewer(reel);
    playback.pump();
    expect(seen.map(({ picture }) => picture)).toEqual([0, 1]);
  });

  it('gets the GOP at once, its pictures squeezed into the moment before now, then live at its own pace', () => {
    const { reel, shoot } = camera();
    for (let i = 0; i < 20; i++) {
      now += 66.7;
      shoot();
    }
    now += 20;
    const { playback, seen } = viewer(reel);
    playback.pump();
    expect(seen.map(({ picture }) => picture)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const times = seen.map(({ timestamp }) => timestamp - 1_000_000);
    // The newest picture is 20 ms old: 1800 ticks after the place it would have had.
    expect(times.at(-1)).toBe(1800);
    expect(times).toEqual(Array.from({ length: 20 }, (_, i) => 1800 - (19 - i) * 90));
    now += 46.7;
    shoot();
    playback.pump();
    now += 66.7;
    shoot();
    playback.pump();
    expect(seen.slice(20).map(({ timestamp }) => timestamp - 1_000_000)).toEqual([frame, 2 * frame]);
  });

  it('sees one sequence without holes across the wrap', () => {
    const { reel, shoot } = camera();
    shoot(5);
    const { playback, seen } = viewer(reel);
    playback.pump();
    for (let i = 0; i < 10; i++) {
      now += 66.7;
      shoot(2);
      playback.pump();
    }
    const expected = Array.from({ length: 25 }, (_, i) => (65_530 + i) & 0xffff);
    expect(seen.map(({ sequence }) => sequence)).toEqual(expected);
  });

  it('who comes in the middle of a picture gives all its packets one timestamp', () => {
    const { reel } = camera();
    const push = (i: number): void => {
      reel.push(mediaPacket([Uint8Array.of(0, i)], 500, i === 3), i === 0, now);
    };
    push(0);
    push(1);
    now += 10;
    const { playback, seen } = viewer(reel);
    playback.pump();
    push(2);
    push(3);
    playback.pump();
    expect(new Set(seen.map(({ timestamp }) => timestamp)).size).toBe(1);
    expect(seen.map(({ marker }) => marker)).toEqual([false, false, false, true]);
  });

  it('waits for a keyframe when there is none yet', () => {
    const { reel, shoot } = camera();
    shoot(1, false);
    const { playback, seen } = viewer(reel);
    playback.pump();
    expect(seen).toEqual([]);
    shoot(1, true);
    playback.pump();
    expect(seen.map(({ picture }) => picture)).toEqual([1]);
  });

  it('is not buried: a large GOP goes out in portions that a socket can hold', () => {
    const { reel, shoot } = camera();
    shoot(100);
    const { playback, seen } = viewer(reel);
    playback.pump();
    expect(seen).toHaveLength(24);
    shoot(1, false);
    playback.pump();
    expect(seen).toHaveLength(24);
    vi.advanceTimersByTime(2);
    expect(seen).toHaveLength(48);
    vi.advanceTimersByTime(6);
    expect(seen).toHaveLength(101);
    expect(seen.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 101 }, (_, i) => (65_530 + i) & 0xffff),
    );
  });
});

describe('a viewer that has lost something', () => {
  it('gets the same packets again, bit for bit', () => {
    const { reel, shoot } = camera();
    shoot(8);
    const { playback, seen } = viewer(reel);
    playback.pump();
    const before = [...seen];
    playback.feedback(nack(65_531, 65_535, 0));
    expect(seen.slice(8)).toEqual([before[1], before[5], before[6]]);
    expect(playback.counters.resent).toBe(3);
  });

  it('is not sent what it never got, or got too long ago', () => {
    const { reel, shoot } = camera();
    for (let i = 0; i < 1100; i++) shoot(1, i % 300 === 0);
    const { playback, seen } = viewer(reel, { firstSequence: 0 });
    for (let i = 0; i < 400; i++) vi.advanceTimersByTime(2);
    playback.pump();
    const sent = seen.length;
    playback.feedback(nack(sent + 5, 60_000));
    expect(seen).toHaveLength(sent);
  });

  it('is not sent a packet once more that is on its way again, nor more than a share of what is new', () => {
    const { reel, shoot } = camera();
    const { playback, seen } = viewer(reel, { firstSequence: 0 });
    shoot(20);
    playback.pump();
    for (let i = 0; i < 5; i++) playback.feedback(nack(3));
    expect(playback.counters.resent).toBe(1);
    now += 100;
    playback.feedback(nack(3));
    expect(playback.counters.resent).toBe(2);
    for (let i = 0; i < 20; i++) {
      now += 100;
      playback.feedback(nack(...Array.from({ length: 20 }, (_, sequence) => sequence)));
    }
    const most = playback.counters.resent;
    expect(most).toBeLessThan(60);
    shoot(20);
    playback.pump();
    expect(seen.at(-1)?.picture).toBe(1);
    now += 100;
    playback.feedback(nack(...Array.from({ length: 20 }, (_, sequence) => sequence)));
    expect(playback.counters.resent - most).toBe(10);
  });

  it('gets the newest GOP again when it cannot decode, later than all before and without a hole', () => {
    const { reel, shoot } = camera();
    const { playback, seen } = viewer(reel);
    for (let i = 0; i < 10; i++) {
      now += 66.7;
      shoot();
      playback.pump();
    }
    now += 30;
    playback.feedback(pli());
    expect(seen.slice(10).map(({ picture }) => picture)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    now += 36.7;
    shoot();
    playback.pump();
    expect(seen.at(-1)?.picture).toBe(10);
    const times = seen.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(seen.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 21 }, (_, i) => (65_530 + i) & 0xffff),
    );
  });

  it('does not get it at every asking', () => {
    const { reel, shoot } = camera();
    shoot();
    const { playback, seen } = viewer(reel);
    playback.pump();
    for (let i = 0; i < 10; i++) playback.feedback(pli());
    expect(seen).toHaveLength(2);
    now += 600;
    playback.feedback(pli());
    expect(seen).toHaveLength(3);
  });
});

describe('a viewer that takes times of capture', () => {
  const epochOffsetMs = 1_700_000_000_000;
  /** What each packet says of its picture: which, and when it arrived here, the test's ms. */
  function told(reel: Reel) {
    const seen: { picture: number; sequence: number; arrivedAt: number }[] = [];
    const { playback } = viewer(reel, {
      captureTime: { id: 5, epochOffsetMs },
      send(packet) {
        const header = readRtp(packet);
        expect([packet.readUInt32BE(12), packet.readUInt8(16)]).toEqual([0xbede0003, 0x57]);
        const seconds = packet.readUInt32BE(17) - 2_208_988_800;
        const epochMs = seconds * 1000 + (packet.readUInt32BE(21) / 2 ** 32) * 1000;
        seen.push({
          picture: packet.readUInt8(header?.start ?? 0),
          sequence: header?.sequence ?? -1,
          arrivedAt: Math.round(epochMs - epochOffsetMs),
        });
      },
    });
    return { playback, seen };
  }

  it('is told of each picture when it arrived, of old ones that are sent as new too', () => {
    const { reel, shoot } = camera();
    const arrived: number[] = [];
    const { playback, seen } = told(reel);
    for (let i = 0; i < 20; i++) {
      now += 67;
      arrived.push(now);
      shoot();
    }
    now += 20;
    playback.pump();
    expect(seen.map(({ arrivedAt }) => arrivedAt)).toEqual(arrived);
    now += 700;
    playback.feedback(pli());
    expect(seen.slice(20).map(({ picture, arrivedAt }) => [picture, arrivedAt])).toEqual(
      arrived.map((at, i) => [i, at]),
    );
  });

  it('gets the same again when it asks for a packet', () => {
    const { reel, shoot } = camera();
    shoot(8);
    const { playback, seen } = told(reel);
    playback.pump();
    now += 5000;
    playback.feedback(nack(65_531));
    expect(seen[8]).toEqual(seen[1]);
  });

  it('leaves the packets of others as they are', () => {
    const { reel, shoot } = camera();
    shoot();
    told(reel).playback.pump();
    const plain: Buffer[] = [];
    viewer(reel, { send: (packet) => plain.push(Buffer.from(packet)) }).playback.pump();
    expect(plain.map((packet) => [packet.length, packet.readUInt8(0)])).toEqual([[14, 0x80]]);
  });
});

describe('a viewer whose line is too narrow', () => {
  /** Pictures of four packets, a keyframe every tenth; of each but the last of a GOP two packets are asked for again. */
  function narrow(options: { thins?: boolean }) {
    const { reel, shoot } = camera();
    const { playback, seen } = viewer(reel, { ...options, firstSequence: 0 });
    let picture = 0;
    const pass = (pictures: number, isNarrow: boolean): number[] => {
      const before = seen.length;
      for (let i = 0; i < pictures; i++, picture++) {
        now += 67;
        shoot(4, picture % 10 === 0);
        const had = seen.length;
        playback.pump();
        const sent = seen.slice(had);
        if (isNarrow && sent.length > 0)
          playback.feedback(nack(...sent.slice(0, 2).map(({ sequence }) => sequence)));
      }
      return [...new Set(seen.slice(before).map((packet) => packet.picture))];
    };
    return { seen, pass };
  }

  it('gets the keyframes alone, each of them whole, and all again from a keyframe on when it carries them', () => {
    const { seen, pass } = narrow({ thins: true });
    expect(pass(20, false)).toHaveLength(20);
    pass(20, true);
    expect(pass(20, true)).toEqual([40, 50]);
    expect(seen.filter(({ picture }) => picture === 50).filter(({ marker }) => marker)).toHaveLength(1);
    const after = pass(100, false);
    const whole = after.findIndex((picture, i) => after[i + 1] === picture + 1);
    expect(after.slice(0, whole + 1).map((picture) => picture % 10)).toEqual(
      Array.from({ length: whole + 1 }, () => 0),
    );
    expect(after.slice(whole)).toEqual(
      Array.from({ length: 160 - (after[whole] ?? 0) }, (_, i) => (after[whole] ?? 0) + i),
    );
  });

  it('ends the picture that has begun, and leaves no hole in the numbers', () => {
    const { seen, pass } = narrow({ thins: true });
    pass(60, true);
    const first = new Map(seen.map((packet) => [packet.sequence, packet]));
    expect([...first.keys()]).toEqual(Array.from({ length: first.size }, (_, i) => i));
    const packetsOf = Map.groupBy(first.values(), ({ picture }) => picture);
    expect(new Set([...packetsOf.values()].map((packets) => packets.length))).toEqual(new Set([4]));
  });

  it('gets everything where that was not wanted', () => {
    const { pass } = narrow({});
    expect(pass(60, true)).toHaveLength(60);
  });
});

describe('when the source breaks', () => {
  it('waits for the next keyframe and goes on where it was', () => {
    const { reel, shoot } = camera();
    shoot();
    const { playback, seen } = viewer(reel);
    playback.pump();
    reel.forgetKeyframe();
    playback.hold();
    playback.pump();
    now += 3000;
    shoot(1, false);
    playback.pump();
    expect(seen).toHaveLength(1);
    shoot(2, true);
    playback.pump();
    expect(seen.map(({ sequence }) => sequence)).toEqual([65_530, 65_531, 65_532]);
    expect(seen[1]?.timestamp).toBeGreaterThan(seen[0]?.timestamp ?? Infinity);
  });
});

describe('sender reports', () => {
  it('tie the timestamp of now to the wall clock', () => {
    const { reel, shoot } = camera();
    const { playback, seen, reports } = viewer(reel);
    playback.report(1_700_000_000_000);
    expect(reports).toEqual([]);
    shoot(3);
    playback.pump();
    now += 10;
    playback.report(1_700_000_000_000);
    const report = readSenderReport(reports[0] ?? Buffer.alloc(0));
    expect(report?.timeMs).toBeCloseTo(1_700_000_000_000, 2);
    expect(report?.timestamp).toBe((seen[0]?.timestamp ?? 0) + 900);
    expect(reports[0]?.readUInt32BE(20)).toBe(3);
  });
});

describe('closing', () => {
  it('ends a burst under way', () => {
    const { reel, shoot } = camera();
    shoot(100);
    const { playback, seen } = viewer(reel);
    playback.pump();
    playback.close();
    playback.close();
    vi.advanceTimersByTime(100);
    playback.feedback(nack(65_531));
    expect(seen).toHaveLength(24);
  });
});
