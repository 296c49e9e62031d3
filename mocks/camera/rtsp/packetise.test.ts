import { expect, it } from 'vitest';
import { packetise } from './packetise.ts';
import { nalUnitsOf } from './testing/depacketise.ts';

const nalUnit = (header: number, length: number) => {
  const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 0xff));
  bytes[0] = header;
  return bytes;
};
const payloadsOf = (nalUnits: Uint8Array[], maxPayload: number) =>
  packetise(nalUnits, maxPayload).map((payload) => Buffer.concat(payload.pieces));

it.each([1, 2, 1_386, 1_387, 1_388, 1_389, 1_390, 2_773, 2_774, 60_000])(
  'carries a slice of %i octets in packets of at most 1,388 and gives back every octet',
  (length) => {
    const slice = nalUnit(0x41, length);
    const payloads = payloadsOf([slice], 1_388);
    expect(Math.max(...payloads.map((payload) => payload.length))).toBeLessThanOrEqual(1_388);
    expect(payloads).toHaveLength(length <= 1_388 ? 1 : Math.ceil((length - 1) / 1_386));
    expect(nalUnitsOf(payloads)).toEqual([slice]);
  },
);

it('puts the parameter sets of a keyframe into one STAP-A that keeps the highest importance', () => {
  const [sps, pps, idr] = [nalUnit(0x67, 20), nalUnit(0x28, 4), nalUnit(0x65, 3_000)];
  const payloads = payloadsOf([sps, pps, idr], 1_388);
  expect(payloads[0]?.[0]).toBe(0x60 | 24);
  expect(payloads).toHaveLength(4);
  expect(nalUnitsOf(payloads)).toEqual([sps, pps, idr]);
});

it('sends parameter sets one by one when they do not fit together', () => {
  const sets = [nalUnit(0x67, 30), nalUnit(0x68, 30)];
  const payloads = payloadsOf(sets, 40);
  expect(payloads.map((payload) => (payload[0] ?? 0) & 0x1f)).toEqual([7, 8]);
  expect(nalUnitsOf(payloads)).toEqual(sets);
});

it('never lets a slice join the aggregate', () => {
  const nalUnits = [nalUnit(0x67, 20), nalUnit(0x68, 4), nalUnit(0x65, 50), nalUnit(0x65, 60)];
  const payloads = payloadsOf(nalUnits, 1_388);
  expect(payloads.map((payload) => (payload[0] ?? 0) & 0x1f)).toEqual([24, 5, 5]);
  expect(nalUnitsOf(payloads)).toEqual(nalUnits);
});
