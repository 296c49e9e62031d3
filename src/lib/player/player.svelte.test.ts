import { afterEach, describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { announceSignedIn, onSignedOut } from '#lib/api/signed-out.ts';
import { StreamError, type MediaSession } from '#lib/media/media-source.ts';
import { TestCardSource } from '#lib/media/test-card/test-card-source.ts';
import { Player, type OpenPicture } from './player.svelte.ts';
import { dataOf } from './player-data.ts';
import { Pulse } from './pulse.ts';
import { drawPlayer } from './testing/drawn-player.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  cleanups.splice(0).forEach((cleanup) => cleanup());
});

/** A clock that can be moved on ahead of the real one, so that nobody waits for seconds to pass. */
function movableClock() {
  let aheadMs = 0;
  const pulse = new Pulse({
    monotonicNow: () => performance.now() + aheadMs,
    epochNow: () => performance.timeOrigin + performance.now() + aheadMs,
  });
  const pass = (ms: number): void => {
    // In small steps, as the timer would: what is due in between happens in between.
    for (let left = ms; left > 0; left -= 250) {
      aheadMs += Math.min(250, left);
      pulse.beat();
    }
  };
  return { pulse, pass };
}

/** A player on a test card, drawn into the page. */
async function stage(open?: OpenPicture) {
  const card = new TestCardSource({ number: 14, name: 'Sheikh Zayed Rd / Gate 3' });
  const { pulse, pass } = movableClock();
  const player = new Player({ open: open ?? ((signal) => card.open(signal)), pulse, random: () => 0 });
  const { box, view } = await drawPlayer(player, cleanups, '--color-warn: orange');
  return { card, player, pass, box, view };
}

const status = (player: Player) => expect.poll(() => player.state.status, { timeout: 4000 });
const said = (words: string | RegExp) => expect.element(page.getByText(words));

/** The mean brightness of what an element shows, 0 for a black or empty one. */
function brightness(video: HTMLVideoElement | HTMLCanvasElement): number {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [16, 9];
  const brush = canvas.getContext('2d')!;
  brush.drawImage(video, 0, 0, 16, 9);
  const { data } = brush.getImageData(0, 0, 16, 9);
  return data.reduce((sum, value, index) => sum + (index % 4 === 3 ? 0 : value), 0) / (16 * 9 * 3);
}

describe('a picture that plays', () => {
  it('is live, says nothing, and knows its age and its way', async () => {
    const { player, box } = await stage();
    expect(dataOf(player)).toEqual({
      'data-state': 'idle',
      'data-way': undefined,
      'data-frame-age-ms': undefined,
    });
    player.start();
    await status(player).toBe('live');
    expect(dataOf(player)).toMatchObject({ 'data-state': 'live', 'data-way': 'test-card' });
    expect(player.frameAgeMs).toBeLessThan(1000);
    expect(Math.abs(player.lastFrameAt! - (performance.timeOrigin + performance.now()))).toBeLessThan(1000);
    expect(box.textContent.trim()).toBe('');
  });

  it('says Live where it is pinned', async () => {
    const { player, view } = await stage();
    await view.rerender({ player, isPinned: true });
    player.start();
    await said('Live').toBeVisible();
  });

  it('keeps its age true while it plays', async () => {
    const { player } = await stage();
    player.start();
    await status(player).toBe('live');
    const ages = new Set<number | undefined>();
    await expect
      .poll(
        () => {
          ages.add(player.frameAgeMs);
          return ages.size;
        },
        { timeout: 4000 },
      )
      .toBeGreaterThan(2);
    for (const age of ages) expect(age).toBeLessThan(1000);
  });

  it('tells its counters and rates', async () => {
    const { player } = await stage();
    player.start();
    await expect.poll(() => player.rates.framesPerSecond, { timeout: 4000 }).toBeGreaterThan(5);
    expect(player.vitals).toMatchObject({ width: 640, height: 360 });
  });
});

