import { describe, expect, it } from 'vitest';
import type { StreamErrorCode } from '#lib/media/media-source.ts';
import { limitsFor } from './limits.ts';
import {
  calmMs,
  firstFrameMs,
  next,
  offlineAfterMs,
  type Command,
  type PlayerEvent,
  type PlayerState,
} from './state.ts';

const limits = limitsFor(undefined);
/** The dearest jitter, so that every delay is its ceiling. */
const most = () => 1;

/** Plays events in turn; gives the last state and all commands. */
function play(state: PlayerState, ...events: PlayerEvent[]): { state: PlayerState; commands: Command[] } {
  const commands: Command[] = [];
  for (const event of events) {
    const step = next(state, event, most);
    state = step.state;
    commands.push(...step.commands);
  }
  return { state, commands };
}

const idle: PlayerState = { status: 'idle' };
const start = (at: number): PlayerEvent => ({ type: 'start', at });
const firstFrame = (at: number): PlayerEvent => ({ type: 'first-frame', at });
const tick = (at: number, frameAt?: number): PlayerEvent => ({ type: 'tick', at, frameAt, limits });
const failed = (at: number, code: StreamErrorCode = 'unreachable', retryAfterMs?: number): PlayerEvent => ({
  type: 'failed',
  at,
  code,
  isTransient: !['not-permitted', 'signed-out', 'codec-unsupported', 'b-frames', 'exhausted'].includes(code),
  retryAfterMs,
});
const lost = (at: number, frameAt?: number): PlayerEvent => ({
  type: 'lost',
  at,
  code: 'unreachable',
  frameAt,
});

/** Live since 0, with pictures until `until`. */
const live = (until: number) => play(idle, start(0), firstFrame(0), tick(until, until)).state;
const statusAfter = (ageMs: number) => play(live(20_000), tick(20_000 + ageMs, 20_000)).state.status;

describe('age', () => {
  it.each([
    [0, 'live'],
    [999, 'live'],
    [1000, 'delayed'],
    [2600, 'delayed'],
    // Judged every 250 ms: "by 3 s" and "by 5 s" hold with a tick to spare.
    [2750, 'stalled'],
    [4500, 'stalled'],
    [4750, 'reconnecting'],
  ])('a picture %i ms old makes the tile %s', (ageMs, status) => {
    expect(statusAfter(ageMs)).toBe(status);
  });

  it('recovers by itself from a delay without another session', () => {
    const { state, commands } = play(live(20_000), tick(21_500, 20_000), tick(21_750, 21_700));
    expect([state.status, commands]).toEqual(['live', []]);
  });

  it('opens another session when the picture is stalled, and keeps the silent one', () => {
    const { state, commands } = play(live(20_000), tick(22_750, 20_000), tick(23_000, 20_000));
    expect(state).toMatchObject({
      status: 'stalled',
      since: 20_000,
      effort: { kind: 'opening', since: 22_750 },
    });
    expect(commands).toEqual(['open']);
    expect(play(state, tick(24_750, 20_000))).toMatchObject({
      state: { status: 'reconnecting' },
      commands: [],
    });
  });

  it('says at once that the camera is offline when the other session is refused for that', () => {
    const { state } = play(live(20_000), tick(22_750, 20_000), failed(22_800, 'camera-offline', 5000));
    expect(state).toMatchObject({ status: 'offline', since: 20_000, reason: 'camera-offline' });
  });

  it('gives the other session up when the silent one speaks again', () => {
    const { state, commands } = play(live(20_000), tick(25_000, 20_000), tick(25_250, 25_200));
    expect([state.status, commands]).toEqual(['live', ['open', 'abandon']]);
  });

  it('is judged later for a camera that sends a picture every two seconds', () => {
    const slow = limitsFor(2000);
    const at = (ageMs: number) =>
      next(live(20_000), { type: 'tick', at: 20_000 + ageMs, frameAt: 20_000, limits: slow }).state.status;
    expect([at(4900), at(5100), at(8100), at(12_100)]).toEqual([
      'live',
      'delayed',
      'stalled',
      'reconnecting',
    ]);
  });

  it('is judged as usual for a camera of fifteen pictures a second', () => {
    expect(limitsFor(67)).toEqual(limits);
  });
});

