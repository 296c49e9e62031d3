import { describe, expect, it } from 'vitest';
import { Network } from './network.ts';

function stage() {
  const kept = new Map<string, string>();
  const shelf = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const clock = { now: 1_000_000 };
  const make = () =>
    new Network(
      () => shelf,
      () => clock.now,
    );
  return { network: make(), make, clock };
}

describe('WebRTC', () => {
  it.each([
    ['whep', true],
    ['livekit', true],
    ['hls', false],
  ] as const)('is proven for a minute by a picture by %s: %s', (way, expected) => {
    const { network, clock } = stage();
    network.passed(way);
    expect([network.isProven, network.proofs]).toEqual([expected, expected ? 1 : 0]);
    clock.now += 60_000;
    expect(network.isProven).toBe(false);
  });
});

describe('UDP', () => {
  it('counts as blocked after two sessions that were never connected', () => {
    const { network } = stage();
    network.gaveUp('whep', false);
    expect(network.isBlocked).toBe(false);
    network.gaveUp('whep', false);
    expect(network.isBlocked).toBe(true);
  });

  it('does not for sessions that were connected, nor for ways that need none', () => {
    const { network } = stage();
    for (let n = 0; n < 3; n += 1) {
      network.gaveUp('whep', true);
      network.gaveUp('hls', false);
    }
    expect(network.isBlocked).toBe(false);
  });

  it('stays so over a reload, for half an hour', () => {
    const { network, make, clock } = stage();
    network.gaveUp('whep', false);
    network.gaveUp('whep', false);
    clock.now += 30 * 60_000 - 1;
    expect(make().isBlocked).toBe(true);
    clock.now += 1;
    expect(make().isBlocked).toBe(false);
  });

  it.each<[string, boolean, (network: Network) => void]>([
    ['a picture by WebRTC', false, (network) => network.passed('whep')],
    ['a picture by LiveKit, which may come by TCP', true, (network) => network.passed('livekit')],
    ['a picture by HLS', true, (network) => network.passed('hls')],
    ['another network', false, (network) => network.forget()],
  ])('after %s is known to be blocked: %s', (_what, expected, happens) => {
    const { network } = stage();
    network.gaveUp('whep', false);
    network.gaveUp('whep', false);
    happens(network);
    expect(network.isBlocked).toBe(expected);
  });

  it('is found out anew where the browser keeps nothing', () => {
    const network = new Network(() => {
      throw new DOMException('no', 'SecurityError');
    });
    network.gaveUp('whep', false);
    network.gaveUp('whep', false);
    expect(network.isBlocked).toBe(false);
  });
});

describe('probing', () => {
  const [one, other] = [{}, {}];

  it('is one tile’s at a time', () => {
    const { network } = stage();
    network.beginProbe(one);
    expect([network.mayProbe(one, 0), network.mayProbe(other, 0)]).toEqual([true, false]);
    network.endProbe(other, 0, false);
    expect(network.mayProbe(other, 0)).toBe(false);
    network.endProbe(one, 0, true);
    expect(network.mayProbe(other, 0)).toBe(true);
  });

  it('is eight tiles’ at a time for a minute after pictures came by UDP', () => {
    const { network, clock } = stage();
    const tiles = Array.from({ length: 10 }, () => ({}));
    const begun = (): number =>
      tiles.filter((tile) => {
        if (!network.mayProbe(tile, 0)) return false;
        network.beginProbe(tile);
        return true;
      }).length;
    network.passed('whep');
    expect(begun()).toBe(8);
    for (const tile of tiles) network.endProbe(tile, 0, undefined);
    clock.now += 60_000;
    expect(begun()).toBe(1);
  });

  it('backs off for all tiles together, and begins anew after a success', () => {
    const { network } = stage();
    const pauses = [true, ...Array.from({ length: 11 }, () => false)].map((isGood) => {
      network.beginProbe(one);
      network.endProbe(one, 0, isGood);
      let seconds = 0;
      while (!network.mayProbe(other, seconds * 1000)) seconds += 1;
      return seconds;
    });
    expect(pauses).toEqual([0, 5, 5, 5, 5, 5, 10, 30, 60, 120, 300, 300]);
    network.beginProbe(one);
    network.endProbe(one, 0, true);
    expect(network.mayProbe(other, 0)).toBe(true);
  });

  it('need not wait after failures when somebody asks for it', () => {
    const { network } = stage();
    network.beginProbe(one);
    network.endProbe(one, 0, false);
    expect(network.mayProbe(other, 0)).toBe(false);
    network.hurry();
    expect(network.mayProbe(other, 0)).toBe(true);
  });

  it('that failed with others counts once, and ends what was proven before', () => {
    const { network } = stage();
    network.passed('whep');
    const tiles = Array.from({ length: 8 }, () => ({}));
    for (const tile of tiles) network.beginProbe(tile);
    for (const tile of tiles) network.endProbe(tile, 0, false);
    expect([network.mayProbe(one, 4999), network.mayProbe(one, 5000)]).toEqual([false, true]);
    network.beginProbe(one);
    expect(network.mayProbe(other, 5000)).toBe(false);
  });

  it('that was given up for another reason says nothing', () => {
    const { network } = stage();
    network.beginProbe(one);
    network.endProbe(one, 0, undefined);
    network.endProbe(one, 0, false);
    expect(network.mayProbe(other, 0)).toBe(true);
  });
});
