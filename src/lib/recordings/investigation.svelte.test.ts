import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { cleanup, render } from 'vitest-browser-svelte';
import type { Camera } from '#contract/camera.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import { readStrip } from '#mocks/camera/strip.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pagePictures } from '#mocks/site/page-pictures.ts';
import { NetworkError } from '#lib/api/errors.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { speak } from '#lib/ui/words/words.svelte.ts';
import '#lib/ui/app.css';
import type { PastPlace } from './deep-link.ts';
import { Investigation } from './investigation.svelte.ts';
import InvestigationOnSite from './testing/InvestigationOnSite.svelte';
import { PretendRecorder } from './testing/pretend-recorder.ts';
import { xOf } from './time-scale.ts';
import { zoneOf } from './zone.ts';

const now = Date.UTC(2026, 10, 20, 13);
const noon = Date.UTC(2026, 10, 20, 12);
const ofJunction = siteCameras.filter(({ scene }) => scene === 'junction').slice(0, 10);
const cameras = ofJunction.map(({ id, number, name, nameAr, hasPtz, groupId }): Camera => ({
  id,
  number,
  name,
  nameAr,
  groupIds: [groupId],
  streams: [],
  state: 'up',
  hasPtz,
  // One that may be seen live, not played back.
  rights: number === ofJunction[9]!.number ? ['live'] : ['live', 'playback'],
}));
const [one, two, three] = cameras as [Camera, Camera, Camera];

let pictures: Pictures;
let recorder: PretendRecorder;
let investigation: Investigation;
let places: PastPlace[];
let wentLive: number;
let edge: number;

beforeAll(async () => {
  pictures = await pagePictures(['junction']);
});
beforeEach(async () => {
  await page.viewport(1440, 900);
  recorder = new PretendRecorder(pictures, now);
  edge = recorder.groupEdge(one.id, noon);
  recorder.recorded = [
    { start: edge - 1_800_000, end: edge + 60_000 },
    { start: edge + 120_000, end: edge + 600_000 },
  ];
  places = [];
  wentLive = 0;
});
afterEach(() => {
  cleanup();
  investigation.close();
  void speak('en');
  document.documentElement.dir = 'ltr';
  for (const { id } of notices.current) notices.close(id);
});

async function open(place: Partial<PastPlace> = {}, read = recorder.answers().read) {
  investigation = new Investigation({
    place: { cameraIds: [one.id], at: noon, speed: 1, isPlaying: false, loop: undefined, ...place },
    now: () => now,
    spans: { read },
    source: recorder.source,
  });
  investigation.zone = zoneOf('UTC');
  await render(InvestigationOnSite, { investigation, cameras, places, onlive: () => wentLive++ });
}

const tiles = () => [...document.querySelectorAll<HTMLElement>('figure')];
const shown = (index = 0) => Number(tiles()[index]?.dataset['shown']);
/** What the picture of a tile says itself. */
function strip(index = 0): number | undefined {
  const canvas = tiles()[index]?.querySelector('canvas');
  if (!canvas || canvas.width < 160) return undefined;
  return readStrip(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height))?.timeMs;
}
const frameOf = (time: number) =>
  pictures.timeOf(ofJunction[0]!, 'main', pictures.indexAt(ofJunction[0]!, 'main', time));

it('opens at the place that a link names: cameras, moment and all', async () => {
  await open({ cameraIds: [one.id, two.id, three.id], at: noon + 500 });
  for (const index of [0, 1, 2]) await expect.poll(() => strip(index)).toBe(frameOf(noon + 500));
  await expect
    .poll(() => places.at(-1))
    .toEqual({
      cameraIds: [one.id, two.id, three.id],
      at: noon + 500,
      speed: 1,
      isPlaying: false,
      loop: undefined,
    });
  expect(tiles()[0]!.getAttribute('aria-label')).toBe(
    `\u2068${one.name}\u2069, recording of Fri, 20 Nov 2026, 12:00:00 UTC`,
  );
});

it('keeps the speed that a link names until somebody plays', async () => {
  await open({ speed: 4 });
  await expect.poll(() => strip()).toBe(frameOf(noon));
  expect(page.getByRole('combobox', { name: 'Speed', exact: true }).element()).toHaveProperty('value', '4');
  await userEvent.keyboard('k');
  expect([investigation.group.isPlaying, investigation.group.speed]).toEqual([true, 4]);
});

