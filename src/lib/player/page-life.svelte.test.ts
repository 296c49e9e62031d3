import { afterEach, describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { TestCardSource } from '#lib/media/test-card/test-card-source.ts';
import { PeerConnections } from '#lib/media/whep/peers.ts';
import { PretendServer } from '#lib/media/whep/testing/pretend-server.ts';
import { WhepSource } from '#lib/media/whep/whep-source.ts';
import type { OpenPicture } from './attempt.ts';
import { isPagePainted } from './painting.ts';
import { Player } from './player.svelte.ts';
import { Pulse } from './pulse.ts';
import { drawPlayer } from './testing/drawn-player.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  cleanups.splice(0).forEach((cleanup) => cleanup());
});

/** A player in the page, on a test card unless `open` says otherwise, and a clock that goes as it is told. */
async function stage(open?: OpenPicture) {
  const card = new TestCardSource({ number: 14, name: 'Sheikh Zayed Rd / Gate 3' });
  let aheadMs = 0;
  let sleptMs = 0;
  const pulse = new Pulse({
    monotonicNow: () => performance.now() + aheadMs,
    epochNow: () => performance.timeOrigin + performance.now() + aheadMs + sleptMs,
  });
  /** Lets time pass, in the steps that the timer would take. Pictures come in between, of those that are painted. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      aheadMs += 170;
      await new Promise((resolve) => setTimeout(resolve, 80));
      // By the browser's clock, as often as the tiles of a wall would.
      isPagePainted();
      pulse.beat();
    }
  };
  /** The machine sleeps: the monotonic clock stands still, the wall clock goes on, no timer fires. */
  const sleep = (ms: number): void => void (sleptMs += ms);
  /** The timers of the page were held back for so long, and the monotonic clock was not. */
  const hang = (ms: number): void => void (aheadMs += ms);
  const player = new Player({ open: open ?? ((signal) => card.open(signal)), pulse, random: () => 0 });
  const { box } = await drawPlayer(player, cleanups);
  const states: string[] = [];
  const stop = pulse.join({ tick: () => states.push(player.state.status), measure: () => undefined });
  cleanups.push(stop);
  return { card, player, pulse, pass, sleep, hang, box, states };
}

const isLive = (player: Player) => expect.poll(() => player.state.status, { timeout: 4000 }).toBe('live');

/** The page says that it is hidden, or seen again; no video is painted while it is hidden. */
function look(state: DocumentVisibilityState): void {
  vi.restoreAllMocks();
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  if (state === 'hidden')
    vi.spyOn(HTMLVideoElement.prototype, 'requestVideoFrameCallback').mockReturnValue(1);
  document.dispatchEvent(new Event('visibilitychange'));
}

/** Another window lies over the page: it is visible to itself, and nothing of it is painted. */
function cover(): void {
  vi.spyOn(globalThis, 'requestAnimationFrame').mockReturnValue(1);
  vi.spyOn(HTMLVideoElement.prototype, 'requestVideoFrameCallback').mockReturnValue(1);
}

/** What the page's own events do to a page that is left for another one, and come back to. */
const leave = () => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
const comeBack = () => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));

describe('a page that nobody can see', () => {
  it.each([
    ['hidden', () => look('hidden')],
    ['covered by another window', cover],
  ])('%s is not told that its pictures stopped, for none are painted', async (_, vanish) => {
    const { player, pass, states, card } = await stage();
    player.start();
    await isLive(player);
    vanish();
    // The page's clock runs faster here than the browser's, by which it finds out that it is covered.
    await pass(8000);
    states.length = 0;
    const opened = card.timesOpened;
    await pass(10_000);
    expect(states.filter((one) => one !== 'live' && one !== 'delayed')).toEqual([]);
    expect(card.timesOpened).toBe(opened);
  });

  it.each([
    ['hidden', () => look('hidden')],
    ['covered by another window', cover],
  ])('%s knows all the same when nothing comes any more', async (_, vanish) => {
    const { player, pass, card } = await stage();
    player.start();
    await isLive(player);
    vanish();
    await pass(2000);
    card.freeze();
    await pass(6000);
    expect(player.state.status).toMatch(/^(stalled|reconnecting)$/);
  });

  it('tries at once when somebody looks again, instead of when it is due', async () => {
    const { player, pass, card } = await stage();
    player.start();
    await isLive(player);
    look('hidden');
    card.kill('camera-offline');
    await pass(20_000);
    expect(player.state).toMatchObject({ status: 'offline' });
    card.revive();
    look('visible');
    await pass(500);
    await isLive(player);
  });
});

