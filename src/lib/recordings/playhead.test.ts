import { describe, expect, it, onTestFinished } from 'vitest';
import { type FindRecorded, nextSpeed, Playhead, type Speed, speeds } from './playhead.ts';
import { SpanStore } from './span-store.svelte.ts';
import { clip, type Span } from './spans.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;

/** A playhead at noon with a clock that moves by hand: `pass(ms, ticks)`. Without gaps when nothing is said of them. */
function setUp(find?: FindRecorded) {
  let clock = 1000;
  const head = new Playhead({ now: () => clock, at: noon, ...(find ? { find } : {}) });
  const pass = (ms: number, ticks = Math.max(1, Math.round(ms / 16))) => {
    let end;
    for (let i = 0; i < ticks; i++) {
      clock += ms / ticks;
      end = head.tick() ?? end;
    }
    return end;
  };
  return { head, pass, since: () => Math.round(head.time - noon) };
}

/** What a store says that knows of the two hours around noon, in which one camera recorded this. */
async function finding(recorded: readonly Span[], known = { start: noon - hour, end: noon + hour }) {
  const store = new SpanStore({
    now: () => known.end,
    read: async ({ cameras, from, to, resolutionMs }) => ({
      from,
      to,
      resolutionMs,
      cameras: cameras.map((cameraId) => ({
        cameraId,
        recorded: clip(recorded, { start: from, end: to }).flatMap(({ start, end }) => [
          start - from,
          end - from,
        ]),
        motion: [],
        isComplete: true,
      })),
    }),
  });
  store.want('test', ['c'], known, 1);
  await expect.poll(() => store.isRecorded('c', noon)).toBeDefined();
  onTestFinished(() => store.close());
  const find: FindRecorded = (time, direction) => store.knownRecorded(['c'], time, direction);
  return find;
}

it.each(speeds)('at %d a second on the clock is that many seconds of recording', (speed) => {
  const { head, pass, since } = setUp();
  head.play(speed);
  pass(1000);
  expect(since()).toBe(speed * 1000);
});

it('stands still until it is told to play, and when it is paused', () => {
  const { head, pass, since } = setUp();
  pass(500);
  expect(since()).toBe(0);
  head.play();
  pass(500);
  head.pause();
  pass(500);
  expect(since()).toBe(500);
  head.play();
  pass(100);
  expect(since()).toBe(600);
});

it('is the same for everybody between two ticks', () => {
  let clock = 0;
  const head = new Playhead({ now: () => clock, at: noon });
  head.play();
  clock = 16;
  expect(head.time).toBe(noon);
  head.tick();
  expect(head.time).toBe(noon + 16);
});

it('does not let time pass while the page sleeps', () => {
  const { head, pass, since } = setUp();
  head.play();
  pass(3_600_000, 1);
  expect(since()).toBe(1000);
});

it('plays on from where it is sent, without a leap', () => {
  const { head, pass, since } = setUp();
  head.play(4);
  pass(100);
  const before = head.seeks;
  head.seek(noon + 60_000);
  pass(100);
  expect(since()).toBe(60_400);
  expect(head.seeks).toBe(before + 1);
});

it('pauses on the frame that it steps to', () => {
  const { head, pass, since } = setUp();
  head.play();
  head.step(noon - 40);
  pass(500);
  expect([since(), head.isPlaying]).toEqual([-40, false]);
});

it('waits for whoever has no picture yet, and for all of them', () => {
  const { head, pass, since } = setUp();
  const [one, other] = [{}, {}];
  head.play();
  head.hold(one);
  head.hold(other);
  pass(500);
  head.release(one);
  pass(500);
  expect([since(), head.isHeld]).toEqual([0, true]);
  head.release(other);
  pass(500);
  expect([since(), head.isHeld]).toEqual([500, false]);
});

