import { describe, expect, it } from 'vitest';
import {
  canClimb,
  climb,
  ground,
  hasFallen,
  patience,
  type LadderCommand,
  type LadderEvent,
  type LadderState,
  type Moment,
} from './ladder.ts';

type Plain = LadderEvent extends infer Each ? (Each extends LadderEvent ? Omit<Each, 'at'> : never) : never;

/** A ladder and a clock. */
class Walk {
  state: LadderState = ground;
  at = 100_000;
  readonly commands: LadderCommand[] = [];

  send(event: Plain): this {
    const { state, command } = climb(this.state, { ...event, at: this.at });
    this.state = state;
    if (command) this.commands.push(command);
    return this;
  }

  /** Time passes in the pulse's steps. Gives the first command and after how long it came. */
  pass(
    ms: number,
    moment: Partial<Moment> & { readonly sideShows?: boolean } = {},
  ): [LadderCommand, number] | undefined {
    let found: [LadderCommand, number] | undefined;
    const { sideShows, ...rest } = moment;
    for (let gone = 250; gone <= ms; gone += 250) {
      this.at += 250;
      const before = this.commands.length;
      this.send({
        type: 'tick',
        attemptSince: undefined,
        isLive: true,
        sideFrameAt: sideShows === true ? this.at : undefined,
        isBlocked: false,
        mayProbe: true,
        patienceMs: patience.usualMs,
        ...rest,
      });
      const command = this.commands[before];
      if (command && !found) found = [command, gone];
      if (command === 'drop' || command === 'adopt') break;
    }
    return found;
  }

  offered(isBlocked = false, ways: readonly ('livekit' | 'whep' | 'hls')[] = ['whep', 'hls']): this {
    return this.send({ type: 'offered', ways, isBlocked });
  }

  shown(way: 'livekit' | 'whep' | 'hls', hadConnected = true): this {
    return this.send({ type: 'shown', way, hadConnected });
  }

  failed(code: Extract<LadderEvent, { type: 'failed' }>['code'], isAgreed = true, hadConnected = true): this {
    return this.send({ type: 'failed', code, isAgreed, hadConnected });
  }

  get stand(): string {
    return `${String(this.state.rung)} ${this.state.reason ?? '-'}`;
  }
}

const walk = () => new Walk().offered();
/** On HLS, because pictures by WHEP stopped twice. */
const fallen = () => walk().shown('whep').send({ type: 'stalled' }).send({ type: 'stalled' }).shown('hls');

describe('LiveKit', () => {
  const entered = () => new Walk().offered(false, ['livekit', 'whep', 'hls']).shown('livekit');

  it.each(['unreachable', 'protocol', 'camera-offline'] as const)(
    'is left for the next way at its first failure, before anything was agreed: %s',
    (code) => {
      expect(entered().failed(code, false).stand).toBe('1 livekit-away');
    },
  );

  it('is looked for again after five seconds', () => {
    const ladder = entered().failed('unreachable', false).shown('whep');
    expect(ladder.pass(10_000)).toEqual(['probe', 5000]);
  });

  it('is not to blame for a right that is gone', () => {
    expect(entered().failed('not-permitted', false).stand).toBe('0 -');
  });
});

describe('an attempt without a picture', () => {
  it('is joined by the next way down after five seconds, once', () => {
    const ladder = walk();
    const attemptSince = ladder.at;
    expect(ladder.pass(10_000, { attemptSince, isLive: false })).toEqual(['rescue', 5000]);
    expect(ladder.commands).toEqual(['rescue']);
    expect(ladder.state.side).toMatchObject({ kind: 'rescue', rung: 1 });
  });

  it('is left alone a little longer while the page is young', () => {
    const ladder = walk();
    const moment = { attemptSince: ladder.at, isLive: false, patienceMs: patience.youngPageMs };
    expect(ladder.pass(10_000, moment)).toEqual(['rescue', 8000]);
  });

  it('wins when its picture comes first', () => {
    const ladder = walk();
    ladder.pass(6000, { attemptSince: ladder.at, isLive: false });
    ladder.shown('whep');
    expect([ladder.stand, ladder.state.side, ladder.commands.at(-1)]).toEqual(['0 -', undefined, 'drop']);
  });

  it.each([
    [false, '1 udp-blocked'],
    [true, '1 no-picture'],
  ])('loses to the other way’s first picture; connected before: %s', (hadConnected, stand) => {
    const ladder = walk();
    ladder.pass(5000, { attemptSince: ladder.at, isLive: false });
    expect(ladder.pass(1000, { isLive: false, sideShows: true })).toEqual(['adopt', 250]);
    expect(ladder.shown('hls', hadConnected).stand).toBe(stand);
  });

  it('loses to a picture that is far behind, too: nothing else shows', () => {
    const ladder = walk();
    ladder.pass(5000, { attemptSince: ladder.at, isLive: false });
    expect(ladder.pass(1000, { isLive: false, sideShows: true, sideLagMs: 4000 })).toEqual(['adopt', 250]);
  });

  it('may end before the one that joined it, which has ten seconds of its own', () => {
    const ladder = walk();
    ladder.pass(5000, { attemptSince: ladder.at, isLive: false });
    expect(ladder.pass(20_000, { isLive: false })).toEqual(['drop', 10_000]);
    expect(ladder.state.side).toBeUndefined();
  });

  it('on the lowest rung is joined by the best way', () => {
    const ladder = fallen();
    ladder.pass(5000, { attemptSince: ladder.at, isLive: false });
    expect(ladder.state.side).toMatchObject({ kind: 'rescue', rung: 0 });
    ladder.pass(250, { isLive: false, sideShows: true });
    expect(ladder.shown('whep').stand).toBe('0 -');
  });

  it('is joined by nothing where there is but one way', () => {
    const ladder = new Walk().offered(false, ['whep']);
    expect(ladder.pass(30_000, { attemptSince: ladder.at, isLive: false })).toBeUndefined();
  });
});

