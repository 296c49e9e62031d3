import { expect, it, vi } from 'vitest';
import { anyCan } from './sampling.ts';

const never = new AbortController().signal;
const cameras = ['a', 'b', 'c'];
/** Asks with these answers by camera; 'hangs' ends with its signal only. */
const asked = (answers: Record<string, boolean | 'fails' | 'hangs'>) =>
  vi.fn<(cameraId: string, signal: AbortSignal) => Promise<boolean>>((cameraId, signal) => {
    const answer = answers[cameraId];
    if (answer === 'fails') return Promise.reject(new Error(`${cameraId} failed`));
    if (answer !== 'hangs') return Promise.resolve(answer === true);
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  });

it.each([
  ['the first can', { a: true, b: true, c: true }, true, 1],
  ['the second can', { a: false, b: true, c: 'hangs' as const }, true, 2],
  ['the first fails', { a: 'fails' as const, b: true, c: true }, true, 2],
  ['the first hangs', { a: 'hangs' as const, b: true, c: true }, true, 2],
  ['none can', { a: false, b: 'fails' as const, c: false }, false, 3],
])('is found out when %s', async (_what, answers, is, calls) => {
  const can = asked(answers);
  expect(await anyCan(cameras, can, never)).toBe(is);
  expect(can).toHaveBeenCalledTimes(calls);
});

it('is not found out when nobody answers, or in time', async () => {
  await expect(anyCan(cameras, asked({ a: 'fails', b: 'fails', c: 'fails' }), never)).rejects.toThrow(
    'a failed',
  );
  const late = AbortSignal.timeout(20);
  await expect(anyCan(['a'], asked({ a: 'hangs' }), late)).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(await anyCan([], asked({}), never)).toBe(false);
});

it('is no when one said so before it was too late for the others', async () => {
  expect(await anyCan(['a', 'b'], asked({ a: false, b: 'hangs' }), AbortSignal.timeout(20))).toBe(false);
});
