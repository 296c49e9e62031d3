import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { cleanup, render } from 'vitest-browser-svelte';
import { siteCameras } from '#mocks/site/cameras.ts';
import { oldestKept, recordedSpans } from '#mocks/site/recordings.ts';
import { speak } from '#lib/ui/words/words.svelte.ts';
import '#lib/ui/app.css';
import { SpanStore } from './span-store.svelte.ts';
import { gaps, type Span } from './spans.ts';
import { siteSpans } from './testing/site-spans.ts';
import TimelineOnSite from './testing/TimelineOnSite.svelte';
import type { TimelineDesk } from './testing/timeline-desk.ts';
import { rowPlace, type TimelineMark } from './timeline-drawing.ts';
import { timeOf, xOf } from './time-scale.ts';

const now = Date.UTC(2026, 10, 20, 12, 0, 0);
const hour = 3_600_000;
const limits = { start: oldestKept(now), end: now };
/** Two that record on motion, and one that always does. */
const cameras = [2, 4, 1].map((number) => siteCameras[number - 1]!);
const [first] = cameras as [(typeof cameras)[number]];

let desk: TimelineDesk;
let store: SpanStore;

beforeEach(async () => {
  await page.viewport(1280, 720);
  desk = { time: now - 6 * hour, view: undefined, selected: first.id, scrubbed: [] };
  store = new SpanStore({ now: () => now, read: async (query) => siteSpans(query, now) });
});
afterEach(() => {
  cleanup();
  store.close();
  void speak('en');
  document.documentElement.dir = 'ltr';
  delete document.documentElement.dataset['scheme'];
});

const slider = () => document.querySelector<HTMLElement>('[role="slider"]')!;
const view = () => desk.view!;
const canvas = () => slider().querySelector('canvas')!;

async function open(
  props: {
    height?: number;
    isPlaying?: boolean;
    zone?: string;
    marks?: TimelineMark[];
    loop?: Span;
    isCalm?: boolean;
  } = {},
) {
  await render(TimelineOnSite, { desk, cameras, store, now, limits, ...props });
  await expect
    .poll(() =>
      slider()
        .dataset['spans']?.split(' ')
        .every((count) => Number(count) > 0),
    )
    .toBe(true);
}