describe('a browser that plays nothing before somebody has touched the page', () => {
  it('is told, and plays after a tap', async () => {
    const play = vi
      .spyOn(HTMLMediaElement.prototype, 'play')
      .mockRejectedValue(new DOMException('play() failed', 'NotAllowedError'));
    const { player, box } = await stage();
    // The attribute would play it where, as here, nothing is in the way.
    for (const video of box.querySelectorAll('video')) video.autoplay = false;
    player.start();
    const button = page.getByRole('button', { name: 'Tap to play' });
    await expect.element(button).toBeVisible();
    expect(player.isPlayRefused).toBe(true);
    play.mockRestore();
    await button.click({ timeout: 5000 });
    await status(player).toBe('live');
    expect([player.isPlayRefused, box.textContent.trim()]).toEqual([false, '']);
  });
});

describe('a picture that freezes', () => {
  it('is delayed, then stalled, then reconnecting, and says so in words', async () => {
    const { card, player, pass, box } = await stage();
    player.start();
    await status(player).toBe('live');
    card.freeze();
    await status(player).toBe('delayed');
    await said(/^Delayed 1\.\d s$/).toBeVisible();
    pass(1900);
    await said(/^No new picture for [23] s$/).toBeVisible();
    expect(player.state.status).toBe('stalled');
    pass(2200);
    await said('Reconnecting').toBeVisible();
    await said(/^No new picture for [45] s$/).toBeVisible();
    const frame = getComputedStyle(box.querySelector('.player')!, '::after');
    expect(frame.borderTopWidth).toBe('2px');
  });

  it('is live again when it thaws, by the same session', async () => {
    const { card, player } = await stage();
    player.start();
    await status(player).toBe('live');
    card.freeze();
    await status(player).toBe('delayed');
    card.freeze(false);
    await status(player).toBe('live');
    expect(card.timesOpened).toBe(1);
  });

  it('is replaced by another session without a moment of black, and the old one is closed', async () => {
    const { card, player, pass, box } = await stage();
    player.start();
    await status(player).toBe('live');
    const [first] = [player.video!];
    const sessions: number[] = [];
    card.freeze();
    pass(5000);
    await status(player).toBe('reconnecting');
    // Until the other one has a picture, the old one stays in front.
    await expect.poll(() => card.openSessions).toBe(2);
    expect(player.video).toBe(first);
    expect(brightness(first)).toBeGreaterThan(10);
    card.freeze(false);
    await status(player).toBe('live');
    await expect.poll(() => card.openSessions).toBe(1);
    sessions.push(card.timesOpened);
    expect(brightness(player.video!)).toBeGreaterThan(10);
    const shown = [...box.querySelectorAll('video')].filter(
      (video) => getComputedStyle(video).opacity !== '0',
    );
    expect(shown).toEqual([player.video]);
  });
});

describe('pictures that move and are old', () => {
  /** A player on WebRTC whose sessions are behind by what the test says, each by its own. */
  async function behind(...lags: number[]) {
    const card = new TestCardSource({ number: 14, name: 'Sheikh Zayed Rd / Gate 3' }, 'whep');
    const staged = await stage(async (signal) => {
      const session = await card.open(signal);
      const mine = card.timesOpened - 1;
      return Object.defineProperty(session, 'lagMs', { get: () => lags[mine] ?? 0 });
    });
    return { ...staged, card, lags };
  }

  it('are delayed, and until they have clearly been caught up with', async () => {
    const { player, lags, card, pass } = await behind(400);
    player.start();
    await status(player).toBe('live');
    lags[0] = 1200;
    await status(player).toBe('delayed');
    lags[0] = 800;
    await said(/^Delayed (0\.[89]|1\.0) s$/).toBeVisible();
    for (let i = 0; i < 8; i++) {
      pass(1);
      expect(player.state.status).toBe('delayed');
    }
    lags[0] = 600;
    await status(player).toBe('live');
    expect(card.timesOpened).toBe(1);
  });

  it('are no picture to trust when they are very old: another session takes their place', async () => {
    const { player, lags, card, pass } = await behind(0, 0);
    player.start();
    await status(player).toBe('live');
    card.freeze();
    lags[0] = 3200;
    pass(250);
    expect(player.state.status).toBe('stalled');
    expect(player.frameAgeMs).toBeGreaterThan(3000);
    card.freeze(false);
    await expect.poll(() => card.timesOpened).toBe(2);
    await status(player).toBe('live');
    await expect.poll(() => card.openSessions).toBe(1);
  });

  it('and end no trouble by moving', async () => {
    const { player, lags, pass } = await behind(0, 4000, 4000);
    player.start();
    await status(player).toBe('live');
    lags[0] = 4000;
    pass(250);
    for (let i = 0; i < 3; i++) {
      pass(1);
      expect(player.state.status).toBe('stalled');
    }
    lags[0] = 100;
    await status(player).toBe('live');
  });
});

