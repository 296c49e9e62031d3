import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MediaSession, Way } from '#lib/media/media-source.ts';
import { Gate } from './gate.ts';
import type { LeaseDesk } from './leases.ts';
import { Pictures, type TileWish } from './pictures.svelte.ts';
// So that it is there when a wall loads it.
import './relief.ts';
import { dwellMs } from './stream-choice.ts';
import { Supply } from './supply.ts';

const ends: (() => void)[] = [];
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  ends.splice(0).forEach((end) => end());
  vi.useRealTimers();
});

/** A wall whose BFF grants everything and whose cameras answer at once; what was reserved, opened and closed. */
function wall(ways: readonly Way[] = ['whep', 'stills'], atOnce = 4) {
  const log: string[] = [];
  const held = new Set<string>();
  const desk: LeaseDesk = {
    reserve: async (wanted) =>
      wanted.map(({ cameraId, stream }) => {
        const id = `${cameraId} ${stream}`;
        held.add(id);
        const offers = ways.map((way) => ({ way: way as 'whep', url: '/x' }));
        return {
          status: 'reserved',
          reservation: { id, cameraId, stream, expiresAt: 0, whepUrl: '/x', ways: offers },
        };
      }),
    renew: async (ids) => ({ renewed: ids.map((id) => ({ id, expiresAt: 0 })), ended: [] }),
    release: async (ids) => ids.forEach((id) => held.delete(id)),
  };
  const supply = new Supply({
    desk,
    gate: new Gate(atOnce),
    sourceFor: ({ cameraId, stream }, way = 'whep') => ({
      way,
      open: async () => {
        const name = `${cameraId} ${stream} ${way}`;
        log.push(`open ${name}`);
        return sessionOf(way, () => log.push(`close ${name}`));
      },
    }),
  });
  const pictures = new Pictures(supply);
  ends.push(() => pictures.close());
  return { pictures, log, held };
}

function sessionOf(way: Way, close: () => void): MediaSession {
  let isOpen = true;
  return {
    way,
    attach: () => () => undefined,
    hasConnected: true,
    captureTimeOf: () => undefined,
    ended: new Promise(() => undefined),
    vitals: async () => undefined,
    close: () => {
      if (isOpen) close();
      isOpen = false;
    },
  };
}

const tile = (cameraId: string, more: Partial<TileWish> = {}): TileWish => ({
  key: `${cameraId} 0`,
  cameraId,
  stream: 'sub',
  urgency: 0,
  ...more,
});
const settled = () => vi.advanceTimersByTimeAsync(1);

describe('pictures that nobody can see', () => {
  it('are closed and keep their reservation while the page is looked at', async () => {
    const { pictures, log, held } = wall();
    pictures.show([tile('a'), tile('b')]);
    await settled();
    pictures.show([tile('a'), tile('b', { asleep: 'covered' })]);
    await settled();
    expect(log).toEqual(['open a sub whep', 'open b sub whep', 'close b sub whep']);
    expect(pictures.of('b 0')?.front.player.state.status).toBe('suspended');
    expect([...held]).toEqual(['a sub', 'b sub']);
  });

  it('give their reservations back while the page is hidden, and ask for them when it is seen again', async () => {
    const { pictures, log, held } = wall();
    pictures.show([tile('a'), tile('b')]);
    await settled();
    pictures.show([tile('a', { asleep: 'hidden' }), tile('b', { asleep: 'hidden' })]);
    await settled();
    expect([...held]).toEqual([]);
    pictures.show([tile('a'), tile('b')]);
    await settled();
    expect([...held]).toEqual(['a sub', 'b sub']);
    expect(log.slice(-2)).toEqual(['open a sub whep', 'open b sub whep']);
  });

  it('wake one after the other, those that are looked at first', async () => {
    const { pictures, log } = wall(['whep'], 1);
    const all = ['a', 'b', 'c'].map((id) => tile(id, { asleep: 'covered' }));
    pictures.show(all);
    await settled();
    expect(log).toEqual([]);
    pictures.show([tile('a', { urgency: 2 }), tile('b', { urgency: 1 }), tile('c', { urgency: 0 })]);
    await settled();
    expect(log).toEqual(['open c sub whep', 'open b sub whep', 'open a sub whep']);
  });
});

