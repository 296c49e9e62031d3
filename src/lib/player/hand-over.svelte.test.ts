import { afterEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { StreamError, type MediaSession, type Way } from '#lib/media/media-source.ts';
import { TestCardSource } from '#lib/media/test-card/test-card-source.ts';
import { Network } from './network.ts';
import { dataOf } from './player-data.ts';
import { Player } from './player.svelte.ts';
import { Pulse } from './pulse.ts';
import { drawPlayer } from './testing/drawn-player.ts';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** The mean brightness of what an element shows, 0 for a black or empty one. */
function brightness(picture: HTMLVideoElement | HTMLCanvasElement): number {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [16, 9];
  const brush = canvas.getContext('2d', { willReadFrequently: true })!;
  brush.drawImage(picture, 0, 0, 16, 9);
  const { data } = brush.getImageData(0, 0, 16, 9);
  return data.reduce((sum, value, index) => sum + (index % 4 === 3 ? 0 : value), 0) / (16 * 9 * 3);
}

/** Looks, at each paint, at what of the tile can be seen, until told to stop. Gives the darkest. */
function watchForBlack(box: HTMLElement) {
  const seen: number[] = [];
  let isOver = false;
  const look = (): void => {
    if (isOver) return;
    const visible = [...box.querySelectorAll<HTMLVideoElement | HTMLCanvasElement>('.picture')].filter(
      (one) => getComputedStyle(one).opacity !== '0',
    );
    const top = visible.find((one) => one.classList.contains('front')) ?? visible[0];
    seen.push(top === undefined ? 0 : brightness(top));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  cleanups.push(() => (isOver = true));
  return { seen, darkest: () => Math.min(...seen) };
}

/** A player that is offered WebRTC and HLS, both drawn in the page, on a network of its own. */
async function stage({ lagMs = 0 } = {}) {
  const subject = { number: 14, name: 'Sheikh Zayed Rd / Gate 3' };
  const cards = { whep: new TestCardSource(subject, 'whep'), hls: new TestCardSource(subject, 'hls') };
  /** Whether WebRTC connects; it is agreed on in either case. */
  const udp = { passes: true };
  const kept = new Map<string, string>();
  const network = new Network(() => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }));
  let aheadMs = 0;
  const pulse = new Pulse({
    monotonicNow: () => performance.now() + aheadMs,
    epochNow: () => performance.timeOrigin + performance.now() + aheadMs,
  });
  /** Lets time pass in the pulse's steps, and what was begun in between get on. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      aheadMs += 170;
      await new Promise((resolve) => setTimeout(resolve, 80));
      pulse.beat();
    }
  };
  const opened: Way[] = [];
  const open = async (
    signal: AbortSignal,
    _: unknown,
    choose: (ways: readonly Way[]) => Way | undefined,
  ): Promise<MediaSession> => {
    const way = choose(['whep', 'hls']);
    if (way !== 'whep' && way !== 'hls') throw new StreamError('no-other-way', 'none');
    opened.push(way);
    const session = await cards[way].open(signal);
    if (lagMs > 0) Object.defineProperty(session, 'lagMs', { value: lagMs });
    if (way === 'hls' || udp.passes) return session;
    return {
      way,
      ended: session.ended,
      hasConnected: false,
      attach: () => () => undefined,
      captureTimeOf: () => undefined,
      vitals: async () => undefined,
      close: () => session.close(),
    };
  };
  const player = new Player({ open, pulse, network, random: () => 0 });
  const { box } = await drawPlayer(player, cleanups, '--color-notice: rgb(1, 2, 3)');
  return { player, cards, udp, network, pass, box, opened };
}

const way = (player: Player) => expect.poll(() => dataOf(player)['data-way'], { timeout: 6000 });

describe('a tile whose WebRTC never connects', () => {
  it('shows HLS in its place and says why, in the treatment of a notice', async () => {
    const { player, udp, pass, opened, cards } = await stage();
    udp.passes = false;
    player.start();
    await pass(8250);
    await way(player).toBe('hls');
    expect(opened).toEqual(['whep', 'hls']);
    const words = page.getByText('HLS, UDP blocked');
    await expect.element(words).toBeVisible();
    expect(getComputedStyle(words.element()).color).toBe('rgb(1, 2, 3)');
    expect(player.state.status).toBe('live');
    await expect.poll(() => cards.whep.openSessions).toBe(0);
    expect(cards.hls.openSessions).toBe(1);
  });

  it('keeps its last picture until HLS has one', async () => {
    const { player, cards, udp, pass, box } = await stage();
    player.start();
    await way(player).toBe('whep');
    await expect.poll(() => player.state.status).toBe('live');
    const black = watchForBlack(box);
    udp.passes = false;
    cards.whep.freeze();
    // HLS is agreed on long before it has anything to show.
    cards.hls.freeze();
    await pass(13_000);
    await expect.poll(() => cards.hls.openSessions).toBe(1);
    cards.hls.freeze(false);
    await way(player).toBe('hls');
    await expect.element(page.getByText('HLS, UDP blocked')).toBeVisible();
    expect(black.darkest()).toBeGreaterThan(10);
  });

  it('is followed by tiles that begin with HLS, and climb when UDP passes again', async () => {
    const { player, udp, network, pass, opened, box } = await stage();
    network.gaveUp('whep', false);
    network.gaveUp('whep', false);
    player.start();
    await way(player).toBe('hls');
    expect(opened).toEqual(['hls']);
    const black = watchForBlack(box);
    udp.passes = true;
    player.climb();
    await pass(16_000);
    await way(player).toBe('whep');
    expect(player.fallback).toBeUndefined();
    expect(network.isBlocked).toBe(false);
    expect(black.darkest()).toBeGreaterThan(10);
  });
});

it('does not take a session that is given up as it begins for one that cannot connect', async () => {
  const { player, cards, udp, network, pass } = await stage();
  network.gaveUp('whep', false);
  network.gaveUp('whep', false);
  player.start();
  await way(player).toBe('hls');
  network.forget();
  udp.passes = false;
  for (const time of [1, 2]) {
    player.climb();
    await pass(500);
    await expect.poll(() => [time, cards.whep.openSessions]).toEqual([time, 1]);
    player.suspend();
    expect(cards.whep.openSessions).toBe(0);
    player.resume();
    await way(player).toBe('hls');
  }
  expect(network.isBlocked).toBe(false);
});

it('gives up what runs at the side when the picture is refused', async () => {
  const { player, cards, udp, pass } = await stage();
  udp.passes = false;
  cards.hls.freeze();
  player.start();
  await pass(8500);
  await expect.poll(() => [cards.whep.openSessions, cards.hls.openSessions]).toEqual([1, 1]);
  cards.whep.kill('no-other-way');
  await expect.poll(() => player.state.status).toBe('refused');
  expect(cards.hls.openSessions).toBe(0);
});

describe('a tile whose pictures stop again and again', () => {
  it('goes down to HLS and back up without a black frame', async () => {
    const { player, cards, pass, box } = await stage();
    player.start();
    await way(player).toBe('whep');
    await expect.poll(() => player.state.status).toBe('live');
    const black = watchForBlack(box);
    cards.whep.freeze();
    await pass(3000);
    expect(player.state.status).toBe('stalled');
    cards.whep.freeze(false);
    await expect.poll(() => player.state.status).toBe('live');
    // Twice within a minute.
    cards.whep.freeze();
    await pass(5000);
    await way(player).toBe('hls');
    await expect.element(page.getByText('HLS, WebRTC stalled')).toBeVisible();
    cards.whep.freeze(false);
    await pass(14_000);
    await way(player).toBe('whep');
    expect(player.state.status).toBe('live');
    expect(box.textContent.trim()).toBe('');
    await expect.poll(() => [cards.whep.openSessions, cards.hls.openSessions]).toEqual([1, 0]);
    expect(black.seen.length).toBeGreaterThan(60);
    expect(black.darkest()).toBeGreaterThan(10);
  }, 30_000);

  it('stays where it is while the camera is to blame', async () => {
    const { player, cards, pass, opened } = await stage();
    player.start();
    await way(player).toBe('whep');
    for (const again of [1, 2]) {
      cards.whep.kill('camera-offline');
      await pass(1000);
      expect(player.state.status, `time ${String(again)}`).toBe('offline');
      cards.whep.revive();
      await pass(1500);
      await expect.poll(() => player.state.status).toBe('live');
    }
    expect(new Set(opened)).toEqual(new Set(['whep']));
  });
});

describe('a better way that dies as soon as it is in front', () => {
  /** A tile that has just changed from HLS, which was good, to WebRTC. */
  async function handedOver() {
    const staged = await stage();
    const { player, network, cards, pass, box } = staged;
    network.gaveUp('whep', false);
    network.gaveUp('whep', false);
    player.start();
    await way(player).toBe('hls');
    const black = watchForBlack(box);
    const states = new Set<string>();
    player.climb();
    for (let ms = 0; ms < 20_000 && dataOf(player)['data-way'] !== 'whep'; ms += 250) await pass(250);
    expect([cards.whep.openSessions, cards.hls.openSessions]).toEqual([1, 1]);
    const passNoting = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 250) {
        await pass(250);
        states.add(`${player.state.status} ${dataOf(player)['data-way'] ?? ''}`);
      }
    };
    return { ...staged, black, states, passNoting };
  }

  it('leaves the way before it in front, which was never closed', async () => {
    const { player, cards, passNoting, states, black, opened } = await handedOver();
    await passNoting(500);
    cards.whep.kill('protocol');
    await passNoting(1000);
    expect([...states]).toEqual(['live whep', 'live hls']);
    expect([cards.whep.openSessions, cards.hls.openSessions]).toEqual([0, 1]);
    expect(opened).toEqual(['hls', 'whep']);
    await expect.element(page.getByText('HLS, WebRTC stalled')).toBeVisible();
    expect(player.rungChanges.map(({ reason }) => reason)).toEqual(['recovered', 'stalls']);
    expect(black.darkest()).toBeGreaterThan(10);
  });

  it('does so where it merely stops sending, and the tile never has to say that there is nothing', async () => {
    const { cards, passNoting, states, black } = await handedOver();
    cards.whep.freeze();
    await passNoting(3000);
    expect([...states].filter((one) => !/^(live|delayed)/.test(one))).toEqual([]);
    expect([...states].at(-1)).toBe('live hls');
    expect([cards.whep.openSessions, cards.hls.openSessions]).toEqual([0, 1]);
    expect(black.darkest()).toBeGreaterThan(10);
  });

  it('is believed after two seconds, and the way before it closed', async () => {
    const { cards, passNoting, states, box } = await handedOver();
    const beneath = () =>
      [...box.querySelectorAll('video')].filter((one) => getComputedStyle(one).opacity !== '0').length;
    await passNoting(1500);
    expect([beneath(), cards.hls.openSessions]).toEqual([2, 1]);
    await passNoting(1000);
    await expect.poll(beneath).toBe(1);
    expect([cards.whep.openSessions, cards.hls.openSessions]).toEqual([1, 0]);
    expect([...states]).toEqual(['live whep']);
  });

  it('takes the way before it with it when the picture may no longer be seen', async () => {
    const { player, cards, passNoting, box } = await handedOver();
    cards.hls.kill('not-permitted');
    cards.whep.kill('not-permitted');
    await passNoting(500);
    await expect.poll(() => player.state.status).toBe('refused');
    expect([cards.whep.openSessions, cards.hls.openSessions]).toEqual([0, 0]);
    for (const video of box.querySelectorAll('video')) expect(video.srcObject).toBeNull();
    expect(box.querySelector('canvas')).toMatchObject({ width: 0, height: 0 });
  });

  it('brings nothing back that has stopped as well', async () => {
    const { player, cards, passNoting } = await handedOver();
    cards.hls.freeze();
    await passNoting(1500);
    cards.whep.kill('unreachable');
    await expect.poll(() => player.state.status).toBe('reconnecting');
    expect([player.isHeld, cards.hls.openSessions]).toEqual([true, 0]);
  });
});

