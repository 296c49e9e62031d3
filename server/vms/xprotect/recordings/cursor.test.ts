import { expect, it } from 'vitest';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras, type SiteCamera } from '#mocks/site/cameras.ts';
import { oldestKept, sequences } from '#mocks/site/recordings.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import type { RecordedFrame } from '#server/vms/recordings.ts';
import { recordedSite } from '../testing/recorded-site.ts';

const hour = 3_600_000;
const never = new AbortController().signal;
const steady = siteCameras[0]!;
const moved = siteCameras[1]!;
const yes = { keyframe: true };
const no = { keyframe: false };
const longAgo = Date.now() - 30 * hour + 777;

const indexAt = (timeMs: number, camera: SiteCamera = steady, format: 'main' | 'sub' = 'main') =>
  plainPictures.indexAt(camera, format, timeMs);
const keyOf = (index: number) => plainPictures.keyframeAtOrBefore(steady, 'main', index);
const timeOf = (index: number) => plainPictures.timeOf(steady, 'main', index);
/** What a plain picture says it is. */
const textOf = (frame: RecordedFrame | undefined) =>
  /\d+ (main|sub) \d+/.exec(Buffer.from(frame?.units.at(-1) ?? []).toString('latin1'))?.[0];

/** A span of the camera on motion, and the one after it. */
function gap() {
  const now = Date.now();
  const spans = sequences(moved, { start: now - 96 * hour, end: now - 72 * hour }, now);
  const i = spans.findIndex((span, at) => span.end - span.start > 20_000 && spans[at + 1] !== undefined);
  return { before: spans[i]!, after: spans[i + 1]! };
}

it('gives pictures as the camera made them, byte for byte, from both streams', async () => {
  const pictures = await openPictures();
  const { recordings } = await recordedSite({ pictures });
  for (const format of ['main', 'sub'] as const) {
    const cursor = await recordings.cursor(steady.id, format, never);
    const index = pictures.indexAt(steady, format, longAgo);
    let at = pictures.keyframeAtOrBefore(steady, format, index);
    let frame = await cursor.at(longAgo, yes, never);
    for (let i = 0; i < 60; i++, at++) {
      const made = pictures.at(steady, format, at);
      expect(frame).toMatchObject({ codec: 'H264', timeMs: made.timeMs, isKeyframe: made.isKeyframe });
      expect(frame!.units.map((unit) => Buffer.from(unit).toString('hex'))).toEqual(
        made.nalUnits.map((unit) => Buffer.from(unit).toString('hex')),
      );
      frame = await cursor.next(never);
    }
    cursor.close();
  }
});

it('finds the very picture of a moment, the keyframe before it, and steps both ways', async () => {
  const { recordings } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  const index = indexAt(longAgo);
  expect(textOf(await cursor.at(longAgo, no, never))).toBe(`1 main ${index}`);
  expect(textOf(await cursor.at(timeOf(index), no, never))).toBe(`1 main ${index}`);
  expect(textOf(await cursor.at(timeOf(index) - 1, no, never))).toBe(`1 main ${index - 1}`);
  const key = await cursor.at(longAgo, yes, never);
  expect(key).toMatchObject({ isKeyframe: true, timeMs: timeOf(keyOf(index)) });
  expect(key).toMatchObject({ previousMs: timeOf(keyOf(index) - 1), nextMs: timeOf(keyOf(index) + 1) });
  const seen = [];
  for (const step of [
    'next',
    'next',
    'previous',
    'next',
    'previous',
    'previous',
    'previous',
    'next',
  ] as const)
    seen.push(textOf(await cursor[step](never)));
  const at = keyOf(index);
  expect(seen).toEqual([1, 2, 1, 2, 1, 0, -1, 0].map((step) => `1 main ${at + step}`));
});