describe('a machine that slept', () => {
  it('goes on where it was when pictures come, and has not shown old ones as new', async () => {
    const { player, pulse, pass, sleep, states, card } = await stage();
    player.start();
    await isLive(player);
    sleep(8 * 60_000);
    // A tick of the page's own timer finds out, and pictures come until the next.
    pulse.beat();
    await new Promise((resolve) => setTimeout(resolve, 250));
    await pass(3000);
    await isLive(player);
    expect(card.timesOpened).toBe(1);
    expect(states.filter((one) => one !== 'live')).toEqual([]);
    expect(player.frameAgeMs).toBeLessThan(1000);
  });

  it('says for how long there was no picture, and gets another session', async () => {
    const { player, pulse, pass, sleep, card } = await stage();
    player.start();
    await isLive(player);
    card.freeze();
    await new Promise((resolve) => setTimeout(resolve, 150));
    sleep(8 * 60_000);
    // The first tick finds out, the second judges.
    pulse.beat();
    expect(player.state.status).toBe('live');
    pulse.beat();
    expect(player.state.status).not.toBe('live');
    await pass(500);
    expect(player.frameAgeMs).toBeGreaterThan(8 * 60_000);
    await expect.poll(() => card.timesOpened).toBe(2);
    card.freeze(false);
    await isLive(player);
    expect(player.frameAgeMs).toBeLessThan(1000);
  });

  it('or whose timers stood for minutes, begins one attempt and not one for each second', async () => {
    const { player, pass, hang, card } = await stage();
    player.start();
    await isLive(player);
    card.freeze();
    await new Promise((resolve) => setTimeout(resolve, 150));
    hang(5 * 60_000);
    await pass(1000);
    expect(card.timesOpened).toBe(2);
    await expect.element(page.getByText(/No (new )?picture/).first()).toBeVisible();
  });
});

describe('a page in the back-forward cache', () => {
  function whep() {
    const server = new PretendServer();
    const made: RTCPeerConnection[] = [];
    const peers = new PeerConnections((configuration) => {
      const connection = new RTCPeerConnection(configuration);
      made.push(connection);
      return connection;
    });
    const source = new WhepSource('/whep/lobby', { fetch: server.fetch, peers, gatherMs: 50 });
    cleanups.push(() => {
      for (const connection of made) connection.close();
      server.close();
    });
    return { server, source, made };
  }

  it('left nothing open that bars it, said goodbye by requests that outlive it, and begins anew', async () => {
    const { server, source, made } = whep();
    const { player, box } = await stage((signal) => source.open(signal));
    player.start();
    await isLive(player);
    leave();
    expect(made.map(({ signalingState }) => signalingState)).toEqual(['closed']);
    await expect.poll(() => server.of('DELETE').map(({ keepalive }) => keepalive)).toEqual([true]);
    // What the cache brings back is of then: it must not be seen as if it were of now.
    expect(player.hasPicture).toBe(false);
    for (const video of box.querySelectorAll('video')) expect(video.srcObject).toBeNull();
    comeBack();
    expect(player.state.status).toBe('connecting');
    await isLive(player);
    expect(server.of('POST')).toHaveLength(2);
    expect(made.map(({ signalingState }) => signalingState)).toEqual(['closed', 'stable']);
  });

  it('lets go of an attempt that was under way too', async () => {
    const { source, made } = whep();
    const { player } = await stage((signal) => source.open(signal));
    player.start();
    leave();
    // A connection that was not used is spared for the next attempt otherwise.
    await expect.poll(() => made.map(({ signalingState }) => signalingState)).toEqual(['closed']);
    comeBack();
    await isLive(player);
  });

  it('that showed the tile as paused shows it so again, and one that was stopped meanwhile stays so', async () => {
    const { player, card } = await stage();
    player.start();
    await isLive(player);
    player.suspend();
    leave();
    comeBack();
    expect([player.state.status, card.openSessions]).toEqual(['suspended', 0]);
    player.resume();
    await isLive(player);
    leave();
    player.stop();
    comeBack();
    expect([player.state.status, card.openSessions]).toEqual(['idle', 0]);
  });

  it('does not begin anew for a page that is merely shown for the first time', async () => {
    const { player, card } = await stage();
    player.start();
    await isLive(player);
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));
    expect([player.state.status, card.timesOpened]).toEqual(['live', 1]);
  });
});