describe('stepping down', () => {
  it('follows two stalls within a minute', () => {
    const ladder = walk().shown('whep').send({ type: 'stalled' });
    expect(ladder.stand).toBe('0 -');
    ladder.at += 59_000;
    expect(ladder.send({ type: 'stalled' }).stand).toBe('1 stalls');
  });

  it('does not follow two that are further apart', () => {
    const ladder = walk().shown('whep').send({ type: 'stalled' });
    ladder.at += 60_000;
    expect(ladder.send({ type: 'stalled' }).stand).toBe('0 -');
  });

  it('does not follow what the camera or a server is to blame for', () => {
    const ladder = walk().shown('whep').send({ type: 'stalled' }).failed('camera-offline', false);
    ladder
      .send({ type: 'stalled' })
      .failed('unreachable', false)
      .failed('unreachable', false)
      .failed('reservation-ended');
    expect(ladder.stand).toBe('0 -');
  });

  it.each([
    [true, '1 no-picture'],
    [false, '1 udp-blocked'],
  ])('follows two attempts without a picture; connected: %s', (hadConnected, stand) => {
    const ladder = walk().failed('silent', true, hadConnected);
    expect(ladder.stand).toBe('0 -');
    expect(ladder.failed('silent', true, hadConnected).stand).toBe(stand);
  });

  it.each(['codec-unsupported', 'b-frames'] as const)(
    'looks for the better way once the camera sends anew, after it fell for %s',
    (code) => {
      const shown = walk().failed(code).shown('hls');
      expect(shown.pass(600_000)).toBeUndefined();
      expect(shown.send({ type: 'begun', isShown: true }).pass(1000)).toEqual(['probe', 250]);
      // Still the same: once was enough.
      expect(shown.send({ type: 'side-failed' }).pass(600_000)).toBeUndefined();
    },
  );

  it('begins at the top when the camera sends anew and nothing is shown, and only where it fell for what was sent', () => {
    const refused = walk().failed('b-frames').failed('b-frames');
    expect(refused.stand).toBe('1 b-frames');
    expect(refused.send({ type: 'begun', isShown: false }).stand).toBe('0 -');
    expect(fallen().send({ type: 'begun', isShown: false }).stand).toBe('1 stalls');
  });

  it.each(['codec-unsupported', 'b-frames', 'exhausted'] as const)('follows %s at once, for good', (code) => {
    const before = walk();
    const top = before.state;
    const ladder = before.failed(code, false);
    expect(ladder.stand).toBe(`1 ${code}`);
    expect(hasFallen(top, ladder.state)).toBe(true);
    ladder.shown('hls');
    expect(ladder.pass(3_600_000)).toBeUndefined();
    expect(ladder.send({ type: 'climb' }).pass(1000)).toBeUndefined();
  });

  it('ends at the lowest rung', () => {
    const ladder = fallen().send({ type: 'stalled' }).send({ type: 'stalled' });
    expect(ladder.stand).toBe('1 stalls');
  });

  it('is taken back when the session above comes back by itself', () => {
    const ladder = walk().shown('whep').send({ type: 'stalled' }).send({ type: 'stalled' });
    expect(ladder.shown('whep').stand).toBe('0 -');
  });
});