it('plays across a gap, and finds what lies before a moment within one', async () => {
  const { recordings } = await recordedSite();
  const cursor = await recordings.cursor(moved.id, 'main', never);
  const { before, after } = gap();
  const inGap = after.start - 3000;
  const last = await cursor.at(inGap, no, never);
  expect(textOf(last)).toBe(`2 main ${indexAt(before.end - 1, moved)}`);
  expect(last!.nextMs).toBeGreaterThan(before.end);
  const first = await cursor.next(never);
  expect(first).toMatchObject({ isKeyframe: true, timeMs: last!.nextMs, previousMs: last!.timeMs });
  expect(first!.timeMs).toBeLessThanOrEqual(after.start);
  expect(textOf(await cursor.previous(never))).toBe(textOf(last));
  const key = await cursor.at(inGap, yes, never);
  expect(key).toMatchObject({ isKeyframe: true });
  expect(key!.timeMs).toBeLessThanOrEqual(before.end);
  expect(before.end - key!.timeMs).toBeLessThanOrEqual(2040);
});

it('has nothing before the first recording and nothing after the last, and goes on when there is more', async () => {
  const { recordings } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  expect(await cursor.at(oldestKept(Date.now()) - hour, no, never)).toBeUndefined();
  expect(await cursor.at(1, yes, never)).toBeUndefined();
  const first = await cursor.next(never);
  expect(Math.abs(first!.timeMs - oldestKept(Date.now()))).toBeLessThanOrEqual(2000);
  expect(first!.previousMs).toBeUndefined();
  expect(await cursor.previous(never)).toBeUndefined();
  expect(textOf(await cursor.next(never))).toBe(`1 main ${indexAt(first!.timeMs) + 1}`);

  const now = Date.now();
  let at = indexAt((await cursor.at(now, no, never))!.timeMs);
  expect(Math.abs(timeOf(at) - now)).toBeLessThan(500);
  let pauses = 0;
  while (pauses < 3) {
    const frame = await cursor.next(never);
    if (frame === undefined) {
      pauses++;
      await new Promise((resolve) => setTimeout(resolve, 90));
    } else expect(textOf(frame)).toBe(`1 main ${++at}`);
  }
});

it('reads video blocks as well', async () => {
  const { recordings } = await recordedSite({ features: { videoBlocks: true } });
  const cursor = await recordings.cursor(steady.id, 'main', never);
  const key = keyOf(indexAt(longAgo));
  expect(await cursor.at(longAgo, yes, never)).toMatchObject({ isKeyframe: true, timeMs: timeOf(key) });
  const next = await cursor.next(never);
  expect(next).toMatchObject({ isKeyframe: false, codec: 'H264', timeMs: timeOf(key + 1) });
  expect(textOf(next)).toBe(`1 main ${key + 1}`);
});

it('plays the main stream where the sub one is not recorded', async () => {
  const { recordings } = await recordedSite({ features: { recordsSubStream: false } });
  const cursor = await recordings.cursor(steady.id, 'sub', never);
  expect(textOf(await cursor.at(longAgo, no, never))).toBe(`1 main ${indexAt(longAgo)}`);
});

it('answers calls in the order they were made', async () => {
  const { recordings, xprotect } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  xprotect.faults.setSurface('image-server', { latencyMs: 10 });
  const index = indexAt(longAgo);
  const frames = await Promise.all([
    cursor.at(longAgo, no, never),
    cursor.next(never),
    cursor.next(never),
    cursor.previous(never),
  ]);
  expect(frames.map(textOf)).toEqual([0, 1, 2, 1].map((step) => `1 main ${index + step}`));
});

it('keeps four requests ahead of the player, and no more', async () => {
  const { recordings, xprotect } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  const index = indexAt((await cursor.at(longAgo, no, never))!.timeMs);
  for (let i = 1; i <= 40; i++) expect(textOf(await cursor.next(never))).toBe(`1 main ${index + i}`);
  await expect.poll(() => xprotect.calls.get('next')).toBe(44);
});

