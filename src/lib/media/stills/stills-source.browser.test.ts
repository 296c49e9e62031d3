import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MediaSession } from '../media-source.ts';
import { StillsSource, type StillsOptions } from './stills-source.ts';
import { PretendStills } from './testing/pretend-stills.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  cleanups.splice(0).forEach((cleanup) => cleanup());
});

const soon = () => AbortSignal.timeout(10_000);

function stage(options: StillsOptions = {}, everyMs?: number) {
  const server = new PretendStills(everyMs);
  const source = new StillsSource('/api/stills/r1', {
    fetch: server.fetch,
    paceMs: 20,
    isNarrow: () => false,
    random: () => 0,
    ...options,
  });
  return { server, source };
}

async function open(staged: ReturnType<typeof stage>): Promise<MediaSession> {
  const session = await staged.source.open(soon());
  cleanups.unshift(() => session.close());
  return session;
}

function element(): HTMLVideoElement {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  document.body.append(video);
  cleanups.push(() => video.remove());
  return video;
}

/** Resolves with the width of the next picture that is presented. */
function nextPicture(video: HTMLVideoElement): Promise<number> {
  return new Promise((resolve) => video.requestVideoFrameCallback((_, frame) => resolve(frame.width)));
}

/** The page says that it is hidden, or seen again. */
function look(state: DocumentVisibilityState): void {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('stills', () => {
  it('are frames of a video, one after the other', async () => {
    const session = await open(stage());
    const video = element();
    cleanups.push(session.attach(video));
    expect(await nextPicture(video)).toBe(320);
    for (let n = 0; n < 3; n += 1) expect(await nextPicture(video)).toBe(320);
    expect(session.way).toBe('stills');
    const { framesDecoded = 0, bytesReceived = 0, ...vitals } = (await session.vitals()) ?? {};
    expect(vitals).toMatchObject({ codec: 'JPEG', width: 320, height: 180 });
    expect([framesDecoded > 2, bytesReceived > 500]).toEqual([true, true]);
  });

  it('show the first at once, though no second ever comes', async () => {
    const staged = stage({}, 1_000_000);
    const session = await open(staged);
    const [early, late] = [element(), element()];
    cleanups.push(session.attach(early));
    expect(await nextPicture(early)).toBe(320);
    cleanups.push(session.attach(late));
    expect(await nextPicture(late)).toBe(320);
    expect((await session.vitals())?.framesDecoded).toBe(1);
  });

  it('know when they were taken', async () => {
    const staged = stage({}, 1_000_000);
    const session = await open(staged);
    const video = element();
    expect(session.captureTimeOf(video)).toBeUndefined();
    cleanups.push(session.attach(video));
    expect(session.captureTimeOf(video)).toBe(Date.UTC(2026, 10, 20, 12));
    expect(session.captureTimeOf(element())).toBeUndefined();
  });

  it('are waited for at the server, where requests do not hold up others', async () => {
    const staged = stage();
    await open(staged);
    await expect.poll(() => staged.server.asked.length).toBeGreaterThan(2);
    expect(staged.server.asked.slice(0, 2)).toEqual(['', expect.stringMatching(/^\?after=2026-11-20T/)]);
  });

  it('are asked for again and again where they do, and none counts twice', async () => {
    const staged = stage({ isNarrow: () => true }, 1_000_000);
    const session = await open(staged);
    await expect.poll(() => staged.server.asked.length).toBeGreaterThan(3);
    expect(new Set(staged.server.asked)).toEqual(new Set(['']));
    expect((await session.vitals())?.framesDecoded).toBe(1);
  });

  it.each([
    [401, 'signed-out'],
    [403, 'not-permitted'],
    [409, 'camera-offline'],
    [410, 'reservation-ended'],
    [503, 'overloaded'],
  ])('are refused with %i as %s', async (status, code) => {
    const staged = stage();
    staged.server.quirks.status = status;
    await expect(staged.source.open(soon())).rejects.toMatchObject({ name: 'StreamError', code });
  });

  it('that come too late, or are none, are not begun with', async () => {
    const late = stage({ timeoutMs: 30 });
    late.server.quirks.isSilent = true;
    await expect(late.source.open(soon())).rejects.toMatchObject({ code: 'unreachable' });
    const garbled = stage();
    garbled.server.quirks.isGarbled = true;
    await expect(garbled.source.open(soon())).rejects.toMatchObject({ code: 'protocol' });
  });

  it('outlast a few answers that fail, and no more', async () => {
    const staged = stage();
    const session = await open(staged);
    staged.server.quirks.failures = 2;
    await expect.poll(() => staged.server.quirks.failures).toBe(0);
    const frames = (await session.vitals())?.framesDecoded ?? 0;
    await expect.poll(async () => (await session.vitals())?.framesDecoded ?? 0).toBeGreaterThan(frames);
    staged.server.quirks.status = 500;
    await expect(session.ended).rejects.toMatchObject({ code: 'unreachable' });
    await expect.poll(() => staged.server.running).toBe(0);
  });

  it('end at once when the reservation does', async () => {
    const staged = stage();
    const session = await open(staged);
    staged.server.quirks.status = 410;
    await expect(session.ended).rejects.toMatchObject({ code: 'reservation-ended' });
  });

  it('go on while nobody looks at the page: to rest is for whoever opened them to decide', async () => {
    const staged = stage();
    const session = await open(staged);
    look('hidden');
    const before = (await session.vitals())?.arrivals ?? 0;
    await expect.poll(async () => (await session.vitals())?.arrivals ?? 0).toBeGreaterThan(before + 2);
  });

  it('do not begin for who gave up before, or meanwhile', async () => {
    const staged = stage();
    const given = new Error('given up');
    await expect(staged.source.open(AbortSignal.abort(given))).rejects.toBe(given);
    expect(staged.server.asked).toEqual([]);
    staged.server.quirks.isSilent = true;
    const leaving = new AbortController();
    const opening = staged.source.open(leaving.signal);
    const refused = expect(opening).rejects.toBe(given);
    leaving.abort(given);
    await refused;
    expect(staged.server.running).toBe(0);
  });
});