describe('another stream', () => {
  it('waits until the size has lasted, and comes beside the one in use', async () => {
    const { pictures, log } = wall();
    pictures.show([tile('a')]);
    await settled();
    pictures.show([tile('a', { stream: 'main' })]);
    await vi.advanceTimersByTimeAsync(dwellMs - 10);
    expect(log).toEqual(['open a sub whep']);
    await vi.advanceTimersByTimeAsync(20);
    expect(log).toEqual(['open a sub whep', 'open a main whep']);
    expect(pictures.of('a 0')?.front.stream).toBe('sub');
    pictures.promote('a 0');
    expect(pictures.of('a 0')?.front.stream).toBe('main');
    expect(log.at(-1)).toBe('close a sub whep');
  });

  it('is not even asked for when the size came back', async () => {
    const { pictures, log } = wall();
    pictures.show([tile('a')]);
    await settled();
    pictures.show([tile('a', { stream: 'main' })]);
    await vi.advanceTimersByTimeAsync(dwellMs / 2);
    pictures.show([tile('a')]);
    await vi.advanceTimersByTimeAsync(dwellMs * 2);
    expect(log).toEqual(['open a sub whep']);
  });

  it('comes at once where somebody looks closely', async () => {
    const { pictures, log } = wall();
    pictures.show([tile('a')]);
    await settled();
    pictures.show([tile('a', { stream: 'main', isAtOnce: true })]);
    await settled();
    expect(log).toEqual(['open a sub whep', 'open a main whep']);
  });
});

describe('a tile that gives way to others', () => {
  it('gets single pictures by the same reservation, and moving ones back', async () => {
    const { pictures, log, held } = wall();
    pictures.show([tile('a')]);
    await settled();
    expect(pictures.hasStills('a 0')).toBe(true);
    pictures.show([tile('a', { ease: 'stills', isAtOnce: true })]);
    await settled();
    expect(log.at(-1)).toBe('open a sub stills');
    pictures.promote('a 0');
    await settled();
    expect(log.at(-1)).toBe('close a sub whep');
    expect([...held]).toEqual(['a sub']);
    pictures.show([tile('a', { isAtOnce: true })]);
    await settled();
    expect(log.at(-1)).toBe('open a sub whep');
  });

  it('has no stills to give way to where the camera offers none', async () => {
    const { pictures } = wall(['whep', 'hls']);
    pictures.show([tile('a')]);
    await settled();
    expect(pictures.hasStills('a 0')).toBe(false);
  });
});

describe('a main stream that the line does not carry', () => {
  const wish = () => tile('a', { stream: 'main', hasSub: true });

  it('gives way to the sub stream at once, and is looked for after half a minute', async () => {
    const { pictures, log } = wall();
    pictures.show([wish()]);
    await settled();
    const { player } = pictures.of('a 0')!.front;
    player.tooMuch = 'loss';
    pictures.settle('a 0');
    await settled();
    expect(log.at(-1)).toBe('open a sub whep');
    pictures.promote('a 0');
    expect([pictures.of('a 0')?.front.stream, pictures.of('a 0')?.isRelieved]).toEqual(['sub', true]);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(log.at(-1)).toBe('close a main whep');
    await vi.advanceTimersByTimeAsync(2000);
    expect(log.at(-1)).toBe('open a main whep');
    // It shows nothing: the look is given up.
    await vi.advanceTimersByTimeAsync(21_000);
    expect([log.at(-1), pictures.of('a 0')?.front.stream]).toEqual(['close a main whep', 'sub']);
    expect(pictures.of('a 0')?.next).toBeUndefined();
  });

  it('is kept where the sub stream never comes', async () => {
    const { pictures } = wall();
    pictures.show([wish()]);
    await settled();
    pictures.of('a 0')!.front.player.tooMuch = 'loss';
    pictures.settle('a 0');
    await vi.advanceTimersByTimeAsync(31_000);
    const { isRelieved, front, next } = pictures.of('a 0')!;
    expect([isRelieved, front.stream, next, front.player.tooMuch]).toEqual([
      false,
      'main',
      undefined,
      undefined,
    ]);
  });

  it('is forgotten when another size asks for the sub stream anyway', async () => {
    const { pictures } = wall();
    pictures.show([wish()]);
    await settled();
    pictures.of('a 0')!.front.player.tooMuch = 'slow';
    pictures.settle('a 0');
    await settled();
    pictures.promote('a 0');
    pictures.show([tile('a', { hasSub: true })]);
    expect(pictures.of('a 0')?.isRelieved).toBe(false);
  });
});