it('can be left in the middle of an answer, and the next answer is still the right one', async () => {
  const { recordings, xprotect } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  const index = indexAt((await cursor.at(longAgo, no, never))!.timeMs);
  xprotect.faults.setSurface('image-server', { latencyMs: 30 });
  for (let i = 0; i < 5; i++) {
    const scrubbed = cursor.at(longAgo - i * hour, yes, AbortSignal.timeout(5));
    await expect(scrubbed).rejects.toMatchObject({ name: 'TimeoutError' });
  }
  // The place is where it was before.
  expect(textOf(await cursor.next(never))).toBe(`1 main ${index + 1}`);
  await expect(cursor.next(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  const impatient = new AbortController();
  const waiting = cursor.next(impatient.signal);
  setImmediate(() => impatient.abort(new Error('left')));
  await waiting.catch(() => undefined);
  const there = textOf(await cursor.next(never));
  expect([`1 main ${index + 2}`, `1 main ${index + 3}`]).toContain(there);
  const other = await cursor.at(longAgo - 9 * hour, no, never);
  expect(textOf(other)).toBe(`1 main ${indexAt(longAgo - 9 * hour)}`);
  expect(xprotect.connectionCount).toBe(1);
});

it('leaves a clean connection to whoever comes next, however it was left', async () => {
  const { recordings, xprotect } = await recordedSite();
  xprotect.faults.setSurface('image-server', { latencyMs: 20 });
  for (let i = 0; i < 4; i++) {
    const cursor = await recordings.cursor(steady.id, 'main', never);
    const scrubbed = cursor.at(longAgo - i * hour, no, AbortSignal.timeout(10));
    await expect(scrubbed).rejects.toMatchObject({ name: 'TimeoutError' });
    cursor.close();
    cursor.close();
    await expect(cursor.next(never)).rejects.toMatchObject({ code: 'unavailable' });
    const after = await recordings.cursor(steady.id, 'main', never);
    expect(textOf(await after.at(longAgo, no, never))).toBe(`1 main ${indexAt(longAgo)}`);
    after.close();
  }
  // The one in use when the second came, and the second's: both clean, both resting.
  expect(recordings.connectionCount).toBeLessThanOrEqual(2);
});

it('closes connections that nobody uses for a while', async () => {
  const { recordings, xprotect } = await recordedSite({ adapter: { recordings: { idleMs: 50 } } });
  const cursor = await recordings.cursor(steady.id, 'main', never);
  await cursor.at(longAgo, no, never);
  cursor.close();
  await expect.poll(() => xprotect.connectionCount).toBe(0);
  expect(recordings.connectionCount).toBe(0);
});

it('opens no more connections to a recorder than it may, and says so after a while', async () => {
  const { recordings, xprotect } = await recordedSite({
    adapter: { recordings: { perRecorder: 2, waitMs: 60 } },
  });
  const [first, second] = [
    await recordings.cursor(siteCameras[0]!.id, 'main', never),
    await recordings.cursor(siteCameras[1]!.id, 'main', never),
  ];
  await expect(recordings.cursor(siteCameras[2]!.id, 'main', never)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('Too many') as string,
  });
  const waiting = recordings.cursor(siteCameras[3]!.id, 'main', never);
  first.close();
  expect(textOf(await (await waiting).at(longAgo, no, never))).toMatch(/^4 main/);
  expect(xprotect.connectionCount).toBeLessThanOrEqual(2);
  // A resting connection makes room for another camera's.
  second.close();
  await expect.poll(() => recordings.connectionCount).toBe(2);
  await recordings.cursor(siteCameras[4]!.id, 'main', never);
  expect(recordings.connectionCount).toBe(2);
});

it('hands a place over at once to somebody who waits, whatever the one before has not heard yet', async () => {
  const { recordings, xprotect } = await recordedSite({
    adapter: { recordings: { perRecorder: 1, waitMs: 1000 } },
  });
  const first = await recordings.cursor(siteCameras[0]!.id, 'main', never);
  xprotect.faults.setSurface('image-server', { latencyMs: 60_000 });
  const asked = expect(first.at(longAgo, no, never)).rejects.toMatchObject({ code: 'unavailable' });
  const waiting = recordings.cursor(siteCameras[1]!.id, 'main', never);
  first.close();
  const second = await waiting;
  await asked;
  // The same for somebody who comes when it is given back already.
  void second.at(longAgo, no, never).catch(() => undefined);
  second.close();
  expect(await recordings.cursor(siteCameras[2]!.id, 'main', never)).toBeDefined();
});

it('plays on over the end of its token, without losing or doubling a picture', async () => {
  const { recordings, xprotect } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  let at = indexAt((await cursor.at(longAgo, yes, never))!.timeMs);
  for (let i = 0; i < 30; i++) {
    if (i === 10) {
      xprotect.faults.expireTokens();
      // Dead tokens end connections within a quarter of a second.
      await expect.poll(() => xprotect.connectionCount).toBe(0);
    }
    expect(textOf(await cursor.next(never))).toBe(`1 main ${++at}`);
  }
});

it('renews its token before it dies, on the same connection', async () => {
  const { recordings, xprotect } = await recordedSite({ vmsTokenLifeMs: 800 });
  const cursor = await recordings.cursor(steady.id, 'main', never);
  let at = indexAt((await cursor.at(longAgo, yes, never))!.timeMs);
  const until = performance.now() + 2000;
  while (performance.now() < until) {
    expect(textOf(await cursor.next(never))).toBe(`1 main ${++at}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(xprotect.calls.get('connect')).toBe(1);
  expect(xprotect.calls.get('connectupdate')).toBeGreaterThanOrEqual(2);
});

it('says that the recorder has died under it, and goes on from its place when it is back', async () => {
  const { recordings, xprotect } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  const index = indexAt((await cursor.at(longAgo, no, never))!.timeMs);
  await cursor.next(never);
  xprotect.faults.setRecorder(1, 'offline');
  let error: unknown;
  for (let i = 0; i < 10 && error === undefined; i++)
    await cursor.next(never).catch((thrown: unknown) => (error = thrown));
  expect(error).toMatchObject({ name: 'VmsError', code: 'unavailable' });
  expect((error as Error).message).not.toMatch(/127\.0\.0\.1|TOKEN/);
  xprotect.faults.setRecorder(1, 'online');
  await expect.poll(() => cursor.previous(never).then(textOf, () => undefined)).toMatch(/^1 main \d+$/);
  expect(indexAt((await cursor.at(longAgo, no, never))!.timeMs)).toBe(index);
});

it('goes on where it was at the failover server that took the cameras over, and back again', async () => {
  const { recordings, xprotect } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  let at = indexAt((await cursor.at(longAgo, yes, never))!.timeMs);
  const address = recordings.recorderOf?.(steady.id);
  const next = () => cursor.next(never).then(textOf, () => undefined);
  for (const state of ['failed-over', 'online'] as const) {
    xprotect.faults.setRecorder(1, state);
    // What had been asked for before the machine was gone may still come.
    for (let i = 0; i < 10; i++) {
      await expect.poll(next, { timeout: 5000 }).toBe(`1 main ${at + 1}`);
      at += 1;
    }
    expect(recordings.recorderOf?.(steady.id) === address).toBe(state === 'online');
    const end = Date.now() - 3_600_000;
    const { recorded } = await recordings.spans(steady.id, { start: end - 3_600_000, end }, never);
    expect(recorded.length).toBeGreaterThan(0);
  }
});

it('survives a connection that breaks between any two pictures', async () => {
  const { recordings, xprotect } = await recordedSite();
  const cursor = await recordings.cursor(steady.id, 'main', never);
  let at = indexAt((await cursor.at(longAgo, no, never))!.timeMs);
  for (let i = 0; i < 12; i++) {
    if (i % 3 === 0) xprotect.faults.killConnections();
    expect(textOf(await cursor.next(never))).toBe(`1 main ${++at}`);
  }
});
