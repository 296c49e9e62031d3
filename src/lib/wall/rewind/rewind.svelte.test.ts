import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { cleanup, render } from 'vitest-browser-svelte';
import type { Right } from '#contract/account.ts';
import type { Camera } from '#contract/camera.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import { readStrip } from '#mocks/camera/strip.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pagePictures } from '#mocks/site/page-pictures.ts';
import { PretendRecorder } from '#lib/recordings/testing/pretend-recorder.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import '#lib/ui/app.css';
import { Rewind } from './rewind.svelte.ts';
import RewindBanner from './RewindBanner.svelte';
import RewindLayer from './RewindLayer.svelte';
import { RewindSwitch, type RewindSwitchOptions } from './rewind-switch.svelte.ts';
import RewindOnSite from './testing/RewindOnSite.svelte';

const ofJunction = siteCameras.filter(({ scene }) => scene === 'junction').slice(0, 6);
const cameraOf = (index: number, rights: Right[] = ['live', 'playback']): Camera => {
  const { id, number, name, nameAr, hasPtz, groupId } = ofJunction[index]!;
  return { id, number, name, nameAr, groupIds: [groupId], streams: [], state: 'up', hasPtz, rights };
};

let pictures: Pictures;
let recorder: PretendRecorder;
let rewind: RewindSwitch;
let cameras: readonly Camera[];
let inFlight: number;
let mostInFlight: number;

beforeAll(async () => {
  pictures = await pagePictures(['junction']);
});
beforeEach(async () => {
  await page.viewport(1440, 900);
  recorder = new PretendRecorder(pictures, Date.now());
  recorder.recorded = [{ start: Date.now() - 600_000, end: Date.now() + 600_000 }];
  inFlight = mostInFlight = 0;
});
afterEach(() => {
  cleanup();
  rewind.close();
  for (const { id } of notices.current) notices.close(id);
});

async function open(shown: readonly Camera[], more: Partial<RewindSwitchOptions> = {}) {
  cameras = shown;
  rewind = new RewindSwitch({
    load: async () => ({ Rewind, Banner: RewindBanner, Layer: RewindLayer }),
    ...more,
    cameras: () => cameras,
    rewind: {
      spans: recorder.answers(),
      async fetchFrames(...asked) {
        mostInFlight = Math.max(mostInFlight, ++inFlight);
        try {
          return await recorder.fetchFrames(...asked);
        } finally {
          inFlight--;
        }
      },
    },
  });
  await render(RewindOnSite, { rewind, cameras });
}

const layers = () => [...document.querySelectorAll<HTMLElement>('[data-past]')];
/** How long ago the pixels of each tile were taken, ms. */
function ages(): (number | undefined)[] {
  return layers().map((layer) => {
    const canvas = layer.querySelector('canvas');
    if (!canvas || canvas.width < 160) return undefined;
    const strip = readStrip(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height));
    return strip && Date.now() - strip.timeMs;
  });
}
function skew(): number {
  const all = ages().map((age) => age ?? Infinity);
  return Math.max(...all) - Math.min(...all);
}
const areAll = (ageMs: number) => ages().every((age) => age !== undefined && Math.abs(age - ageMs) < 1_000);

it('shows every tile ten seconds ago, then thirty, then live again', async () => {
  await open([0, 1, 2, 3, 4].map((index) => cameraOf(index)));
  await rewind.back();
  await expect.poll(() => layers().length).toBe(5);
  await expect.poll(() => areAll(10_000), { timeout: 25_000 }).toBe(true);
  await expect.poll(skew, { timeout: 25_000 }).toBeLessThanOrEqual(100);
  expect(layers()[0]!.textContent).toContain('−10 s');
  await expect
    .element(page.getByText('The whole wall is 10 s back. Nothing here is live.').first())
    .toBeVisible();
  expect(mostInFlight).toBeLessThanOrEqual(4);

  await rewind.back();
  await expect.poll(() => areAll(30_000), { timeout: 25_000 }).toBe(true);
  await page.getByRole('button', { name: /Live again/ }).click();
  expect(layers()).toHaveLength(0);
}, 90_000);