it('greys what a film cannot do, and says why', async () => {
  const native = VideoDecoder;
  Reflect.deleteProperty(globalThis, 'VideoDecoder');
  try {
    await open();
    await expect.element(page.getByText('HLS, not frame-exact')).toBeVisible();
    const step = page.getByRole('button', { name: 'One picture forward' });
    await expect.element(step).toHaveAttribute('aria-disabled', 'true');
    await userEvent.keyboard('.');
    await expect.element(page.getByText(/cannot decode single frames of this camera/)).toBeVisible();
    await userEvent.keyboard('j');
    expect(investigation.group.isPlaying).toBe(false);
  } finally {
    globalThis.VideoDecoder = native;
  }
});

it('shows its keys', async () => {
  await open();
  await userEvent.keyboard('?');
  await expect.element(page.getByRole('dialog', { name: 'Keys of the recordings' })).toBeVisible();
  await expect.element(page.getByText('Lock as evidence').first()).toBeVisible();
});

describe('by keyboard alone', () => {
  it('plays, pauses, steps and goes to a time', async () => {
    await open();
    await expect.poll(() => strip()).toBe(frameOf(noon));
    tiles()[0]!.focus();
    await userEvent.keyboard('k');
    await expect.poll(() => shown(), { timeout: 4000 }).toBeGreaterThan(noon + 300);
    await userEvent.keyboard('k');
    expect(investigation.group.isPlaying).toBe(false);
    await userEvent.keyboard('g');
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Go to time');
    await userEvent.keyboard('11:59:30{Enter}');
    await expect.poll(() => strip()).toBe(noon - 30_000);
    tiles()[0]!.focus();
    await userEvent.keyboard('.');
    await expect.poll(() => strip()).toBe(noon - 30_000 + 40);
    await userEvent.keyboard(',,');
    await expect.poll(() => strip()).toBe(noon - 30_000 - 40);
  });

  it('says what is wrong with a time', async () => {
    await open();
    await userEvent.keyboard('g25:00{Enter}');
    await expect
      .element(page.getByRole('alert'))
      .toHaveTextContent('Not a time that is understood here. Try 12:04 or -10m.');
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument();
  });

  it('goes to the next recording and back, and says when there is none', async () => {
    await open();
    await userEvent.keyboard('n');
    await expect.poll(() => investigation.group.time).toBe(edge + 120_000);
    await expect.poll(() => strip()).toBe(frameOf(edge + 120_000));
    await userEvent.keyboard('n');
    await expect.element(page.getByText('There is no later recording')).toBeVisible();
    await userEvent.keyboard('p');
    await expect.poll(() => investigation.group.time).toBe(edge - 1_800_000);
  });

  it('goes two recordings far by two quick presses, and nowhere when somebody goes elsewhere meanwhile', async () => {
    recorder.recorded = [-1_800_000, 120_000, 600_000].map((at) => ({
      start: edge + at,
      end: edge + at + 200_000,
    }));
    const { read } = recorder.answers();
    let answer = Promise.withResolvers<undefined>();
    answer.resolve(undefined);
    await open({ at: edge - 1_790_000 }, async (query, signal) => {
      await answer.promise;
      return await read(query, signal);
    });
    await expect.poll(() => strip()).toBe(frameOf(edge - 1_790_000));
    await userEvent.keyboard('nn');
    await expect.poll(() => investigation.group.time).toBe(edge + 600_000);

    investigation.spans.close();
    cleanup();
    investigation.close();
    answer = Promise.withResolvers();
    await open({ at: edge - 1_790_000 }, async (query, signal) => {
      await answer.promise;
      return await read(query, signal);
    });
    await userEvent.keyboard('n');
    investigation.group.seek(edge + 130_000);
    answer.resolve(undefined);
    await expect.poll(() => strip()).toBe(frameOf(edge + 130_000));
    expect(investigation.group.time).toBe(edge + 130_000);
  });

  it('says that it is not known whether there is another recording, and does not say there is none', async () => {
    await open({}, async () => {
      throw new NetworkError('unreachable', 'down');
    });
    await userEvent.keyboard('n');
    await expect
      .poll(() => notices.current.map(({ words }) => words).join())
      .toMatch(/^What is recorded cannot be read/);
  });

  it('says that there is no earlier picture, and which one it has come to', async () => {
    recorder.recorded = [{ start: edge, end: edge + 60_000 }];
    await open({ at: edge });
    await expect.poll(() => strip()).toBe(edge);
    await userEvent.keyboard('.');
    await expect.poll(() => notices.spoken).toContain(`.${String((edge + 40) % 1000).padStart(3, '0')} UTC`);
    await userEvent.keyboard(',,');
    await expect.element(page.getByText('There is no earlier picture').first()).toBeVisible();
    expect(investigation.group.time).toBe(edge);
  });

  it('answers to an Arabic keyboard by where its keys are, and to its digits', async () => {
    await open({ cameraIds: [one.id, two.id] });
    const press = (key: string, code: string) =>
      document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true }),
      );
    press('٢', 'Digit2');
    expect(investigation.selected).toBe(two.id);
    press('ن', 'KeyK');
    expect(investigation.group.isPlaying).toBe(true);
    press('ن', 'KeyK');
    expect(investigation.group.isPlaying).toBe(false);
    press('ق', 'KeyR');
    expect(investigation.loopFrom).toBeDefined();
  });

  it('repeats from A to B', async () => {
    await open();
    await userEvent.keyboard('r');
    expect(investigation.loopFrom).toBe(noon);
    await userEvent.keyboard('g12:00:02{Enter}');
    (document.activeElement as HTMLElement).blur();
    await userEvent.keyboard('r');
    expect(investigation.group.loop).toEqual({ start: noon, end: noon + 2000 });
    await userEvent.keyboard('r');
    expect(investigation.group.loop).toBeUndefined();
  });

  it('chooses a tile, speeds up, and goes back to live', async () => {
    await open({ cameraIds: [one.id, two.id] });
    await userEvent.keyboard('2');
    expect(investigation.selected).toBe(two.id);
    await userEvent.keyboard('ll');
    expect([investigation.group.isPlaying, investigation.group.speed]).toEqual([true, 2]);
    await userEvent.keyboard('e');
    expect(wentLive).toBe(1);
  });

  it('leaves keys alone that are typed into the search', async () => {
    await open();
    await userEvent.keyboard('/');
    await expect.poll(() => document.activeElement?.getAttribute('role')).toBe('searchbox');
    await userEvent.keyboard('kg12');
    expect(investigation.group.isPlaying).toBe(false);
    expect(document.querySelector<HTMLInputElement>('[role=searchbox]')?.value).toBe('kg12');
  });
});