describe('a camera that is gone', () => {
  it('says since when, why and what comes next, and shows the last picture', async () => {
    const { card, player, pass, box } = await stage();
    player.start();
    await status(player).toBe('live');
    const at = new Date(player.lastFrameAt!);
    card.kill('camera-offline');
    await status(player).toBe('offline');
    const clock = new Intl.DateTimeFormat('en', {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }).format(at);
    await said(`No picture since ${clock}`).toBeVisible();
    await said('The camera gives no picture').toBeVisible();
    await said(/^Trying again/).toBeVisible();
    expect(player.way).toBeUndefined();
    const still = box.querySelector('canvas')!;
    expect(brightness(still)).toBeGreaterThan(10);
    expect(getComputedStyle(still).opacity).toBe('1');
    // After a minute even the last picture says too little to be shown.
    pass(61_000);
    await expect.poll(() => getComputedStyle(still).opacity).toBe('0');
  });

  it('comes back by itself', async () => {
    const { card, player } = await stage();
    player.start();
    await status(player).toBe('live');
    card.kill('unreachable');
    await status(player).toBe('reconnecting');
    card.revive();
    await status(player).toBe('live');
  });

  it('that was never there has no time to name, and counts down to the next attempt', async () => {
    const { player, pass } = await stage(() =>
      Promise.reject(new StreamError('camera-offline', 'no', { retryAfterMs: 9500 })),
    );
    player.start();
    await said('No picture').toBeVisible();
    await said('Trying again in 10 s').toBeVisible();
    pass(4000);
    await said('Trying again in 6 s').toBeVisible();
  });
});

describe('a refusal', () => {
  it.each([
    ['not-permitted', 'Not permitted'],
    ['signed-out', 'Signed out'],
    ['b-frames', 'The camera sends B-frames, which live viewing cannot carry'],
    ['codec-unsupported', 'This browser cannot show the camera’s video format'],
    ['exhausted', 'This page has opened too many connections. Reload it'],
  ] as const)('%s is said in words and not tried again', async (code, words) => {
    const { card, player, pass } = await stage();
    card.kill(code);
    player.start();
    await said(words).toBeVisible();
    card.revive();
    pass(60_000);
    expect(card.timesOpened).toBe(0);
    player.start();
    await status(player).toBe('live');
  });

  it('of the session is announced, so that the app can ask for signing in', async () => {
    announceSignedIn();
    const announced = vi.fn();
    cleanups.push(onSignedOut(announced), announceSignedIn);
    const { card, player } = await stage();
    card.kill('signed-out');
    player.start();
    await status(player).toBe('refused');
    expect(announced).toHaveBeenCalledTimes(1);
  });

  it('takes the picture away when it may not be seen', async () => {
    const { card, player, box } = await stage();
    player.start();
    await status(player).toBe('live');
    card.kill('not-permitted');
    await status(player).toBe('refused');
    expect(player.hasPicture).toBe(false);
    expect(player.video!.srcObject).toBeNull();
    expect(box.querySelector('canvas')).toMatchObject({ width: 0, height: 0 });
    expect(player.frameAgeMs).toBeUndefined();
  });
});