describe('starting', () => {
  it('opens once, however often it is asked for', () => {
    const { state, commands } = play(idle, start(0), start(5));
    expect(state).toMatchObject({ status: 'connecting', since: 0 });
    expect(commands).toEqual(['open']);
  });

  it('tells its place in the queue and counts the patience from its turn', () => {
    const queued = play(idle, start(0), { type: 'queued', at: 10, place: 3 });
    expect(queued.state).toMatchObject({ status: 'queued', place: 3 });
    const waited = play(queued.state, tick(60_000), { type: 'queued', at: 60_000, place: 0 });
    expect(waited.state).toMatchObject({ status: 'connecting', effort: { kind: 'opening', since: 60_000 } });
    expect(waited.commands).toEqual([]);
  });

  it('goes live with the first picture, which takes the front', () => {
    const { state, commands } = play(idle, start(0), firstFrame(400));
    expect(state).toMatchObject({ status: 'live', liveSince: 400 });
    expect(commands).toEqual(['open', 'adopt']);
  });

  it('gives an attempt up that shows nothing in time, and tries again', () => {
    const { state, commands } = play(idle, start(0), tick(firstFrameMs - 1), tick(firstFrameMs));
    expect(state).toMatchObject({ status: 'connecting', failures: 1, effort: { kind: 'waiting' } });
    expect(commands).toEqual(['open', 'abandon']);
    const again = play(state, tick(firstFrameMs + 299), tick(firstFrameMs + 300));
    expect(again.commands).toEqual(['open']);
  });

  it('knows a far end that agreed and stays silent from one that did not answer', () => {
    const silent = play(idle, start(0), { type: 'agreed', at: 100 }, tick(firstFrameMs));
    expect(silent.state).toMatchObject({ reason: 'silent' });
    expect(play(idle, start(0), tick(firstFrameMs)).state).toMatchObject({ reason: 'unreachable' });
  });

  it('says offline after a while without ever a picture', () => {
    const { state } = play(idle, start(0), failed(100), tick(offlineAfterMs));
    expect(state).toMatchObject({ status: 'offline', since: 0, reason: 'unreachable' });
  });

  it('says offline at once when the camera is known to be', () => {
    const { state } = play(idle, start(0), failed(100, 'camera-offline'));
    expect(state).toMatchObject({ status: 'offline', reason: 'camera-offline' });
  });

  it('says at once that there is no room, and tries again later and later', () => {
    let state = play(idle, start(0)).state;
    const waits = [1, 2, 3, 4].map((n) => {
      state = play(state, failed(n * 1000, 'quota-exceeded')).state;
      expect(state).toMatchObject({ status: 'offline', reason: 'quota-exceeded' });
      return 'effort' in state && state.effort.kind === 'waiting' ? state.effort.until - n * 1000 : 0;
    });
    expect(waits).toEqual([300, 1000, 2000, 5000]);
  });
});

describe('trying again', () => {
  /** The delays between failures that follow each other at once. */
  function delays(count: number, random: () => number): number[] {
    let step = next(idle, start(0));
    let at = 0;
    const found: number[] = [];
    for (let n = 0; n < count; n += 1) {
      step = next(step.state, failed(at), random);
      if (!('effort' in step.state) || step.state.effort.kind !== 'waiting') throw new Error('does not wait');
      const { until } = step.state.effort;
      found.push(until - at);
      at = until;
      step = next(step.state, tick(at), random);
      expect(step.commands).toEqual(['open']);
    }
    return found;
  }

  it('waits longer each time, up to half a minute', () => {
    expect(delays(9, () => 1)).toEqual([300, 1000, 2000, 5000, 10_000, 15_000, 30_000, 30_000, 30_000]);
  });

  it('spreads over the whole of it', () => {
    expect(delays(4, () => 0)).toEqual([0, 0, 0, 0]);
    expect(delays(4, () => 0.5)).toEqual([150, 500, 1000, 2500]);
  });

  it('never asks earlier than the far end said', () => {
    for (const random of [() => 0, () => 1]) {
      const step = next(play(idle, start(0)).state, failed(0, 'camera-offline', 7000), random);
      expect(step.state).toMatchObject({ effort: { kind: 'waiting', until: 7000 + random() * 500 } });
    }
  });

  it('starts at once after a long good time, and waits when trouble came back soon', () => {
    const calm = play(live(20_000), tick(25_000, 20_000));
    expect(calm.commands).toEqual(['open']);
    const shaky = play(idle, start(0), failed(0), tick(300), firstFrame(400), tick(5200, 400));
    expect(shaky.state).toMatchObject({ status: 'reconnecting', failures: 1, effort: { kind: 'waiting' } });
  });

  it('forgets failures after a calm time', () => {
    const shaky = play(idle, start(0), failed(0), tick(300), firstFrame(400)).state;
    const state = play(shaky, tick(calmMs + 400, calmMs + 400), tick(calmMs + 6000, calmMs + 500)).state;
    expect(state).toMatchObject({ status: 'reconnecting', failures: 0, effort: { kind: 'opening' } });
  });

  it('hurries when something got better, but not all tiles at once', () => {
    const waiting = play(idle, start(0), failed(0, 'camera-offline', 30_000)).state;
    expect(next(waiting, { type: 'hurry', at: 5000 }, () => 1).state).toMatchObject({
      effort: { until: 5400 },
    });
    expect(next(waiting, { type: 'hurry', at: 5000 }, () => 0).state).toMatchObject({
      effort: { until: 5000 },
    });
    const running = play(idle, start(0)).state;
    expect(next(running, { type: 'hurry', at: 10 }).state).toBe(running);
  });

  it('stays offline through failed attempts and goes live with the first picture', () => {
    const offline = play(live(20_000), tick(25_000, 20_000), failed(25_100, 'camera-offline', 1000)).state;
    const later = play(offline, tick(26_600), failed(26_700));
    expect(later.state).toMatchObject({ status: 'offline', since: 20_000 });
    expect(play(later.state, firstFrame(29_000)).state.status).toBe('live');
  });

  it('says reconnecting first and offline when that takes long, since the last picture', () => {
    const reconnecting = play(live(20_000), tick(25_000, 20_000), failed(25_100)).state;
    expect(reconnecting.status).toBe('reconnecting');
    const state = play(reconnecting, tick(20_000 + offlineAfterMs, 20_000)).state;
    expect(state).toMatchObject({ status: 'offline', since: 20_000 });
  });
});

