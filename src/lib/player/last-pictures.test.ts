import { expect, it } from 'vitest';
import { LastPictures } from './last-pictures.ts';

const never = new AbortController().signal;

/** A server that answers, with nothing, when it is told to. */
function stage(isNarrow = true) {
  const asked: { readonly camera: string; readonly answer: () => void }[] = [];
  const pictures = new LastPictures(
    (input) => {
      const { promise, resolve } = Promise.withResolvers<Response>();
      const camera = /cameras\/(\w+)\//.exec(input as string)?.[1] ?? '';
      asked.push({ camera, answer: () => resolve(new Response(null, { status: 404 })) });
      return promise;
    },
    () => isNarrow,
  );
  const ask = (camera: string, signal = never, urgency = 0) =>
    pictures.of(camera, () => urgency).ask(400, signal);
  return { ask, asked, cameras: () => asked.map(({ camera }) => camera) };
}

it('asks for four stills at once where connections are few, in the order of the tiles', async () => {
  const { ask, asked, cameras } = stage();
  const answers = ['a', 'b', 'c', 'd', 'e', 'f'].map((camera) => ask(camera));
  await expect.poll(cameras).toEqual(['a', 'b', 'c', 'd']);
  asked[1]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'c', 'd', 'e']);
  asked[0]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  for (const { answer } of asked) answer();
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 6 }, () => undefined));
});

it('asks for twelve at once where they are many', async () => {
  const { ask, asked, cameras } = stage(false);
  const answers = Array.from({ length: 13 }, (_, camera) => ask(`c${String(camera)}`));
  await expect.poll(() => cameras().length).toBe(12);
  asked[0]?.answer();
  await expect.poll(() => cameras().length).toBe(13);
  for (const { answer } of asked) answer();
  await Promise.all(answers);
});

it('asks first for what is looked at first', async () => {
  const { ask, asked, cameras } = stage();
  const first = ['a', 'b', 'c', 'd'].map((camera) => ask(camera));
  const answers = [...first, ask('far', never, 9), ask('near', never, 1)];
  await expect.poll(cameras).toEqual(['a', 'b', 'c', 'd']);
  asked[0]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'c', 'd', 'near']);
  asked[1]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'c', 'd', 'near', 'far']);
  for (const { answer } of asked) answer();
  await Promise.all(answers);
});

it('lets go of a tile that waits no longer, without losing a turn', async () => {
  const { ask, asked, cameras } = stage();
  const first = ['a', 'b', 'x', 'y'].map((camera) => ask(camera));
  const leaving = new AbortController();
  const left = ask('c', leaving.signal);
  const last = ask('d');
  await expect.poll(cameras).toEqual(['a', 'b', 'x', 'y']);
  leaving.abort(new Error('the live picture came'));
  await expect(left).rejects.toThrow('the live picture came');
  asked[0]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'x', 'y', 'd']);
  for (const { answer } of asked) answer();
  await Promise.all([...first, last]);
});