describe('waiting', () => {
  it('says its place in the queue', async () => {
    let letIn: (() => void) | undefined;
    const { player } = await stage((signal, queued) => {
      queued(3);
      return new Promise((_, reject) => {
        letIn = () => queued(0);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    });
    player.start();
    await said('Queued, 3rd').toBeVisible();
    letIn!();
    await said('Connecting').toBeVisible();
  });

  it('treats what is not a StreamError as a failure to reach', async () => {
    const { player } = await stage(() => Promise.reject(new TypeError('boom')));
    player.start();
    await expect
      .poll(() => (player.state.status === 'connecting' ? player.state.failures : 0))
      .toBeGreaterThan(0);
    expect(player.state).toMatchObject({ reason: 'unreachable' });
  });
});

describe('letting go', () => {
  it('leaves nothing open, wherever it was', async () => {
    const { card, player } = await stage();
    player.start();
    player.stop();
    await expect.poll(() => card.timesOpened - card.openSessions).toBe(card.timesOpened);
    player.start();
    await status(player).toBe('live');
    player.stop();
    player.stop();
    expect(card.openSessions).toBe(0);
    expect(player.video!.srcObject).toBeNull();
    expect(dataOf(player)).toEqual({
      'data-state': 'idle',
      'data-way': undefined,
      'data-frame-age-ms': undefined,
    });
  });

  it('closes a session that arrives after it was given up', async () => {
    const late = Promise.withResolvers<MediaSession>();
    const close = vi.fn();
    const { player } = await stage(() => late.promise);
    player.start();
    player.stop();
    late.resolve({
      way: 'test-card',
      attach: () => () => undefined,
      hasConnected: true,
      captureTimeOf: () => undefined,
      ended: new Promise(() => undefined),
      vitals: () => Promise.resolve(undefined),
      close,
    });
    await expect.poll(() => close.mock.calls.length).toBe(1);
  });

  it('leaves nothing open after two hundred rounds', async () => {
    const { card, player } = await stage();
    for (let round = 0; round < 200; round += 1) {
      player.start();
      await expect.poll(() => card.openSessions, { interval: 1 }).toBe(1);
      player.stop();
    }
    expect([card.timesOpened, card.openSessions]).toEqual([200, 0]);
  });

  it('happens when the page is left, and is taken back when the page comes back', async () => {
    const { card, player } = await stage();
    player.start();
    await status(player).toBe('live');
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    expect(card.openSessions).toBe(0);
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    await status(player).toBe('live');
    expect(card.openSessions).toBe(1);
  });

  it('is not undone by the page coming back when nobody wanted the picture', async () => {
    const { card, player } = await stage();
    player.start();
    player.stop();
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    expect([player.state.status, card.openSessions]).toEqual(['idle', 0]);
  });

  it('takes the elements away from the streams when the component goes', async () => {
    const { player, view } = await stage();
    player.start();
    await status(player).toBe('live');
    const video = player.video!;
    await view.unmount();
    expect(video.srcObject).toBeNull();
    expect(player.video).toBeUndefined();
  });
});

describe('a hidden page', () => {
  it('is judged by decoded pictures', async () => {
    const { card, player, pass } = await stage();
    player.start();
    await status(player).toBe('live');
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    // Nothing is painted: as if the browser had stopped calling back.
    vi.spyOn(HTMLVideoElement.prototype, 'requestVideoFrameCallback').mockReturnValue(1);
    for (let second = 0; second < 8; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      pass(1000);
    }
    await status(player).toBe('live');
    card.freeze();
    pass(2000);
    await expect.poll(() => player.state.status).toMatch(/stalled|delayed/);
  });
});

it('tries soon when the network is back', async () => {
  const { card, player } = await stage((signal) => {
    signal.throwIfAborted();
    if (!navigator.onLine) throw new Error('unused');
    return card.open(signal).catch((error: unknown) => {
      throw new StreamError('unreachable', 'no', { cause: error, retryAfterMs: 30_000 });
    });
  });
  card.kill();
  player.start();
  await expect.poll(() => ('effort' in player.state ? player.state.effort.kind : '')).toBe('waiting');
  card.revive();
  dispatchEvent(new Event('online'));
  await status(player).toBe('live');
});
