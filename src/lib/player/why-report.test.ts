import { describe, expect, it } from 'vitest';
import type { Sample } from './sample.ts';
import { askedInMinute, linesOf, reportOf, type Account } from './why-report.ts';

const account: Account = {
  camera: { number: 14, name: 'Sheikh Zayed Rd / Gate 3' },
  stream: 'sub',
  state: 'live',
  way: 'hls',
  fallback: { way: 'hls', reason: 'udp-blocked' },
  score: 40,
  factor: 'latency',
  frameAgeMs: 35,
  vitals: {
    codec: 'H264',
    width: 640,
    height: 360,
    freezes: 2,
    freezesMs: 1340,
    path: 'host/host udp',
    keyframesAsked: 0,
    keyframesDecoded: 12,
    packetsAsked: 9,
    packetsDiscarded: 3,
    pauses: 1,
    pausesMs: 6000,
  },
  rates: { framesPerSecond: 14.96, bitsPerSecond: 612_000, lossRatio: 0.0123 },
  nominalFramesPerSecond: 15,
  latencyMs: 2004,
  keyframesAskedInMinute: undefined,
  preferred: undefined,
  shortage: undefined,
  capturedAt: undefined,
  latency: 'balanced',
  history: undefined,
  tile: { width: 480, height: 270 },
};
const text = (name: string): string | undefined => linesOf(account).find((line) => line.name === name)?.text;

describe('the lines of the panel', () => {
  it.each([
    ['size', '640×360 → 480×270 px'],
    ['rate', '15.0 fps / 15.0'],
    ['bits', '0.61 Mbit/s'],
    ['loss', '1.2 %'],
    ['freezes', '2 × Σ 1.3 s'],
    ['latency', '2004 ms'],
    ['path', 'host/host udp'],
    ['keyframes-asked', '0'],
    ['age', '35 ms'],
    ['pauses', '1 × Σ 6.0 s'],
    ['packets-asked', '9'],
    ['discarded', '3'],
    ['keyframes', '12'],
    ['decoder', undefined],
    ['captured', undefined],
  ])('%s says %s', (name, expected) => {
    expect(text(name)).toBe(expected);
  });

  it('say how often a picture was asked for within the last minute, across sessions', () => {
    const second = (keyframesAsked?: number): Sample => ({
      at: 0,
      ageMs: 0,
      score: 100,
      factor: 'none',
      ...(keyframesAsked === undefined ? {} : { keyframesAsked }),
    });
    const minute = [second(9), ...Array.from({ length: 58 }, () => second(0)), second(2), second(1)];
    expect(askedInMinute(minute)).toBe(3);
    expect(askedInMinute([second(), second()])).toBeUndefined();
    const lines = linesOf({ ...account, keyframesAskedInMinute: 3 });
    expect(lines.find(({ name }) => name === 'keyframes-asked')?.text).toBe('0, 3 / min');
    // Each value once: none has a second line in other units.
    expect(new Set(lines.map(({ name }) => name)).size).toBe(lines.length);
  });

  it('are the same ones whatever is known', () => {
    const nothing: Account = {
      ...account,
      vitals: undefined,
      rates: {},
      latencyMs: undefined,
      tile: undefined,
    };
    expect(linesOf(nothing).map(({ name }) => name)).toEqual(linesOf(account).map(({ name }) => name));
  });
});

describe('the report', () => {
  const changes = [{ at: 1000, from: 'whep', to: 'hls', reason: 'udp-blocked' }] as const;
  const report = reportOf(account, changes, (moment) => Date.UTC(2026, 10, 20) + moment, {
    now: Date.UTC(2026, 10, 20, 0, 1),
    browser: 'Chromium 156',
  });

  it('reads in a few lines', () => {
    const lines = report.split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'Parapet, camera 14 Sheikh Zayed Rd / Gate 3, 2026-11-20T00:01:00.000Z',
      'state: live, way: hls (udp-blocked)',
      'score: 40, limited by: latency',
    ]);
    expect(lines).toContain('2026-11-20T00:00:01.000Z whep → hls: udp-blocked');
  });

  it('says of a picture that has just begun that nothing is known yet', () => {
    const begun = { ...account, score: undefined, factor: 'none' as const };
    const lines = reportOf(begun, [], () => 0, { now: 0, browser: '' }).split('\n');
    expect(lines[2]).toBe('score: not known yet');
  });

  it('holds what is kept of the last hour and day, or why nothing is', () => {
    const hour = {
      seconds: 3400.4,
      score: 81,
      worst: 12,
      worstAt: Date.UTC(2026, 10, 19, 23, 30),
      liveShare: 0.995,
      limits: [{ factor: 'latency', seconds: 600 } as const, { factor: 'loss', seconds: 20 } as const],
    };
    const page = { now: 0, browser: 'Chromium 156' };
    const written = reportOf({ ...account, history: { hour, day: undefined } }, [], () => 0, page);
    expect(written.split('\n')).toEqual(
      expect.arrayContaining([
        'last hour: watched 3400 s, live 99.5 %, score 81, worst 12 at 2026-11-19T23:30:00.000Z, limited by latency 600 s, loss 20 s',
        'last 24 h: not watched',
      ]),
    );
    expect(reportOf({ ...account, history: { none: 'full' } }, [], () => 0, page)).toContain(
      '\nhistory: none (full)\n',
    );
    expect(report).not.toContain('history');
  });

  it('ends with all of it as JSON', () => {
    const json = JSON.parse(report.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(json).toMatchObject({ score: 40, way: 'hls', browser: 'Chromium 156', vitals: { codec: 'H264' } });
    expect(json['changes']).toHaveLength(1);
  });
});
