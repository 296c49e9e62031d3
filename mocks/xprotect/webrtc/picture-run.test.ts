import { describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { oldestKept, sequencesAround } from '#mocks/site/recordings.ts';
import type { CameraFault } from '../faults.ts';
import { RecordedFrames } from '../image-server/recorded-frames.ts';
import { plainPictures } from '../testing/plain-pictures.ts';
import { LiveRun, RecordedRun, type DuePicture, type PictureRun } from './picture-run.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 20, 13, 37, 21, 456);
const [always, onMotion] = [siteCameras[0]!, siteCameras[1]!];

const recorded = (camera: typeof always, from: number, { skipsGaps = false, speed = 1 } = {}): RecordedRun =>
  new RecordedRun(
    new RecordedFrames(camera, 'main', plainPictures),
    (index) => plainPictures.at(camera, 'main', index),
    { from, skipsGaps, speed },
  );
/** What falls due of a run until `until`, with the time it did. */
function watch(run: PictureRun, from: number, until: number): (DuePicture & { at: number })[] {
  const seen = [];
  for (let at = from; at <= until; at = Math.max(at + 1, Math.ceil(run.dueAt)))
    seen.push(...run.take(at).map((picture) => ({ ...picture, at })));
  return seen;
}

describe('what is live', () => {
  const run = (fault: () => CameraFault | undefined = () => undefined) =>
    new LiveRun({ pictures: plainPictures, subject: always, format: 'main', fault });

  it('begins with a keyframe at nought and counts milliseconds', () => {
    const seen = watch(run(), now, now + 5000);
    expect(seen[0]).toMatchObject({ timestamp: 0, unit: { isKeyframe: true } });
    const origin = seen[0]!.unit.timeMs;
    expect(seen.every(({ unit, timestamp }) => timestamp === unit.timeMs - origin)).toBe(true);
    expect(now - origin).toBeLessThan(2000);
    expect(seen.at(-1)!.unit.timeMs).toBeGreaterThan(now + 4900);
  });

  it('stands still while the camera is lost and begins again with a keyframe, on the same clock', () => {
    let fault: CameraFault | undefined;
    const live = run(() => fault);
    const before = watch(live, now, now + 1000);
    fault = 'offline';
    expect(watch(live, now + 1001, now + 9000)).toEqual([]);
    fault = undefined;
    const after = watch(live, now + 9001, now + 10_000);
    expect(after[0]!.unit.isKeyframe).toBe(true);
    expect(after[0]!.timestamp).toBe(after[0]!.unit.timeMs - before[0]!.unit.timeMs);
  });

  it('shows one picture over and over while the camera is frozen, and after that nothing before a keyframe', () => {
    let fault: CameraFault | undefined = 'frozen';
    const live = run(() => fault);
    const frozen = watch(live, now, now + 3000);
    expect(new Set(frozen.map(({ unit }) => unit.index)).size).toBe(1);
    expect(new Set(frozen.map(({ timestamp }) => timestamp)).size).toBe(frozen.length);
    fault = undefined;
    const after = watch(live, now + 3001, now + 6000);
    expect(after[0]!.unit.isKeyframe).toBe(true);
    expect(after[0]!.timestamp).toBeGreaterThan(frozen.at(-1)!.timestamp);
    expect(after[0]!.unit.timeMs).toBeGreaterThan(now + 3000);
  });

  it('stands at the picture at which it froze, and at no older one', () => {
    let isFrozen = false;
    const live = run(() => (isFrozen ? 'frozen' : undefined));
    const before = watch(live, now, now + 1500);
    isFrozen = true;
    const [held] = watch(live, now + 1501, now + 2000);
    expect(held!.unit).toMatchObject({ isKeyframe: true, index: before.at(-1)!.unit.index + 1 });
  });

  it('shows what is now as soon as it thaws, as keyframes until one is due', () => {
    let isFrozen = true;
    const live = run(() => (isFrozen ? 'frozen' : undefined));
    watch(live, now, now + 100);
    isFrozen = false;
    const after = watch(live, now + 101, now + 3000).map(({ unit, at }) => ({ ...unit, at }));
    expect(after[0]!.timeMs).toBeGreaterThan(now + 60);
    expect(after.every(({ timeMs, at }) => at - timeMs < 50)).toBe(true);
    const due = after.findIndex(({ index }) => index % 50 === 0);
    expect(due).toBeGreaterThan(10);
    const coded = after.map(({ isKeyframe }, i) => isKeyframe === i <= due);
    expect(coded.slice(0, due + 50)).not.toContain(false);
  });
});

describe('what was recorded', () => {
  it('begins at once with the keyframe behind the wished time, and timestamps count from that time', () => {
    const from = now - day + 321;
    const seen = watch(recorded(always, from), now, now + 2000);
    expect(seen[0]).toMatchObject({ at: now, unit: { isKeyframe: true } });
    expect(seen[0]!.timestamp).toBeLessThan(2000);
    expect(seen.every(({ unit, timestamp }) => unit.timeMs === from + timestamp)).toBe(true);
    const played = seen.at(-1)!.timestamp - seen[0]!.timestamp;
    expect(played).toBeGreaterThan(1950);
    expect(played).toBeLessThanOrEqual(2000);
  });

  it.each([0.5, 4, 32])('plays at %d times the speed, timestamps in recorded time', (speed) => {
    const seen = watch(recorded(always, now - day, { speed }), now, now + 2000);
    const played = seen.at(-1)!.timestamp - seen[0]!.timestamp;
    expect(played / speed).toBeGreaterThan(1900);
    expect(played / speed).toBeLessThanOrEqual(2000);
  });

  describe('at a gap', () => {
    const { current, next } = (() => {
      const span = sequencesAround(onMotion, now - day, now);
      const first = span.current ?? span.next!;
      return { current: first, next: sequencesAround(onMotion, first.end - 1, now).next! };
    })();
    const from = current.end - 3000;
    const gapMs = next.start - current.end;

    it('stands still for as long as the gap is', () => {
      const seen = watch(recorded(onMotion, from), now, now + 3000 + gapMs + 5000);
      const jump = seen.findIndex(({ timestamp }, i) => timestamp - (seen[i - 1]?.timestamp ?? 0) > 2000);
      const stood = seen[jump]!.at - seen[jump - 1]!.at;
      expect(seen[jump]!.timestamp - seen[jump - 1]!.timestamp).toBeGreaterThan(gapMs - 2100);
      expect(Math.abs(stood - (seen[jump]!.timestamp - seen[jump - 1]!.timestamp))).toBeLessThan(50);
    });

    it('with skipGaps goes on at once, and only timestamps tell of it', () => {
      const seen = watch(recorded(onMotion, from, { skipsGaps: true }), now, now + 6000);
      const jump = seen.findIndex(({ timestamp }, i) => timestamp - (seen[i - 1]?.timestamp ?? 0) > 2000);
      expect(seen[jump]!.at - seen[jump - 1]!.at).toBeLessThan(50);
      expect(seen[jump]!.timestamp - seen[jump - 1]!.timestamp).toBeGreaterThan(gapMs - 2100);
      expect(seen[jump]!.unit.isKeyframe).toBe(true);
      expect(from + seen[jump]!.timestamp).toBe(seen[jump]!.unit.timeMs);
    });

    it('begins with the first picture behind it, late or at once', () => {
      const inGap = next.start - 4000;
      const patient = watch(recorded(onMotion, inGap), now, now + 4500);
      expect(patient[0]!.at - now).toBe(patient[0]!.timestamp);
      const hasty = watch(recorded(onMotion, inGap, { skipsGaps: true }), now, now + 100);
      expect(hasty[0]).toMatchObject({ at: now, timestamp: patient[0]!.timestamp });
    });
  });

  it('has no picture ever when the wished time is 24.8 days and more before the first one', () => {
    const oldest = oldestKept(now);
    const beyond = recorded(always, oldest - 2 ** 31 - 5000, { skipsGaps: true });
    expect(beyond.take(now)).toEqual([]);
    expect(beyond.dueAt).toBe(Infinity);
    const within = recorded(always, oldest - 24 * day, { skipsGaps: true });
    expect(within.take(now)[0]!.timestamp).toBeGreaterThanOrEqual(24 * day);
  });

  it('goes on with what is recorded while it plays, and waits for a time that has not come', () => {
    const edge = watch(recorded(always, now - 3000), now, now + 8000);
    expect(edge.at(-1)!.unit.timeMs).toBeGreaterThan(now + 4000);
    expect(edge.every(({ unit, at }) => unit.timeMs <= at)).toBe(true);
    const future = watch(recorded(always, now + 5000), now, now + 10_000);
    expect(future[0]!.unit.timeMs).toBeGreaterThanOrEqual(now + 5000);
  });
});
