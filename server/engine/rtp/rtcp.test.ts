import { describe, expect, it } from 'vitest';
import { readFeedback, readSenderReport, receiverReport, senderReport } from './rtcp.ts';

const ssrc = 0xa1b2c3d4;
const words = (...values: number[]): Buffer => {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => out.writeUInt32BE(value >>> 0, i * 4));
  return out;
};

describe('feedback of a viewer', () => {
  it('reads which packets are missing', () => {
    const nack = words(0x81cd0004, 1, ssrc, (65_534 << 16) | 0b101, (10 << 16) | 0x8000);
    expect(readFeedback(nack, ssrc)).toEqual([{ kind: 'nack', sequences: [65_534, 65_535, 1, 10, 26] }]);
  });

  it('reads both ways of asking for a keyframe', () => {
    expect(readFeedback(words(0x81ce0002, 1, ssrc), ssrc)).toEqual([{ kind: 'keyframe' }]);
    expect(readFeedback(words(0x84ce0004, 1, 0, ssrc, 0x01000000), ssrc)).toEqual([{ kind: 'keyframe' }]);
  });

  it('reads the loss a compound packet reports, and the request behind it', () => {
    const report = words(0x81c90007, 1, ssrc, (64 << 24) | 3, 100, 0, 0x12345678, 65_536);
    expect(readFeedback(Buffer.concat([report, words(0x81ce0002, 1, ssrc)]), ssrc)).toEqual([
      { kind: 'report', lost: 0.25, lastReport: 0x12345678, delaySinceMs: 1000 },
      { kind: 'keyframe' },
    ]);
  });

  it.each([
    ['about another stream', words(0x81ce0002, 1, ssrc + 1)],
    ['cut short', words(0x81cd0004, 1, ssrc)],
    ['of no known version', words(0x41ce0002, 1, ssrc)],
    ['empty', Buffer.alloc(0)],
    ['rubbish', Buffer.from('not rtcp at all, really')],
  ])('makes nothing of what is %s', (_what, packet) => {
    expect(readFeedback(packet, ssrc)).toEqual([]);
  });
});

describe('sender reports', () => {
  it('say when a timestamp was, and can be read back', () => {
    const timeMs = Date.UTC(2026, 10, 20, 16, 4, 5, 250);
    const report = senderReport({
      ssrc,
      timeMs,
      timestamp: 2 ** 32 + 7,
      packets: 12,
      octets: 3456,
      cname: 'parapet-1',
    });
    expect(report.length % 4).toBe(0);
    expect(readSenderReport(report)?.timeMs).toBeCloseTo(timeMs, 3);
    expect(readSenderReport(report)?.timestamp).toBe(7);
    expect([report.readUInt32BE(20), report.readUInt32BE(24)]).toEqual([12, 3456]);
    // The description behind it names the same source (RFC 3550 6.5).
    expect(report.readUInt8(29)).toBe(202);
    expect(28 + 4 + report.readUInt16BE(30) * 4).toBe(report.length);
    expect(report.readUInt32BE(32)).toBe(ssrc);
    expect(report.toString('ascii', 38, 38 + report.readUInt8(37))).toBe('parapet-1');
  });

  it('are not read from anything else', () => {
    expect(readSenderReport(receiverReport(1))).toBeUndefined();
  });
});