describe('pictures that are poor', () => {
  const seconds = (ladder: Walk, count: number, fault: 'loss' | 'slow' | undefined): Walk => {
    for (let n = 0; n < count; n += 1) {
      ladder.at += 1000;
      ladder.send({ type: 'second', fault });
    }
    return ladder;
  };

  it.each(['loss', 'slow'] as const)('for ten seconds lead one rung down: %s', (fault) => {
    const ladder = seconds(walk().shown('whep'), 20, undefined);
    expect(seconds(ladder, 10, fault).stand).toBe('0 -');
    expect(seconds(ladder, 1, fault).stand).toBe(`1 ${fault}`);
  });

  it('lead to a smaller stream first, where there is one', () => {
    const ladder = seconds(walk().shown('whep'), 20, undefined);
    for (let n = 0; n < 11; n += 1) {
      ladder.at += 1000;
      ladder.send({ type: 'second', fault: 'loss', hasLesser: true });
    }
    expect([ladder.stand, ladder.commands]).toEqual(['0 -', ['lesser']]);
  });

  it('with a good second between them do not', () => {
    const ladder = seconds(walk().shown('whep'), 20, undefined);
    for (let n = 0; n < 5; n += 1) seconds(seconds(ladder, 9, 'loss'), 1, undefined);
    expect(ladder.stand).toBe('0 -');
  });

  it('do not in the first fifteen seconds on a rung', () => {
    expect(seconds(walk().shown('whep'), 14, 'loss').stand).toBe('0 -');
  });

  it('keep a probe that loses too much from being believed', () => {
    const ladder = fallen();
    ladder.pass(5000);
    expect(ladder.pass(10_000, { sideShows: true, sideLossRatio: 0.1 })).toBeUndefined();
    expect(ladder.pass(10_000, { sideShows: true, sideLossRatio: 0.01 })).toEqual(['adopt', 5250]);
  });
});

describe('once another tile has proven the way', () => {
  it('a tile probes at once, and a second and a half of clean pictures is enough', () => {
    const ladder = fallen();
    ladder.pass(1000, { proofs: 0 });
    expect(ladder.pass(1000, { proofs: 1 })).toEqual(['probe', 250]);
    expect(ladder.pass(10_000, { proofs: 1, sideShows: true, cleanMs: 1500 })).toEqual(['adopt', 1750]);
  });

  it('a tile whose own probe has failed since keeps its time', () => {
    const ladder = fallen();
    ladder.pass(5000);
    ladder.send({ type: 'side-failed' });
    expect(ladder.pass(4000, { proofs: 1 })).toBeUndefined();
  });
});

describe('what happened', () => {
  it('is kept: from where to where, when and why', () => {
    const ladder = fallen();
    const fellAt = ladder.at;
    ladder.pass(5000);
    ladder.pass(10_000, { sideShows: true });
    ladder.shown('whep');
    expect(ladder.state.history).toEqual([
      { at: fellAt, from: 'whep', to: 'hls', reason: 'stalls' },
      { at: ladder.at, from: 'hls', to: 'whep', reason: 'recovered' },
    ]);
  });

  it('is kept for the last fifty changes', () => {
    const ladder = walk();
    for (let n = 0; n < 40; n += 1) ladder.failed('b-frames', false).shown('whep');
    expect(ladder.state.history).toHaveLength(50);
  });
});

it('gives up what runs at the side while it is suspended, and stays where it is', () => {
  const ladder = fallen();
  ladder.pass(5000);
  ladder.send({ type: 'paused' });
  expect([ladder.stand, ladder.state.side, ladder.commands.at(-1)]).toEqual(['1 stalls', undefined, 'drop']);
});

describe('a network that lets no UDP through', () => {
  it('only of late is looked at again soon: it may have been somebody’s mistake', () => {
    const ladder = walk().shown('whep');
    ladder.pass(5000, { attemptSince: ladder.at, isLive: false });
    ladder.pass(1000, { isLive: false, sideShows: true });
    expect(ladder.shown('hls', false).stand).toBe('1 udp-blocked');
    expect(ladder.pass(60_000, { isBlocked: true })).toEqual(['probe', 5000]);
  });

  it('is remembered: the first attempt goes by HLS, and WebRTC is looked for in the background', () => {
    const ladder = new Walk().offered(true);
    expect(ladder.stand).toBe('1 udp-blocked');
    ladder.shown('hls');
    expect(ladder.pass(60_000, { isBlocked: true })).toEqual(['probe', 30_000]);
  });

  it('that lets it through again is climbed on at once', () => {
    const ladder = new Walk().offered(true).shown('hls');
    ladder.pass(2000, { isBlocked: true });
    expect(ladder.pass(1000, { isBlocked: false })).toEqual(['probe', 250]);
  });
});

