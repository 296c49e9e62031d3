import { expect, it } from 'vitest';
import { addressOfCameras, askedCameras } from './asked-cameras.ts';

const asked = (address: string) => askedCameras(new URL(address, 'http://test').searchParams);

it('leads to the cameras it was made of, in their order', () => {
  expect(asked(addressOfCameras(['p2', 'p1', 'm1']))).toEqual(['p2', 'p1', 'm1']);
  expect([addressOfCameras([]), asked('/')]).toEqual(['/', []]);
});

it('is forgiven what is not well formed, said twice or too much', () => {
  expect(asked('/?cameras=p1,,<b>,p1,p2')).toEqual(['p1', 'p2']);
  const many = Array.from({ length: 40 }, (_, index) => `c${index}`);
  expect(asked(addressOfCameras(many))).toEqual(many.slice(0, 36));
});