it('shows a copy of its last picture while a way takes its element apart to mend itself', async () => {
  const { player, cards, box } = await stage();
  const apart: { take?: () => void; mend?: () => void } = {};
  const open = cards.whep.open.bind(cards.whep);
  cards.whep.open = async (signal) => {
    const session = await open(signal);
    const attach = session.attach.bind(session);
    session.attach = (video, beforeBlank) => {
      apart.take = () => {
        beforeBlank?.();
        video.srcObject = null;
      };
      apart.mend = () => void attach(video);
      return attach(video);
    };
    return session;
  };
  player.start();
  await way(player).toBe('whep');
  await expect.poll(() => player.state.status).toBe('live');
  const black = watchForBlack(box);
  apart.take?.();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const copy = box.querySelector('canvas')!;
  expect([player.isHeld, getComputedStyle(copy).opacity]).toEqual([true, '1']);
  expect(brightness(copy)).toBeGreaterThan(10);
  // Nobody is told that it is live for longer than of any other picture that stands.
  await expect.poll(() => player.state.status).toBe('delayed');
  apart.mend?.();
  await expect.poll(() => player.isHeld).toBe(false);
  await expect.poll(() => [player.state.status, copy.width]).toEqual(['live', 0]);
  expect(cards.whep.timesOpened).toBe(1);
  expect(black.darkest()).toBeGreaterThan(10);
});