/** The colour at a place of the canvas, CSS pixels. */
function pixel(x: number, y: number): string {
  const density = canvas().width / canvas().clientWidth;
  const { data } = canvas()
    .getContext('2d')!
    .getImageData(Math.floor(x * density), Math.floor(y * density), 1, 1);
  return [...data.slice(0, 3)].join(' ');
}
const luma = (colour: string) => {
  const [r = 0, g = 0, b = 0] = colour.split(' ').map(Number);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

function pointer(type: string, x: number, y: number, more: PointerEventInit = {}) {
  const box = slider().getBoundingClientRect();
  slider().dispatchEvent(
    new PointerEvent(type, {
      bubbles: true,
      pointerId: 1,
      button: 0,
      clientX: box.left + x,
      clientY: box.top + y,
      ...more,
    }),
  );
}

/** Pointers that are not real cannot be captured. */
function withoutCapture() {
  slider().setPointerCapture = () => undefined;
}

describe('what is drawn', () => {
  /** The ruler's pixels, as text. */
  const ruler = () => {
    const { width } = canvas();
    const { data } = canvas().getContext('2d')!.getImageData(0, 0, width, 20);
    return String.fromCharCode(...data.filter((_, i) => i % 4 === 1));
  };

  it.each([
    ['the zone', () => desk.tell?.('Asia/Kolkata')],
    ['the language', () => speak('ar-u-nu-arab')],
  ])('follows %s at once, though nothing else has changed', async (_, change) => {
    await open();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = ruler();
    await change();
    await expect.poll(ruler).not.toBe(before);
  });

  it('is recorded time as a bar, motion brighter and taller, and gaps neither', async () => {
    await open();
    // Close enough to see the three seconds before motion begins.
    const part = { start: now - 4 * hour, end: now - 2 * hour };
    const recorded = recordedSpans(first, part, now);
    const wide = recorded.find(({ start, end }) => end - start > 60_000 && start > part.start)!;
    view().show(wide.start, 120_000);
    const { top, height } = rowPlace(0, 2, slider().clientHeight);
    const middle = top + height / 2;
    const x = (time: number) => xOf(view().scale, time);
    await expect.poll(() => luma(pixel(x(wide.start + 30_000), middle))).toBeGreaterThan(150);
    const quiet = pixel(x(wide.start + 1_500), middle);
    const motion = pixel(x(wide.start + 30_000), middle);
    const empty = [0, 1, 2, 3, 4, 5, 6].map((px) => luma(pixel(x(wide.start) - 20 + px, middle)));
    expect(luma(motion)).toBeGreaterThan(luma(quiet) + 40);
    expect(luma(quiet)).toBeGreaterThan(Math.min(...empty) + 25);
    // A gap is hatched: not one colour.
    expect(new Set(empty.map(Math.round)).size).toBeGreaterThan(1);
    // Motion reaches to where the recording's own bar does not.
    expect(luma(pixel(x(wide.start + 30_000), top + 3))).toBeCloseTo(luma(motion), 0);
    expect(luma(pixel(x(wide.start + 1_500), top + 3))).toBeLessThan(luma(quiet) - 20);
  });

  it('has as many device pixels as the screen', async () => {
    await open();
    expect(canvas().width).toBe(Math.round(canvas().clientWidth * devicePixelRatio));
    expect(canvas().height).toBe(Math.round(canvas().clientHeight * devicePixelRatio));
  });

  it('has a row for the selected camera and one for all, or one for each where it is taller', async () => {
    await open();
    expect(document.querySelectorAll('.label')).toHaveLength(2);
    expect(document.querySelector('.labels')?.textContent).toContain('All cameras');
    cleanup();
    await open({ height: 240 });
    expect([...document.querySelectorAll('.label .number')].map((label) => label.textContent)).toEqual([
      '002',
      '004',
      '001',
    ]);
  });

  it('changes its colours with the scheme, also while it is open', async () => {
    await open();
    const dark = pixel(5, 3);
    document.documentElement.dataset['scheme'] = 'light';
    await expect.poll(() => luma(pixel(5, 3))).toBeGreaterThan(luma(dark) + 100);
  });

  it('shows flags, brackets, a loop and the live edge', async () => {
    const at = now - hour;
    const mark: TimelineMark[] = [
      { kind: 'bookmark', cameraIds: [first.id], at },
      { kind: 'lock', cameraIds: [first.id], start: at - 600_000, end: at - 300_000 },
    ];
    await open({ marks: mark, loop: { start: at + 600_000, end: at + 900_000 } });
    view().show(now - hour / 2, 3 * hour);
    const { top, height } = rowPlace(0, 2, slider().clientHeight);
    const x = (time: number) => Math.round(xOf(view().scale, time));
    const text = luma('235 237 240') - 40;
    await expect.poll(() => luma(pixel(x(at), top + 2))).toBeGreaterThan(text);
    expect(luma(pixel(x(at - 450_000), top + height - 1))).toBeGreaterThan(text);
    expect(luma(pixel(x(now), top + height + 1))).toBeGreaterThan(text);
    // Behind the live edge there is nothing, not even a gap.
    const after = [10, 11, 12, 13, 14, 15].map((px) => pixel(x(now) + px, top + height / 2));
    expect(new Set(after).size).toBe(1);
    const [red, , blue] = pixel(x(at + 600_000), 22)
      .split(' ')
      .map(Number);
    expect(blue).toBeGreaterThan(red! + 30);
  });
});

describe('hands', () => {
  it('drag time under the playhead, which stays where it is', async () => {
    await open();
    withoutCapture();
    const before = desk.time;
    const x = xOf(view().scale, before);
    const { msPerPx } = view().scale;
    pointer('pointerdown', 500, 60);
    for (let to = 500; to >= 400; to -= 10) pointer('pointermove', to, 60);
    expect(desk.time).toBeCloseTo(before + 100 * msPerPx, 0);
    expect(xOf(view().scale, desk.time)).toBeCloseTo(x, 3);
    pointer('pointerup', 400, 60);
    expect(desk.scrubbed.at(-1)?.[1]).toBe('end');
  });

  it('throw time, which runs on and comes to rest, unless less motion is wanted', async () => {
    await open({ isCalm: false });
    withoutCapture();
    pointer('pointerdown', 500, 60);
    for (let to = 500; to >= 380; to -= 20) {
      await new Promise(requestAnimationFrame);
      pointer('pointermove', to, 60);
    }
    const thrown = desk.time;
    pointer('pointerup', 380, 60);
    expect(desk.scrubbed.at(-1)?.[1]).toBe('move');
    await expect.poll(() => desk.scrubbed.at(-1)?.[1], { timeout: 8000 }).toBe('end');
    expect(desk.time).toBeGreaterThan(thrown + 20 * view().scale.msPerPx);
    expect(view().isGliding).toBe(false);
  }, 12_000);

  /** Throws time and lets go; it runs on. */
  async function fling() {
    await open({ isCalm: false, height: 240 });
    withoutCapture();
    pointer('pointerdown', 700, 60);
    for (let to = 700; to >= 520; to -= 30) {
      await new Promise(requestAnimationFrame);
      pointer('pointermove', to, 60);
    }
    pointer('pointerup', 520, 60);
    expect(view().isFlung).toBe(true);
  }
  const lastPhase = () => desk.scrubbed.at(-1)?.[1];
  async function standsStill() {
    const { time } = desk;
    const { length } = desk.scrubbed;
    for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame);
    expect([desk.time, desk.scrubbed.length]).toEqual([time, length]);
  }

  it('catch what was thrown, and do nothing else by that touch', async () => {
    await fling();
    const { selected } = desk;
    pointer('pointerdown', 300, 100);
    expect(view().isGliding).toBe(false);
    await standsStill();
    const caught = desk.time;
    pointer('pointerup', 300, 100);
    expect(desk.scrubbed.at(-1)).toEqual([caught, 'end']);
    expect([desk.time, desk.selected]).toEqual([caught, selected]);
    await standsStill();
  });

  it.each<[string, () => void]>([
    ['look around', () => view().pan(50)],
    ['zoom by a button', () => view().show(desk.time, 600_000)],
    ['pinch', () => view().pinch([100, 200], [90, 210])],
  ])('that %s while time runs on bring it to rest', async (_, move) => {
    await fling();
    move();
    await expect.poll(lastPhase).toBe('end');
    await standsStill();
    expect(view().isGliding).toBe(false);
  });

  it('do not take time back from somebody who went elsewhere', async () => {
    await fling();
    desk.go?.(desk.time - 2 * hour);
    await standsStill();
    expect(view().isFlung).toBe(false);
    expect(lastPhase()).toBe('move');
  });

  it('click to go to a moment, and to choose a camera', async () => {
    await open({ height: 240 });
    withoutCapture();
    const there = view().timeAt(300);
    const { top } = rowPlace(1, 3, slider().clientHeight);
    pointer('pointerdown', 300, top + 5);
    pointer('pointerup', 300, top + 5);
    expect(desk.scrubbed).toEqual([[there, 'end']]);
    expect(desk.selected).toBe(cameras[1]!.id);
  });

  it('drag the playhead over time on the ruler, where the view stays', async () => {
    await open();
    withoutCapture();
    const { start } = view().scale;
    pointer('pointerdown', 300, 8);
    pointer('pointermove', 350, 8);
    expect(desk.time).toBe(view().timeAt(350));
    pointer('pointerup', 360, 8);
    expect(desk.scrubbed.map(([, phase]) => phase)).toEqual(['move', 'move', 'end']);
    expect(view().scale.start).toBe(start);
  });

  it('wheel to zoom around the pointer, and sideways to look around', async () => {
    await open();
    const box = slider().getBoundingClientRect();
    const wheel = (init: WheelEventInit) =>
      slider().dispatchEvent(
        new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: box.left + 250, ...init }),
      );
    const under = timeOf(view().scale, 250);
    const before = view().scale.msPerPx;
    expect(wheel({ deltaY: -300 })).toBe(false);
    await expect.poll(() => view().scale.msPerPx).toBeLessThan(before * 0.7);
    expect(timeOf(view().scale, 250)).toBeCloseTo(under, 0);
    const { time } = desk;
    const { start } = view().scale;
    wheel({ deltaX: 100 });
    expect(view().scale.start).toBeGreaterThan(start);
    expect(desk.time).toBe(time);
  });

  it('pinch to zoom', async () => {
    await open();
    withoutCapture();
    const touch = { pointerType: 'touch' };
    const [left, right] = [timeOf(view().scale, 400), timeOf(view().scale, 600)];
    pointer('pointerdown', 400, 60, touch);
    pointer('pointerdown', 600, 60, { ...touch, pointerId: 2 });
    pointer('pointermove', 700, 60, { ...touch, pointerId: 2 });
    pointer('pointermove', 300, 60, touch);
    expect(xOf(view().scale, left)).toBeCloseTo(300, 0);
    expect(xOf(view().scale, right)).toBeCloseTo(700, 0);
    pointer('pointerup', 300, 60, touch);
    pointer('pointerup', 700, 60, { ...touch, pointerId: 2 });
    // Time was not moved: it need not come to rest.
    expect(desk.scrubbed).toEqual([]);
    // Nor is a finger still held: the next one drags.
    const before = desk.time;
    pointer('pointerdown', 500, 60, touch);
    pointer('pointermove', 450, 60, touch);
    expect(desk.time).toBeGreaterThan(before);
    pointer('pointerup', 450, 60, touch);
  });

  it('pinch after a drag, and time rests where the drag left it', async () => {
    await open();
    withoutCapture();
    const touch = { pointerType: 'touch' };
    pointer('pointerdown', 400, 60, touch);
    pointer('pointermove', 350, 60, touch);
    const dragged = desk.time;
    pointer('pointerdown', 600, 60, { ...touch, pointerId: 2 });
    pointer('pointermove', 700, 60, { ...touch, pointerId: 2 });
    expect(lastPhase()).toBe('move');
    pointer('pointerup', 700, 60, { ...touch, pointerId: 2 });
    expect(desk.scrubbed.at(-1)).toEqual([dragged, 'end']);
    pointer('pointerup', 350, 60, touch);
    expect(desk.scrubbed.at(-1)).toEqual([dragged, 'end']);
  });

  it('that are called away leave time where it was', async () => {
    await open();
    withoutCapture();
    pointer('pointerdown', 400, 60);
    pointer('pointercancel', 400, 60);
    expect(desk.scrubbed).toEqual([]);
    pointer('pointerdown', 400, 60);
    pointer('pointermove', 350, 60);
    const dragged = desk.time;
    pointer('pointercancel', 350, 60);
    expect(desk.scrubbed.at(-1)).toEqual([dragged, 'end']);
  });

  it('point to see the exact time', async () => {
    await open({ zone: 'Asia/Dubai' });
    await userEvent.hover(slider(), { position: { x: 500, y: 60 } });
    await expect
      .poll(() => document.querySelector('.hover')?.textContent)
      .toMatch(/^ ?Fri, 20 Nov 2026, \d\d:\d\d:\d\d UTC\+4$/);
  });
});