describe('in a gap from one second after noon to one minute', () => {
  const recorded = [
    { start: noon - 10_000, end: noon + 1000 },
    { start: noon + 60_000, end: noon + 70_000 },
  ];

  it('time passes as elsewhere', async () => {
    const { head, pass, since } = setUp(await finding(recorded));
    head.play();
    pass(5000);
    expect(since()).toBe(5000);
  });

  it('or goes on behind it, where that is wanted', async () => {
    const { head, pass, since } = setUp(await finding(recorded));
    head.gaps = 'skip';
    head.play();
    pass(1500);
    expect(since()).toBeGreaterThanOrEqual(60_480);
    expect(since()).toBeLessThanOrEqual(60_520);
  });

  it('also backwards', async () => {
    const { head, pass, since } = setUp(await finding(recorded));
    head.gaps = 'skip';
    head.seek(noon + 60_500);
    head.play(-1);
    pass(1000);
    expect(since()).toBeLessThan(1000 - 460);
    expect(since()).toBeGreaterThan(1000 - 540);
  });

  it('but not as long as nobody knows how long the gap is', async () => {
    const { head, pass, since } = setUp(await finding(recorded.slice(0, 1)));
    head.gaps = 'skip';
    head.play();
    pass(5000);
    expect(since()).toBeLessThanOrEqual(1000);
    expect(since()).toBeGreaterThan(960);
    expect(head.isPlaying).toBe(true);
  });
});

describe('a loop', () => {
  it.each<[Speed, number, number]>([
    [1, 2500, 500],
    [-1, 2500, 1500],
    [8, 1000, 0],
    [32, 100, 1200],
  ])('at %d goes round: after %i ms it is at %i', (speed, ms, expected) => {
    const { head, pass, since } = setUp();
    head.repeat(noon + 2000, noon);
    head.play(speed);
    pass(ms);
    // The last tick of a round lands where it would have without the edge.
    expect((since() - expected + 2000 + 2) % 2000).toBeLessThanOrEqual(4);
    expect(head.loop).toEqual({ start: noon, end: noon + 2000 });
  });

  it('begins at its begin when one is not in it, and ends when one goes elsewhere', () => {
    const { head, since } = setUp();
    head.repeat(noon + 5000, noon + 7000);
    expect(since()).toBe(5000);
    head.seek(noon + 6000);
    expect(head.loop).toBeDefined();
    head.seek(noon);
    expect(head.loop).toBeUndefined();
  });

  it('plays on within what is kept of it, without a jump at each tick, and ends with the last of it', () => {
    const { head, pass, since } = setUp();
    head.repeat(noon - 4000, noon + 2000);
    head.seek(noon);
    head.play();
    head.limits = { start: noon - 1000, end: noon + hour };
    const { seeks } = head;
    pass(2500);
    expect([since(), head.seeks - seeks]).toEqual([-500, 1]);
    head.limits = { start: noon + 5000, end: noon + hour };
    const before = head.seeks;
    pass(500);
    expect([since(), head.seeks - before, head.loop, head.isPlaying]).toEqual([5500, 0, undefined, true]);
  });

  it('of no length is none', () => {
    const { head } = setUp();
    head.repeat(noon, noon);
    expect(head.loop).toBeUndefined();
  });

  it('goes round early when its rest is a gap that is skipped', async () => {
    const find = await finding([
      { start: noon, end: noon + 1000 },
      { start: noon + 60_000, end: noon + 70_000 },
    ]);
    const { head, pass, since } = setUp(find);
    head.gaps = 'skip';
    head.repeat(noon, noon + 5000);
    head.play();
    pass(1500);
    expect(since()).toBeGreaterThan(440);
    expect(since()).toBeLessThan(540);
  });
});

describe('at the ends', () => {
  it.each<[Speed, string, number]>([
    [32, 'newest', 3000],
    [-8, 'oldest', -3000],
  ])('of what there is, playing at %d ends by itself and says so', (speed, end, at) => {
    const { head, pass, since } = setUp();
    head.limits = { start: noon - 3000, end: noon + 3000 };
    head.play(speed);
    expect(pass(1000)).toBe(end);
    expect([since(), head.isPlaying]).toEqual([at, false]);
  });

  it('a jump ends there as well', () => {
    const { head, since } = setUp();
    head.limits = { start: noon - 3000, end: noon + 3000 };
    head.seek(noon + 1e9);
    expect(since()).toBe(3000);
  });
});

it('goes up and down the ladder of speeds, and no further', () => {
  expect(nextSpeed(1, 1)).toBe(2);
  expect(nextSpeed(0.25, -1)).toBe(-1);
  expect(nextSpeed(32, 1)).toBe(32);
  expect(nextSpeed(-8, -1)).toBe(-8);
});

it('is set right by a little without anybody taking it for a jump', () => {
  const head = new Playhead({ now: () => 0, at: 1_000_000 });
  head.play();
  head.nudge(1_000_700);
  expect([head.time, head.seeks, head.isPlaying]).toEqual([1_000_700, 0, true]);
});
