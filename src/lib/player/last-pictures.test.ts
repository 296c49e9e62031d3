import { expect, it } from 'vitest';
import { LastPictures } from './last-pictures.ts';

const never = new AbortController().signal;

/** A server that answers, with nothing, when it is told to. */
function stage() {
  const asked: { readonly camera: string; readonly answer: () => void }[] = [];
  const pictures = new LastPictures((input) => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const camera = /cameras\/(\w+)\//.exec(input as string)?.[1] ?? '';
    asked.push({ camera, answer: () => resolve(new Response(null, { status: 404 })) });
    return promise;
  });
  const ask = (camera: string, signal = never) => pictures.of(camera).ask(400, signal);
  return { ask, asked, cameras: () => asked.map(({ camera }) => camera) };
}

it('asks for two stills at once, in the order of the tiles', async () => {
  const { ask, asked, cameras } = stage();
  const answers = ['a', 'b', 'c', 'd'].map((camera) => ask(camera));
  await expect.poll(cameras).toEqual(['a', 'b']);
  asked[1]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'c']);
  asked[0]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'c', 'd']);
  asked[2]?.answer();
  asked[3]?.answer();
  expect(await Promise.all(answers)).toEqual([undefined, undefined, undefined, undefined]);
});

it('lets go of a tile that waits no longer, without losing a turn', async () => {
  const { ask, asked, cameras } = stage();
  const first = [ask('a'), ask('b')];
  const leaving = new AbortController();
  const left = ask('c', leaving.signal);
  const last = ask('d');
  await expect.poll(cameras).toEqual(['a', 'b']);
  leaving.abort(new Error('the live picture came'));
  await expect(left).rejects.toThrow('the live picture came');
  asked[0]?.answer();
  await expect.poll(cameras).toEqual(['a', 'b', 'd']);
  asked[1]?.answer();
  asked[2]?.answer();
  await Promise.all([...first, last]);
});