describe('losing the session', () => {
  it('reconnects at once, since the last picture', () => {
    const { state, commands } = play(live(20_000), lost(20_100, 20_050));
    expect(state).toMatchObject({ status: 'reconnecting', since: 20_050, effort: { kind: 'opening' } });
    expect(commands).toEqual(['drop', 'open']);
  });

  it('while another attempt runs only closes it', () => {
    const { state, commands } = play(live(20_000), tick(25_000, 20_000), lost(27_000));
    expect(state.status).toBe('reconnecting');
    expect(commands).toEqual(['open', 'drop']);
  });
});

describe('refusals', () => {
  it.each(['not-permitted', 'signed-out', 'codec-unsupported', 'b-frames', 'exhausted'] as const)(
    'stop trying: %s',
    (code) => {
      const { state } = play(
        idle,
        start(0),
        failed(10, code),
        tick(600_000),
        { type: 'hurry', at: 600_001 },
        tick(900_000),
      );
      expect(state).toEqual({ status: 'refused', since: 0, code });
    },
  );

  it('take away what may no longer be seen', () => {
    const { commands } = play(live(20_000), tick(25_000, 20_000), failed(25_100, 'not-permitted'));
    expect(commands).toEqual(['open', 'drop']);
  });

  it('end when asked again', () => {
    const { state, commands } = play(idle, start(0), failed(10, 'signed-out'), start(500));
    expect(state).toMatchObject({ status: 'connecting', failures: 0 });
    expect(commands).toEqual(['open', 'open']);
  });
});

describe('stopping', () => {
  const states: PlayerState[] = [
    play(idle, start(0)).state,
    play(idle, start(0), { type: 'queued', at: 0, place: 2 }).state,
    live(20_000),
    play(live(20_000), tick(25_000, 20_000)).state,
    play(idle, start(0), failed(0, 'camera-offline')).state,
    play(idle, start(0), failed(0, 'b-frames')).state,
  ];
  it.each(states)('closes everything from $status', (state) => {
    expect(next(state, { type: 'stop', at: 30_000 })).toEqual({ state: idle, commands: ['abandon', 'drop'] });
  });

  it('is final: nothing that arrives late brings it back', () => {
    for (const event of [failed(1), lost(1), tick(1, 1), { type: 'hurry', at: 1 } as const]) {
      expect(next(idle, event).state).toEqual(idle);
    }
    expect(next(idle, firstFrame(1))).toEqual({ state: idle, commands: ['abandon'] });
  });
});

describe('suspension', () => {
  const suspend = (at: number): PlayerEvent => ({ type: 'suspend', at });
  const resume = (at: number): PlayerEvent => ({ type: 'resume', at });

  it('lets go of what plays, and of what is being tried', () => {
    const { state, commands } = play(live(20_000), suspend(21_000));
    expect([state, commands]).toEqual([{ status: 'suspended', since: 21_000 }, ['abandon', 'drop']]);
    expect(play(idle, start(0), suspend(100)).state.status).toBe('suspended');
  });

  it('is a state in which nothing happens by itself', () => {
    const { state } = play(live(20_000), suspend(21_000));
    const after = play(
      state,
      tick(22_000),
      tick(90_000),
      firstFrame(91_000),
      failed(92_000),
      lost(93_000),
      start(94_000),
      { type: 'hurry', at: 95_000 },
      suspend(96_000),
    );
    expect(after.state).toBe(state);
    expect(after.commands).not.toContain('open');
    expect(after.commands).not.toContain('adopt');
  });

  it('ends with an attempt when it is resumed', () => {
    const { state, commands } = play(live(20_000), suspend(21_000), resume(80_000));
    expect(state).toMatchObject({ status: 'connecting', since: 80_000, failures: 0 });
    expect(commands.at(-1)).toBe('open');
  });

  it('may be where a tile begins', () => {
    expect(play(idle, suspend(0)).commands).toEqual([]);
    expect(play(idle, suspend(0), resume(5)).commands).toEqual(['open']);
  });

  it('leaves a refusal as it is, and resuming what plays changes nothing', () => {
    const refused = play(idle, start(0), failed(1, 'not-permitted')).state;
    expect(play(refused, suspend(5)).state).toBe(refused);
    const playing = live(20_000);
    expect(play(playing, resume(20_001)).state).toBe(playing);
  });

  it('ends with everything else', () => {
    expect(play(idle, suspend(0), { type: 'stop', at: 5 }).state.status).toBe('idle');
  });
});
