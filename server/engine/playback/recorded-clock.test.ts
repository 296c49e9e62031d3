import { describe, expect, it } from 'vitest';
import { rangeStart, RecordedClock, replayTime, rtpTimeOf } from './recorded-clock.ts';

const at = Date.UTC(2025, 9, 24, 10);
const clock = (more: { rangeMs?: number; rtpTime?: number } = {}): RecordedClock =>
  new RecordedClock({
    startMs: at,
    endMs: at + 3_600_000,
    clockRate: 90_000,
    rangeMs: more.rangeMs,
    rtpTime: more.rtpTime,
  });

it.each([
  ['clock=20251024T100000Z-', at],
  ['clock=20251024T100000.040Z-20251024T110000Z', at + 40],
  [' CLOCK = 20251024T100000.5Z-', at + 500],
  ['npt=0.000-', undefined],
  ['clock=yesterday-', undefined],
  [undefined, undefined],
])('reads the beginning of the range %s', (field, expected) => {
  expect(rangeStart(field)).toBe(expected);
});

it('reads the RTP time of the first stream', () => {
  expect(rtpTimeOf('url=rtsp://x/trackID=1;seq=7;rtptime=4294967295,url=rtsp://x/trackID=2;rtptime=5')).toBe(
    4_294_967_295,
  );
  expect(rtpTimeOf('url=rtsp://x/trackID=1;seq=7')).toBeUndefined();
});

it('reads the time that ONVIF puts into the header extension, behind CSRCs too, and no other extension', () => {
  const packet = Buffer.alloc(12 + 4 + 16 + 3);
  packet[0] = 0x91;
  packet.writeUInt16BE(0xabac, 16);
  packet.writeUInt16BE(3, 18);
  packet.writeUInt32BE(at / 1000 + 2_208_988_800, 20);
  packet.writeUInt32BE(2 ** 31, 24);
  expect(replayTime(packet)).toBe(at + 500);
  packet.writeUInt16BE(0xbede, 16);
  expect(replayTime(packet)).toBeUndefined();
  expect(replayTime(Buffer.from([0x90, 96, 0, 0]))).toBeUndefined();
});

describe('recorded time', () => {
  it('takes the first picture for the moment asked for where nothing is said', () => {
    const unsaid = clock();
    expect(unsaid.timeOf(1000, undefined)).toBe(at);
    expect(unsaid.timeOf(1000 + 3600, undefined)).toBe(at + 40);
  });

  it('counts from the range that the server says it plays', () => {
    const dated = clock({ rangeMs: at - 1500, rtpTime: 5000 });
    expect(dated.timeOf(5000 + 9000, undefined)).toBe(at - 1400);
    expect(clock({ rangeMs: at - 1500 }).timeOf(77, undefined)).toBe(at - 1500);
  });

  it('does not believe a range that is far from what was asked for', () => {
    expect(clock({ rangeMs: 0, rtpTime: 0 }).timeOf(9000, undefined)).toBe(at);
  });

  it('goes on over the turn of RTP’s clock', () => {
    const turning = clock({ rangeMs: at, rtpTime: 2 ** 32 - 900 });
    expect(turning.timeOf(2 ** 32 - 900, undefined)).toBe(at);
    expect(turning.timeOf(2700, undefined)).toBe(at + 40);
    expect(turning.timeOf(2 ** 31, undefined)).toBeCloseTo(at + (2 ** 31 + 900) / 90, 3);
  });

  it('believes what a picture says itself, and counts on from there', () => {
    const told = clock();
    expect(told.timeOf(0, at - 700)).toBe(at - 700);
    expect(told.timeOf(3600, undefined)).toBe(at - 660);
    // A gap that RTP's clock leaves out.
    expect(told.timeOf(7200, at + 60_000)).toBe(at + 60_000);
    expect(told.timeOf(10_800, undefined)).toBe(at + 60_040);
  });
});
