import { describe, expect, it, vi } from 'vitest';
import type { ReserveOutcome } from '#contract/reservation.ts';
import { type MediaSession, StreamError, type Way } from '#lib/media/media-source.ts';
import { Gate } from './gate.ts';
import type { LeaseDesk } from './leases.ts';
import { Supply } from './supply.ts';

const never = new AbortController().signal;
const mute = () => undefined;

const waysOf = (id: string) => [
  { way: 'whep' as const, url: `/${id}` },
  { way: 'hls' as const, url: `/hls/${id}` },
];

const granted = ({ cameraId, stream }: { cameraId: string; stream: 'main' | 'sub' }): ReserveOutcome => ({
  status: 'reserved',
  reservation: { id: `r-${cameraId}`, cameraId, stream, expiresAt: 0, whepUrl: '/x', ways: [] },
});

/** A supply with a BFF that grants everything, and sources that the test answers. */
function supplyOf(limit = 4, prepare?: (count: number) => void) {
  let count = 0;
  const offers: { url: string; way: Way | undefined; answer: (outcome?: Error) => void }[] = [];
  const closed: string[] = [];
  const presented: VideoFrameCallbackMetadata[] = [];
  const desk: LeaseDesk = {
    reserve: async (wanted) =>
      wanted.map(({ cameraId, stream }) => {
        const id = `r${++count}`;
        return {
          status: 'reserved',
          reservation: { id, cameraId, stream, expiresAt: 0, whepUrl: `/${id}`, ways: waysOf(id) },
        };
      }),
    renew: async (ids) => ({ renewed: ids.map((id) => ({ id, expiresAt: 0 })), ended: [] }),
    release: async () => undefined,
  };
  const supply = new Supply({
    desk,
    gate: new Gate(limit),
    prepare,
    sourceFor: ({ whepUrl }, asked) => ({
      way: 'whep',
      open: () => {
        const { promise, resolve, reject } = Promise.withResolvers<MediaSession>();
        const session: MediaSession = {
          way: 'whep',
          attach: () => mute,
          hasConnected: true,
          captureTimeOf: mute,
          presented: (frame) => presented.push(frame),
          ended: new Promise(() => undefined),
          vitals: async () => undefined,
          close: () => closed.push(whepUrl),
        };
        offers.push({
          url: whepUrl,
          way: asked,
          answer: (error) => (error ? reject(error) : resolve(session)),
        });
        return promise;
      },
    }),
  });
  const wanted = Array.from({ length: 6 }, (_, i) => ({
    key: `t${i}`,
    cameraId: `c${i}`,
    stream: 'sub' as const,
  }));
  supply.want(wanted);
  return { supply, offers, closed, presented };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('the supply of pictures', () => {
  it('says how many are about to connect while it still waits for what to connect to', async () => {
    const told: number[] = [];
    const { supply, offers } = supplyOf(2, (count) => told.push(count));
    for (const key of ['t0', 't1', 't2', 't3', 't4']) void supply.open(key, () => 0, never, mute);
    await settled();
    await settled();
    // Two are on their way by now, the others wait for their turn.
    expect(told.at(-1)).toBe(3);
    for (const { answer } of offers) answer();
    await settled();
    await settled();
    expect(told.at(-1)).toBe(1);
    supply.close();
  });

  it('holds no place at the gate for a picture whose reservation is not there yet', async () => {
    const gate = new Gate(1);
    const late = Promise.withResolvers<readonly ReserveOutcome[]>();
    let asks = 0;
    const desk: LeaseDesk = {
      reserve: (wanted) => (asks++ === 0 ? late.promise : Promise.resolve(wanted.map(granted))),
      renew: async () => ({ renewed: [], ended: [] }),
      release: async () => undefined,
    };
    const opened: string[] = [];
    const supply = new Supply({
      desk,
      gate,
      sourceFor: ({ cameraId }) => ({
        way: 'whep',
        open: () => {
          opened.push(cameraId);
          return Promise.reject(new StreamError('unreachable', 'no'));
        },
      }),
    });
    const [first, second] = ['c0', 'c1'].map((cameraId) => ({
      key: cameraId,
      cameraId,
      stream: 'sub' as const,
    }));
    supply.want([first!]);
    const waiting = supply.open('c0', () => 0, never, mute);
    await settled();
    supply.want([first!, second!]);
    await expect(supply.open('c1', () => 1, never, mute)).rejects.toThrow('no');
    late.resolve([granted(first!)]);
    await expect(waiting).rejects.toThrow('no');
    expect(opened).toEqual(['c1', 'c0']);
    supply.close();
  });

  it('tells the session of each picture that is painted', async () => {
    const { supply, offers, presented } = supplyOf();
    const opening = supply.open('t0', () => 0, never, mute);
    await settled();
    offers[0]!.answer();
    const frame = { rtpTimestamp: 90 } as VideoFrameCallbackMetadata;
    (await opening).presented?.(frame);
    expect(presented).toEqual([frame]);
    supply.close();
  });

  it('negotiates a few at a time and lets the next in when one has succeeded or failed', async () => {
    const { supply, offers } = supplyOf(2);
    const opening = ['t0', 't1', 't2', 't3'].map((key, i) => supply.open(key, () => i, never, mute));
    await settled();
    expect(offers).toHaveLength(2);
    offers[0]!.answer();
    offers[1]!.answer(new StreamError('unreachable', 'no'));
    await expect(opening[1]).rejects.toMatchObject({ code: 'unreachable' });
    await settled();
    expect(offers).toHaveLength(4);
    supply.close();
  });

  it('opens what is behind cameras that never answer', async () => {
    vi.useFakeTimers();
    try {
      const { supply, offers } = supplyOf(4);
      for (const key of ['t0', 't1', 't2', 't3', 't4', 't5']) void supply.open(key, () => 0, never, mute);
      await vi.advanceTimersByTimeAsync(1000);
      expect(offers).toHaveLength(4);
      await vi.advanceTimersByTimeAsync(2000);
      expect(offers).toHaveLength(6);
      supply.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('reserves anew after the far end no longer knew the reservation', async () => {
    const { supply, offers } = supplyOf();
    const first = supply.open('t0', () => 0, never, mute);
    await settled();
    offers[0]!.answer(new StreamError('reservation-ended', 'gone'));
    await expect(first).rejects.toMatchObject({ code: 'reservation-ended' });
    void supply.open('t0', () => 0, never, mute);
    await settled();
    expect(offers[1]!.url).not.toBe(offers[0]!.url);
    supply.close();
  });

  it('closes a running picture at once when its reservation is taken away', async () => {
    const { supply, offers, closed } = supplyOf();
    const opening = supply.open('t0', () => 0, never, mute);
    await settled();
    offers[0]!.answer();
    const session = await opening;
    supply.ended(['r1']);
    await expect(session.ended).rejects.toMatchObject({ code: 'reservation-ended' });
    expect(closed).toEqual(['/r1']);
    supply.close();
    supply.close();
  });

  it('closes both pictures of a tile that is changing its way', async () => {
    const { supply, offers, closed } = supplyOf();
    const openings = [supply.open('t0', () => 0, never, mute), supply.open('t0', () => 0, never, mute)];
    await settled();
    for (const offer of offers) offer.answer();
    const sessions = await Promise.all(openings);
    supply.ended(['r1']);
    for (const session of sessions)
      await expect(session.ended).rejects.toMatchObject({ code: 'reservation-ended' });
    expect(closed).toEqual(['/r1', '/r1']);
    supply.close();
  });

  it('opens a picture by the way that is chosen among those offered', async () => {
    const { supply, offers } = supplyOf();
    void supply.open(
      't0',
      () => 0,
      never,
      mute,
      (ways) => ways.at(-1),
    );
    const none = supply.open(
      't1',
      () => 0,
      never,
      mute,
      () => undefined,
    );
    await expect(none).rejects.toMatchObject({ code: 'no-other-way', isTransient: false });
    expect(offers.map(({ way }) => way)).toEqual(['hls']);
    supply.close();
  });

  it('tells why a way was ordered, and whose quota left no room', async () => {
    const shortage = { agency: 'Metro', used: 3, limit: 3, shares: [{ name: 'olga', streams: 3 }] };
    const session = { way: 'livekit', ended: new Promise(() => undefined) } as unknown as MediaSession;
    const supply = new Supply({
      gate: new Gate(2),
      sourceFor: () => ({ way: 'livekit', open: () => Promise.resolve(session) }),
      desk: {
        reserve: async (wanted) =>
          wanted.map((want): ReserveOutcome => {
            if (want.cameraId === 'c1')
              return { status: 'refused', ...want, code: 'quota-exceeded', reason: 'full', shortage };
            const outcome = granted(want);
            if (outcome.status === 'reserved')
              outcome.reservation.ways = [{ way: 'livekit', url: '/l', because: 'many-viewers', viewers: 4 }];
            return outcome;
          }),
        renew: async () => ({ renewed: [], ended: [] }),
        release: async () => undefined,
      },
    });
    supply.want(['c0', 'c1'].map((cameraId) => ({ key: cameraId, cameraId, stream: 'sub' as const })));
    const full = expect(supply.open('c1', () => 0, never, mute)).rejects.toMatchObject({
      code: 'quota-exceeded',
      shortage,
    });
    expect((await supply.open('c0', () => 0, never, mute)).preferred).toEqual({
      reason: 'many-viewers',
      viewers: 4,
    });
    await full;
    supply.leave();
  });

  it('gives its turn back when somebody gives up', async () => {
    const { supply, offers } = supplyOf(1);
    const impatient = new AbortController();
    const first = supply.open('t0', () => 0, impatient.signal, mute);
    const second = supply.open('t1', () => 1, never, mute);
    second.catch(mute);
    await settled();
    impatient.abort(new Error('enough'));
    offers[0]!.answer(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await settled();
    expect(offers).toHaveLength(2);
    supply.close();
  });
});
