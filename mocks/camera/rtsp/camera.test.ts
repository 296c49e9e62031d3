import { expect, it, onTestFinished, vi } from 'vitest';
import { Camera } from './camera.ts';
import { numberedPictures, numberOf } from './testing/numbered-pictures.ts';

const subject = { number: 1, caption: 'Corniche Road', scene: 'shore-road' };
const groupLength = 6;

it('stands at the picture at which it froze, and moves again from a keyframe on', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const camera = new Camera(subject, numberedPictures({ groupLength }));
  const first = camera.keyframeAtOrBefore('sub', camera.indexAt('sub', Date.UTC(2026, 10, 20, 12)));
  const goTo = (index: number) => vi.setSystemTime(Math.ceil(camera.timeOf('sub', first + index)));
  /** The number that picture `index` shows; `same`: what the one before did. */
  const shown = (index: number): number | 'same' => {
    const nalUnits = camera.nalUnits('sub', first + index);
    return nalUnits.length === 1 ? 'same' : numberOf(Buffer.from(nalUnits.at(-1) ?? [])) - first;
  };
  const all = () => Array.from({ length: 3 * groupLength }, (_, index) => shown(index));

  goTo(2);
  camera.setFaults({ frozen: true });
  const freezes = [0, 1, 2, 'same', 'same', 'same'];
  const stands = [2, 'same', 'same', 'same', 'same', 'same'];
  expect(all()).toEqual([...freezes, ...stands, ...stands]);
  goTo(8);
  camera.setFaults({});
  expect(all()).toEqual([...freezes, ...stands, 12, 13, 14, 15, 16, 17]);
});