describe('by keyboard', () => {
  it('goes a little, far, to the ends, and nearer', async () => {
    await open();
    slider().focus();
    const start = desk.time;
    await userEvent.keyboard('{ArrowRight}');
    const step = desk.time - start;
    expect(step).toBeGreaterThan(0);
    await userEvent.keyboard('{ArrowLeft}{Shift>}{ArrowLeft}{/Shift}');
    expect(desk.time).toBeCloseTo(start - 10 * step, 0);
    await userEvent.keyboard('{PageUp}');
    expect(desk.time).toBeCloseTo(start - 10 * step - hour, -2);
    await userEvent.keyboard('{End}');
    expect(desk.time).toBe(now);
    await userEvent.keyboard('{Home}');
    expect(desk.time).toBe(limits.start);
    const before = view().scale.msPerPx;
    await userEvent.keyboard('+');
    await expect.poll(() => view().scale.msPerPx).toBeCloseTo(before / 2, 0);
    await userEvent.keyboard('{ArrowDown}');
    expect(desk.selected).toBe(cameras[1]!.id);
  });

  it('shows previews while an arrow is held down, and the picture when it is let go', async () => {
    await open();
    slider().focus();
    const press = (type: string, repeat: boolean) =>
      slider().dispatchEvent(new KeyboardEvent(type, { key: 'ArrowLeft', repeat, bubbles: true }));
    press('keydown', false);
    for (let i = 0; i < 3; i++) press('keydown', true);
    expect(desk.scrubbed.map(([, phase]) => phase)).toEqual(['end', 'move', 'move', 'move']);
    press('keyup', false);
    expect(desk.scrubbed.at(-1)).toEqual([desk.time, 'end']);
    press('keydown', true);
    slider().blur();
    expect(desk.scrubbed.at(-1)).toEqual([desk.time, 'end']);
  });

  it('says what was kept of a moment, that something moved, and the picture among others', async () => {
    const recorded = recordedSpans(first, { start: now - 8 * hour, end: now - 4 * hour }, now);
    const wide = recorded.find(({ start, end }) => end - start > 60_000)!;
    const second = Math.ceil(wide.start / 1000) * 1000;
    desk.time = second + 30_040;
    await open({
      marks: [
        { kind: 'bookmark', cameraIds: [first.id], at: desk.time },
        { kind: 'lock', cameraIds: [first.id], start: desk.time - 500, end: desk.time + 500 },
        { kind: 'lock', cameraIds: [cameras[1]!.id], start: 0, end: now },
      ],
    });
    await expect
      .poll(() => slider().getAttribute('aria-valuetext'))
      .toMatch(/:\d\d\.040 UTC, bookmark, locked as evidence, motion, .* recorded$/);
    desk.go?.(second + 120);
    const quiet = `.120 UTC, \u2068${first.name}\u2069 recorded`;
    await expect.poll(() => slider().getAttribute('aria-valuetext')).toContain(quiet);
  });

  it('says when it is and whether that is recorded', async () => {
    const recorded = recordedSpans(first, { start: now - 8 * hour, end: now - 4 * hour }, now);
    const inside = Math.round((recorded[3]!.start + recorded[3]!.end) / 2);
    const gap = gaps(recorded, { start: now - 8 * hour, end: now - 4 * hour }).find(
      ({ start, end }) => end - start > 120_000 && start > inside,
    )!;
    desk.time = inside;
    await open();
    expect(slider().getAttribute('aria-valuetext')).toMatch(/^Fri, 20 Nov 2026, .* UTC, .* recorded$/);
    cleanup();
    desk.time = (gap.start + gap.end) / 2;
    await open();
    expect(slider().getAttribute('aria-valuetext')).toMatch(/, no recording of /);
    expect(Number(slider().getAttribute('aria-valuenow'))).toBe(Math.round(desk.time / 1000));
  });

  it('has nothing that assistive technology stumbles over', async () => {
    await open({ height: 240 });
    const { violations, passes } = await axe.run(slider().parentElement!);
    expect(passes.length).toBeGreaterThan(3);
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  });
});

it('keeps the playhead in the middle while time is playing', async () => {
  await open({ isPlaying: true });
  expect(xOf(view().scale, desk.time)).toBeCloseTo(view().scale.width / 2, 3);
});

it('lets time run from left to right in a language that does not', async () => {
  void speak('en-x-rtl');
  document.documentElement.dir = 'rtl';
  await open();
  withoutCapture();
  pointer('pointerdown', 900, 8);
  const late = desk.time;
  pointer('pointerup', 100, 8);
  expect(desk.time).toBeLessThan(late);
  expect(getComputedStyle(slider()).direction).toBe('ltr');
});