describe('cameras', () => {
  it('come from the tree, those that may be played back, nine at most', async () => {
    await open({ cameraIds: [] });
    await expect.element(page.getByText(/^Choose up to nine cameras/)).toBeVisible();
    investigation.add(cameras.slice(0, 8));
    await expect.poll(() => tiles().length).toBe(8);
    const search = page.getByRole('searchbox');
    await search.fill(String(cameras[9]!.number));
    await userEvent.keyboard('{Enter}');
    expect(tiles()).toHaveLength(8);
    await search.fill(String(cameras[8]!.number));
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => tiles().length).toBe(9);
  });

  it('can be taken away', async () => {
    await open({ cameraIds: [one.id, two.id] });
    await page.getByRole('button', { name: new RegExp(`Take .*${one.name}.* away`) }).click();
    await expect
      .poll(() => tiles().map((tile) => tile.getAttribute('aria-label')?.includes(two.name)))
      .toEqual([true]);
  });

  it('nobody may know of are named as gone, without a picture', async () => {
    await open({ cameraIds: ['secret-1'] });
    await expect.element(page.getByText('Camera no longer listed')).toBeVisible();
    expect(tiles()[0]!.querySelector('canvas')).toBeNull();
  });
});

it('says of a picture that it is not yet of the moment', async () => {
  await open();
  await expect.poll(() => strip()).toBe(frameOf(noon));
  expect(tiles()[0]?.textContent).not.toContain('Catching up');
  recorder.hangs = () => true;
  investigation.group.seek(noon + 30_000);
  await expect.poll(() => tiles()[0]?.textContent).toContain('Catching up');
  expect(shown()).toBe(frameOf(noon));
});

