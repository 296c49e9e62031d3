import { describe, expect, it } from 'vitest';
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

/** A supply with a BFF that grants everything, and sources that the test answers. */
function supplyOf(limit = 4) {
  let count = 0;
  const offers: { url: string; way: Way | undefined; answer: (outcome?: Error) => void }[] = [];
  const closed: string[] = [];
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
    sourceFor: ({ whepUrl }, asked) => ({
      way: 'whep',
      open: () => {
        const { promise, resolve, reject } = Promise.withResolvers<MediaSession>();
        const session: MediaSession = {
          way: 'whep',
          attach: () => mute,
          hasConnected: true,
          captureTimeOf: mute,
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
  return { supply, offers, closed };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('the supply of pictures', () => {
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