describe('looking for the better way', () => {
  it('backs off: soon at first where it may pass by itself', () => {
    const ladder = fallen();
    const begun: number[] = [];
    let last = ladder.at;
    for (let n = 0; n < 9; n += 1) {
      while (ladder.state.side === undefined) ladder.pass(250);
      begun.push((ladder.at - last) / 1000);
      last = ladder.at;
      ladder.send({ type: 'side-failed' });
    }
    expect(begun).toEqual([5, 5, 5, 10, 30, 60, 120, 300, 300]);
  });

  it('waits while another tile does', () => {
    expect(fallen().pass(60_000, { mayProbe: false })).toBeUndefined();
  });

  it('waits for a live picture', () => {
    expect(fallen().pass(60_000, { isLive: false })).toBeUndefined();
  });

  it('begins at once when somebody asks, or the network is another', () => {
    const ladder = new Walk().offered(true).shown('hls').send({ type: 'climb' });
    expect(ladder.pass(1000, { isBlocked: true })).toEqual(['probe', 250]);
  });

  it('is given up without a first picture after ten seconds', () => {
    const ladder = fallen();
    ladder.pass(5000);
    expect(ladder.pass(20_000)).toEqual(['drop', 10_000]);
    expect(ladder.state.probes).toBe(1);
  });

  it('changes over after five seconds of clean pictures', () => {
    const ladder = fallen();
    ladder.pass(5000);
    expect(ladder.pass(10_000, { sideShows: true })).toEqual(['adopt', 5250]);
    expect(ladder.shown('whep').stand).toBe('0 -');
    expect(ladder.state.probeAt).toBeUndefined();
  });

  it('does not change over to pictures that are far behind', () => {
    const ladder = fallen();
    ladder.pass(5000);
    expect(ladder.pass(10_000, { sideShows: true, sideLagMs: 1200 })).toBeUndefined();
    expect(ladder.pass(10_000, { sideShows: true, sideLagMs: 300 })).toEqual(['adopt', 5250]);
  });

  it('is given up when the ways on offer are others', () => {
    const ladder = fallen();
    ladder.pass(5000);
    ladder.offered(false, ['livekit', 'whep', 'hls']);
    expect([ladder.state.side, ladder.commands.at(-1)]).toEqual([undefined, 'drop']);
  });

  it('counts clean pictures anew after a gap', () => {
    const ladder = fallen();
    ladder.pass(5000);
    ladder.pass(4000, { sideShows: true });
    ladder.pass(1000, { sideFrameAt: ladder.at });
    expect(ladder.pass(10_000, { sideShows: true })).toEqual(['adopt', 5250]);
  });

  it('changes over at once when the picture in front is lost', () => {
    const ladder = fallen();
    ladder.pass(5000);
    expect(ladder.pass(1000, { isLive: false, sideShows: true })).toEqual(['adopt', 250]);
  });

  it('stays fifteen seconds where a lasting cause led', () => {
    const ladder = new Walk().offered(true).shown('hls').send({ type: 'climb' });
    ladder.pass(250, { isBlocked: true });
    expect(ladder.pass(20_000, { sideShows: true, isBlocked: true })).toEqual(['adopt', 14_750]);
  });
});

describe('a way that comes and goes', () => {
  it('is left alone for ten minutes after three changes in five', () => {
    const ladder = fallen();
    ladder.pass(5000);
    ladder.pass(10_000, { sideShows: true });
    ladder.shown('whep').send({ type: 'stalled' }).send({ type: 'stalled' }).shown('hls');
    ladder.pass(20_000);
    expect([ladder.stand, ladder.state.side]).toEqual(['1 flapping', undefined]);
    const pinnedAt = ladder.at;
    while (ladder.state.side === undefined) ladder.pass(250);
    expect(ladder.at - pinnedAt).toBeGreaterThan(570_000);
    expect(ladder.at - pinnedAt).toBeLessThanOrEqual(600_000);
  });

  it('is tried all the same when somebody asks', () => {
    const ladder = fallen();
    ladder.pass(5000);
    ladder.pass(10_000, { sideShows: true });
    ladder.shown('whep').send({ type: 'stalled' }).send({ type: 'stalled' }).shown('hls');
    ladder.pass(20_000);
    expect(ladder.stand).toBe('1 flapping');
    expect(ladder.send({ type: 'climb' }).pass(1000)).toEqual(['probe', 250]);
    ladder.pass(20_000, { sideShows: true });
    expect(ladder.shown('whep').stand).toBe('0 -');
  });
});

it('forgets everything on a reset, and gives up what runs at the side', () => {
  const ladder = fallen();
  ladder.pass(5000);
  ladder.send({ type: 'reset' });
  expect([ladder.state, ladder.commands.at(-1)]).toEqual([ground, 'drop']);
});

it('tells where looking for the better way can be of use', () => {
  expect((['codec-unsupported', 'b-frames', 'exhausted'] as const).some(canClimb)).toBe(false);
  expect((['udp-blocked', 'flapping', 'stalls', 'loss'] as const).every(canClimb)).toBe(true);
});
