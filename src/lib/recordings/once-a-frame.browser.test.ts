import { expect, it, onTestFinished } from 'vitest';
import { OnceAFrame } from './once-a-frame.ts';

const nextFrame = () => new Promise(requestAnimationFrame);

function setUp() {
  let painted = 0;
  const painting = new OnceAFrame(() => painted++);
  onTestFinished(() => painting.stop());
  return { painting, count: () => painted };
}

it('paints once, however often something has changed before the next picture of the screen', async () => {
  const { painting, count } = setUp();
  for (let i = 0; i < 5; i++) painting.due();
  expect(count()).toBe(0);
  await nextFrame();
  expect(count()).toBe(1);
  for (let i = 0; i < 3; i++) await nextFrame();
  expect(count()).toBe(1);
});

it('paints what changes while a picture is made in that very picture', async () => {
  const { painting, count } = setUp();
  const painted: number[] = [];
  const move = (): void => {
    if (painted.length === 5) return;
    requestAnimationFrame(move);
    painting.due();
    painted.push(count());
  };
  requestAnimationFrame(move);
  await expect.poll(() => painted.length).toBe(5);
  // What changed in the first picture comes with the second; from then on there is one for each change.
  expect(painted).toEqual([0, 0, 1, 2, 3]);
});

it('paints nothing once it is stopped', async () => {
  const { painting, count } = setUp();
  painting.due();
  painting.stop();
  painting.stop();
  await nextFrame();
  await nextFrame();
  expect(count()).toBe(0);
});