it('closes a dead session at once when another takes over, and leaves a dimmed copy beneath for a moment', async () => {
  const { player, cards, pass, box } = await stage();
  player.start();
  await way(player).toBe('whep');
  cards.whep.freeze();
  for (let ms = 0; ms < 6000 && player.state.status !== 'stalled'; ms += 250) await pass(250);
  const copy = box.querySelector('canvas')!;
  // HLS beside the attempt that shows nothing.
  for (let ms = 0; ms < 10_000 && dataOf(player)['data-way'] !== 'hls'; ms += 250) {
    await pass(250);
    if (dataOf(player)['data-way'] !== 'hls') expect(getComputedStyle(copy).opacity).toBe('0');
  }
  expect([dataOf(player)['data-way'], cards.whep.openSessions]).toEqual(['hls', 0]);
  expect(player.isHeld).toBe(false);
  await expect.poll(() => getComputedStyle(copy).opacity).toBe('1');
  expect(getComputedStyle(copy).filter).toContain('brightness(0.6)');
  expect(brightness(copy)).toBeGreaterThan(10);
  await pass(500);
  expect([copy.width, copy.height]).toEqual([0, 0]);
});

it('says how far behind moving pictures are, and keeps them', async () => {
  const { player, cards, pass, opened } = await stage({ lagMs: 2100 });
  player.start();
  await way(player).toBe('whep');
  await pass(3000);
  expect(player.state.status).toBe('delayed');
  await expect.element(page.getByText(/^Delayed 2\.\d s$/)).toBeVisible();
  expect(dataOf(player)['data-frame-age-ms']).toBeGreaterThan(2000);
  expect([opened, cards.whep.openSessions]).toEqual([['whep'], 1]);
});

