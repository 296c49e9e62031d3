import { describe, expect, it } from 'vitest';
import { mediaPacket } from './packet.ts';
import { Reel } from './reel.ts';

const packet = (timestamp: number): ReturnType<typeof mediaPacket> =>
  mediaPacket([Uint8Array.of(timestamp & 0xff)], timestamp, true);

describe('reel', () => {
  it('keeps everything since the last keyframe, and enough before it for those who ask again', () => {
    const reel = new Reel();
    for (let i = 0; i < 2000; i++) reel.push(packet(i), i === 0 || i === 1900, i);
    expect(reel.head).toBe(2000);
    expect(reel.keyframe).toBe(1900);
    expect(reel.at(1900)?.timestamp).toBe(1900);
    expect(reel.at(1900 - 512)?.timestamp).toBe(1900 - 512);
    expect(reel.at(1900 - 513)).toBeUndefined();
    expect(reel.at(2000)).toBeUndefined();
  });

  it('keeps a long GOP whole', () => {
    const reel = new Reel();
    for (let i = 0; i < 5000; i++) reel.push(packet(i), i === 100, i);
    expect(reel.keyframe).toBe(100);
    expect(reel.at(100)?.timestamp).toBe(100);
  });

  it('gives a GOP up that is too large to keep, and does not grow for ever', () => {
    const reel = new Reel();
    const large = mediaPacket([new Uint8Array(60_000)], 1, true);
    reel.push(large, true, 0);
    for (let i = 0; i < 3000; i++) reel.push({ ...large, timestamp: 2 + i }, false, 0);
    expect(reel.keyframe).toBeUndefined();
    expect(reel.at(reel.head - 512)).toBeDefined();
    expect(reel.at(reel.head - 2100)).toBeUndefined();
  });

  it('forgets the keyframe but not the packets when the source breaks', () => {
    const reel = new Reel();
    reel.push(packet(1), true, 0);
    reel.forgetKeyframe();
    expect(reel.keyframe).toBeUndefined();
    expect(reel.at(0)).toBeDefined();
  });

  it('knows how far apart pictures are, and when the newest began to arrive', () => {
    const reel = new Reel();
    reel.push(packet(90), true, 5);
    reel.push(packet(90), false, 6);
    reel.push(packet(3690), false, 45);
    expect([reel.interval, reel.arrivalMs, reel.lastTimestamp]).toEqual([3600, 45, 3690]);
  });
});
