import { describe, expect, it } from 'vitest';
import { h264 } from '../h26x/h264.ts';
import { h265 } from '../h26x/h265.ts';
import { aggregate, cutPayload } from '../rtp/cut.ts';
import { mediaPacket } from '../rtp/packet.ts';
import { Assembly, type Picture } from './assembly.ts';
import { parameterSets } from './testing/pictures.ts';

const sets = [...parameterSets.small];
const idr = Buffer.concat([Buffer.from('65', 'hex'), Buffer.alloc(3000, 7)]);
const p = Buffer.concat([Buffer.from('41', 'hex'), Buffer.alloc(50, 9)]);

function bench(codec = h264) {
  const seen: Picture[] = [];
  const assembly = new Assembly(codec, (picture) => seen.push(picture));
  return {
    seen,
    assembly,
    send: (timestamp: number, marker: boolean, ...pieces: Uint8Array[]) => {
      assembly.packet(mediaPacket(pieces, timestamp, marker));
    },
    get times() {
      return seen.map(({ timestamp }) => timestamp);
    },
  };
}
type Bench = ReturnType<typeof bench>;

/** A keyframe as `Intake` sends it: sets in one packet, the slice in fragments. */
function keyframe(to: Bench, timestamp: number, { leaveOut = -1, marks = true } = {}): void {
  to.send(timestamp, false, ...(aggregate(h264, sets, 1000) ?? []));
  const pieces = cutPayload(h264, idr, 1000);
  pieces.forEach((piece, i) => {
    if (i !== leaveOut) to.send(timestamp, marks && i === pieces.length - 1, ...piece);
  });
}

describe('pictures out of packets', () => {
  it('come whole, with the parameter sets of keyframes beside them', () => {
    const to = bench();
    keyframe(to, 0);
    to.send(6000, true, p);
    expect(to.seen).toEqual([
      { timestamp: 0, isKeyframe: true, parameterSets: sets, units: [idr] },
      { timestamp: 6000, isKeyframe: false, parameterSets: [], units: [p] },
    ]);
  });

  it('have all their slices', () => {
    const to = bench();
    keyframe(to, 0);
    to.send(6000, false, p);
    to.send(6000, true, p);
    expect(to.seen[1]?.units).toEqual([p, p]);
  });

  it('take sets too large for one packet, and leave out what no decoder needs', () => {
    const to = bench();
    for (const set of sets) to.send(0, false, set);
    to.send(0, false, idr);
    to.send(0, true, Buffer.from('0605ffff', 'hex'));
    expect(to.seen).toMatchObject([{ parameterSets: sets, units: [idr] }]);
  });

  it('of H.265 are put together the same way', () => {
    const to = bench(h265);
    const slice = Buffer.concat([Buffer.from('2601', 'hex'), Buffer.alloc(2500, 3)]);
    const pieces = cutPayload(h265, slice, 1000);
    pieces.forEach((piece, i) => {
      to.send(0, i === pieces.length - 1, ...piece);
    });
    expect(to.seen).toMatchObject([{ isKeyframe: true, units: [slice] }]);
  });

  it.each([0, 3])(
    'are left out when fragment %i is missing, with all until the next keyframe',
    (leaveOut) => {
      const to = bench();
      keyframe(to, 0);
      keyframe(to, 6000, { leaveOut });
      to.send(12_000, true, p);
      keyframe(to, 18_000);
      expect(to.times).toEqual([0, 18_000]);
    },
  );

  it('are left out when a camera that marks their ends did not mark this one', () => {
    const to = bench();
    keyframe(to, 0);
    to.send(6000, false, p);
    keyframe(to, 12_000);
    expect(to.times).toEqual([0, 12_000]);
  });

  it('of a camera that marks no ends are whole when the next one begins', () => {
    const to = bench();
    keyframe(to, 0, { marks: false });
    to.send(6000, false, p);
    to.send(12_000, false, p);
    expect(to.times).toEqual([0, 6000]);
  });

  it('begin with a keyframe, at first and after a restart', () => {
    const to = bench();
    to.send(0, true, p);
    keyframe(to, 6000);
    to.send(12_000, false, p);
    to.assembly.restart();
    to.send(12_000, true, p);
    to.send(18_000, true, p);
    keyframe(to, 24_000);
    expect(to.times).toEqual([6000, 24_000]);
  });
});