it('says where nothing is recorded, and where it goes on', async () => {
  await open({ at: edge + 90_000 });
  await expect.poll(() => tiles()[0]?.textContent).toContain('No recording here; next at 12:0');
});

it('goes to another day, at the same time, from the calendar', async () => {
  recorder.recorded = [{ start: noon - 3 * 86_400_000, end: noon + 600_000 }];
  await open();
  await page.getByRole('button', { name: 'Choose a day' }).click();
  await expect
    .element(page.getByRole('button', { name: 'Thu, 19 Nov 2026, recorded all day' }))
    .toBeVisible();
  await expect
    .element(page.getByRole('button', { name: 'Mon, 16 Nov 2026, nothing recorded' }))
    .toBeVisible();
  await userEvent.keyboard('{ArrowLeft}{ArrowLeft}{Enter}');
  await expect.poll(() => investigation.group.time).toBe(noon - 2 * 86_400_000);
});

it('keeps the focus on the calendar where days have not come, and on what cannot be later', async () => {
  await open();
  await page.getByRole('button', { name: 'Choose a day' }).click();
  const panel = page.getByRole('dialog', { name: 'Choose a day' });
  await expect.element(panel).toBeVisible();
  for (const key of ['PageDown', 'ArrowDown', 'ArrowRight', 'PageUp', 'PageDown', 'PageDown']) {
    await userEvent.keyboard(`{${key}}`);
    await expect.poll(() => document.activeElement?.getAttribute('data-at')).toBe('true');
    expect(document.activeElement).not.toHaveProperty('disabled', true);
  }
  expect(document.activeElement?.getAttribute('aria-label')).toMatch(/^Fri, 20 Nov 2026/);
});

it('says of a still that it is of another time, and shows none where nothing is recorded', async () => {
  await open({ at: edge + 30_000 });
  await expect.poll(() => strip()).toBe(frameOf(edge + 30_000));
  investigation.view.show(edge + 30_000, 400_000);
  const slider = page.getByRole('slider', { name: 'Timeline' });
  const at = (time: number) => ({ position: { x: xOf(investigation.view.scale, time), y: 60 } });
  await userEvent.hover(slider, at(edge + 50_400));
  const still = () => document.querySelector<HTMLElement>('.hover canvas:not(.hidden)');
  await expect.poll(() => still()?.dataset['preview'], { timeout: 4000 }).toBeDefined();
  const taken = Number(still()?.dataset['preview']);
  expect(document.querySelector('.hover')?.textContent).toContain(
    `picture of ${new Date(taken).toISOString().slice(11, 19)}`,
  );
  await userEvent.hover(slider, at(edge + 90_000));
  await expect.poll(still).toBeNull();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(still()).toBeNull();
});

it('shows the still of where one points', async () => {
  await open();
  await expect.poll(() => strip()).toBe(frameOf(noon));
  await userEvent.hover(page.getByRole('slider', { name: 'Timeline' }), { position: { x: 400, y: 60 } });
  await expect
    .poll(() => document.querySelector<HTMLCanvasElement>('.hover canvas:not(.hidden)')?.width, {
      timeout: 4000,
    })
    .toBeGreaterThan(100);
});

it('has nothing that assistive technology stumbles over', async () => {
  await open({ cameraIds: [one.id, two.id] });
  await expect.poll(() => strip(1)).toBe(frameOf(noon));
  const { violations, passes } = await axe.run(document.body);
  expect(passes.length).toBeGreaterThan(20);
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}, 20_000);

it('fits a laptop and a phone, in both directions, without anything reaching out', async () => {
  for (const [width, height] of [
    [1366, 768],
    [390, 844],
  ] as const)
    for (const direction of ['ltr', 'rtl'] as const) {
      await page.viewport(width, height);
      document.documentElement.dir = direction;
      void speak(direction === 'rtl' ? 'en-x-rtl' : 'en');
      await open({ cameraIds: [one.id, two.id, three.id] });
      await expect.poll(() => tiles().length).toBe(3);
      const slider = document.querySelector('[role="slider"]')!.getBoundingClientRect();
      expect(slider.bottom).toBeLessThanOrEqual(height + 0.5);
      expect(slider.height).toBeGreaterThanOrEqual(64);
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
      expect(tiles().every((tile) => tile.getBoundingClientRect().height > 60)).toBe(true);
      cleanup();
      investigation.close();
    }
}, 20_000);