it('takes HLS for a rescue however far behind it is', async () => {
  const { player, udp, pass } = await stage({ lagMs: 4000 });
  udp.passes = false;
  player.start();
  await pass(8250);
  await way(player).toBe('hls');
  await pass(500);
  expect(player.state.status).toBe('delayed');
});

it('counts what a buffer that runs dry falls behind once', async () => {
  const { player, cards, udp, network, pass } = await stage();
  network.gaveUp('whep', false);
  network.gaveUp('whep', false);
  udp.passes = false;
  let lagMs = 0;
  const open = cards.hls.open.bind(cards.hls);
  cards.hls.open = async (signal) =>
    Object.defineProperty(await open(signal), 'lagMs', { get: () => lagMs, configurable: true });
  player.start();
  await way(player).toBe('hls');
  cards.hls.freeze();
  await new Promise((resolve) => setTimeout(resolve, 200));
  lagMs = 1500;
  await pass(1000);
  expect(player.frameAgeMs).toBeLessThan(2000);
});

it('gives up what runs at the side when it is stopped', async () => {
  const { player, cards, udp, pass } = await stage();
  udp.passes = false;
  cards.hls.freeze();
  player.start();
  await pass(8500);
  await expect.poll(() => [cards.whep.openSessions, cards.hls.openSessions]).toEqual([1, 1]);
  player.stop();
  expect([cards.whep.openSessions, cards.hls.openSessions]).toEqual([0, 0]);
});