it('covers live pictures until what draws the past is here, and is live again with a word where it cannot be had', async () => {
  const loading = Promise.withResolvers<never>();
  await open([cameraOf(0), cameraOf(1)], { load: () => loading.promise });
  const back = rewind.back();
  await expect.poll(() => layers().length).toBe(2);
  for (const layer of layers()) {
    expect(layer.textContent).toMatch(/Reading the recording.*−10 s/);
    const [cover, tile] = [layer, layer.parentElement!].map((element) => element.getBoundingClientRect());
    expect([cover?.width, cover?.height]).toEqual([tile?.width, tile?.height]);
    expect(getComputedStyle(layer).backgroundColor).not.toMatch(/\/ 0|rgba\(.*, 0\)|transparent/);
  }
  loading.reject(new TypeError('Failed to fetch dynamically imported module'));
  await back;
  expect(rewind.backMs).toBeUndefined();
  await expect.poll(layers).toEqual([]);
  await expect.element(page.getByText('Recordings cannot be shown now. Try again.')).toBeVisible();
});

it('names the moment that is looked at', async () => {
  const now = 1_000_000;
  await open([cameraOf(0)], { now: () => now, load: () => new Promise(() => undefined) });
  expect(rewind.moment).toBe(now - 10_000);
  rewind.hear({ kind: 'hello', serverTime: now + 5_000 });
  void rewind.back();
  void rewind.back();
  expect(rewind.moment).toBe(now + 5_000 - 30_000);
});

it('goes by the server’s clock where the browser’s is wrong', async () => {
  await open([cameraOf(0)]);
  rewind.hear({ kind: 'hello', serverTime: Date.now() - 60_000 });
  await rewind.back();
  await expect.poll(() => areAll(70_000), { timeout: 25_000 }).toBe(true);
}, 40_000);

it('is opaque and says so where there is nothing to show', async () => {
  recorder.recorded = [{ start: Date.now() - 600_000, end: Date.now() - 120_000 }];
  await open([cameraOf(0), cameraOf(1, ['live'])]);
  await rewind.back();
  await expect.poll(() => layers().map((layer) => layer.dataset['past'])).toEqual(['none', 'not-permitted']);
  expect(layers()[0]!.textContent).toContain('Not recorded at this moment');
  expect(layers()[1]!.textContent).toContain('You may not play this camera back');
  const colour = getComputedStyle(layers()[1]!).backgroundColor;
  expect(colour).not.toMatch(/\/ 0|rgba\(.*, 0\)|transparent/);
  const asked = recorder.asked.map(({ cameraId }) => cameraId);
  expect(asked).not.toContain(cameras[1]!.id);
});

it('says how far recording has come where it lags, with the newest picture', async () => {
  const end = recorder.groupEdge(ofJunction[0]!.id, Date.now() - 15_000);
  recorder.recorded = [{ start: Date.now() - 600_000, end }];
  await open([cameraOf(0)]);
  await rewind.back();
  await expect.poll(() => layers()[0]?.dataset['past'], { timeout: 25_000 }).toBe('lagging');
  expect(layers()[0]!.textContent).toContain('Recorded only up to');
  expect(Number(layers()[0]!.dataset['pastShown'])).toBeLessThan(end);
}, 40_000);

it('says that nothing may be played back, and stays live', async () => {
  await open([cameraOf(0, ['live'])]);
  await rewind.back();
  expect(rewind.backMs).toBeUndefined();
  await expect.element(page.getByText('You may not play back any camera on this wall')).toBeVisible();
});

it('has nothing that assistive technology stumbles over', async () => {
  await open([cameraOf(0), cameraOf(1, ['live'])]);
  await rewind.back();
  await expect.poll(() => layers()[0]?.dataset['past'], { timeout: 25_000 }).toBe('there');
  const { violations } = await axe.run(document.body);
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}, 40_000);
