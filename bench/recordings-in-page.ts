import { type Browser, chromium, type Page } from '@playwright/test';
import type { Directory } from '#contract/camera.ts';
import { frameHeaders } from '#contract/recording.ts';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { type Parapet, password, startParapet } from '../e2e/parapet.ts';
import { installStripReader } from '../e2e/strip-in-page.ts';
import { missesOf } from './limits.ts';
import {
  frameTimes,
  skews,
  untilDrawn,
  untilExact,
  untilFollowed,
  watchHand,
  watchKeys,
} from './recordings-page-probes.ts';
import { spread } from './statistics.ts';

const hourMs = 3_600_000;
const iso = (time: number): string => new Date(time).toISOString();

/** Nine cameras that recorded all the time, and nine that record on motion: hundreds of spans in a few hours. */
async function cameraIds(page: Page, parapet: Parapet): Promise<{ always: string[]; motion: string[] }> {
  await page.request.post(`${parapet.url}/api/session`, {
    data: { name: 'investigator', password },
    headers: { origin: parapet.url },
  });
  for (;;) {
    const answer = await page.request.get(`${parapet.url}/api/directory`);
    const { cameras } = (await answer.json()) as Directory;
    const playable = cameras.filter(({ rights }) => rights.includes('playback'));
    const onMotion = ({ number }: { number: number }): boolean => number % 5 === 2 || number % 5 === 4;
    const always = playable.filter((camera) => !onMotion(camera) && camera.number % 16 !== 9);
    if (always.length >= 9)
      return {
        always: always.slice(0, 9).map(({ id }) => id),
        motion: playable
          .filter(onMotion)
          .slice(0, 9)
          .map(({ id }) => id),
      };
    await page.waitForTimeout(300);
  }
}

/** Opens the page at a moment, and waits until every tile shows it; with `gaps too` a tile may say that nothing is recorded. */
async function open(
  page: Page,
  parapet: Parapet,
  ids: readonly string[],
  at: number,
  which: 'all' | 'gaps too' = 'all',
): Promise<void> {
  await page.goto(`${parapet.url}/investigate?cameras=${ids.join(',')}&at=${iso(at)}`);
  const there = which === 'all' ? '[data-exact="true"]' : ':is([data-exact="true"], [data-status="gap"])';
  await page.waitForFunction(
    ([selector, count]) => document.querySelectorAll(selector).length === count,
    [`figure${there}`, ids.length] as const,
    { timeout: 60_000 },
  );
}

/** The group of pictures that answers for a moment, from its keyframe to its last frame, epoch ms. */
async function groupAt(
  page: Page,
  parapet: Parapet,
  id: string,
  at: number,
): Promise<{ start: number; last: number }> {
  const answer = await page.request.get(
    `${parapet.url}/api/recordings/${id}/frames?at=${iso(at)}&only=gop&stream=main`,
  );
  const timeOf = (name: string): number => Date.parse(answer.headers()[name.toLowerCase()] ?? '');
  const [start, end] = [timeOf(frameHeaders.start), timeOf(frameHeaders.end)];
  if (!(end > start)) throw new Error(`There is no whole group at ${iso(at)}`);
  return { start, last: end - 20 };
}

/** Goes to each moment as a person would, by typing it; how long until every tile shows its very frame, ms, or NaN. */
async function seek(page: Page, moments: readonly number[]): Promise<number[]> {
  const took: number[] = [];
  for (const moment of moments) took.push(await page.evaluate(untilExact, moment));
  return took;
}

/** What was measured, and how often nothing came in time (NaN). A miss is no fast answer: it stands beside them. */
function judged(took: readonly number[]) {
  const came = took.filter((ms) => !Number.isNaN(ms));
  return { ...spread(came), misses: took.length - came.length };
}

/** What is promised, ms: how long each may take for nineteen of twenty. Sixty pictures of the screen a second are 17. */
const limits = {
  seek: 400,
  exact: 120,
  cachedScrub: 33,
  scrub: 200,
  skew: 100,
  strip: 300,
  frame: 18,
} as const;

/**
 * Drags the playhead over the ruler and back; how long each move took until every tile had followed, ms, or NaN. No two
 * steps after each other are as wide: where the hand goes next is not known beforehand.
 */
async function scrub(page: Page, steps: number): Promise<{ uncached: number[]; cached: number[] }> {
  const box = await page.locator('[role="slider"]').boundingBox();
  if (!box) throw new Error('There is no timeline');
  const y = box.y + 10;
  const from = box.x + box.width * 0.75;
  await installStripReader(page);
  await page.evaluate(watchHand);
  await page.mouse.move(from, y);
  await page.mouse.down();
  const pass = async (xs: readonly number[]): Promise<number[]> => {
    const took: number[] = [];
    for (const x of xs) {
      await page.mouse.move(x, y);
      took.push(await page.evaluate(untilFollowed));
    }
    return took;
  };
  const way: number[] = [];
  for (let i = 0; i < steps; i++) way.push((way.at(-1) ?? from) - 3 - ((i * 5) % 9));
  const uncached = await pass(way);
  const cached = await pass(way.toReversed());
  await page.mouse.up();
  return { uncached, cached };
}

/** What was measured, and which promises were missed. */
type InPage = Readonly<Record<string, unknown>> & { readonly misses: readonly string[] };

/** Frames of the page while its timeline is dragged to and fro with a row for each camera. */
async function timeline(page: Page) {
  await page.getByRole('button', { name: 'A row for each camera' }).click();
  const slider = page.locator('[role="slider"]');
  const box = await slider.boundingBox();
  if (!box) throw new Error('There is no timeline');
  // Out until every row has hundreds of spans.
  await slider.focus();
  const spans = async (): Promise<number[]> =>
    ((await slider.getAttribute('data-spans')) ?? '').split(' ').map(Number);
  for (let i = 0; i < 8 && Math.max(...(await spans())) < 500; i++) {
    await page.keyboard.press('-');
    await page.waitForTimeout(1200);
  }
  const [x, y] = [box.x + box.width / 2, box.y + box.height * 0.7];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const measuring = page.evaluate(frameTimes, 4000);
  for (let i = 0; i < 120; i++) await page.mouse.move(x + Math.sin(i / 8) * 300, y);
  const frames = await measuring;
  await page.mouse.up();
  return { spansPerRow: await spans(), frameMs: spread(frames) };
}

/** From a glance at an hour to 90 days: how long after the last step all of it is drawn, ms, and what it asked for. */
async function ninetyDays(page: Page) {
  await page.evaluate(watchKeys);
  await page.evaluate(() => performance.clearResourceTimings());
  await page.locator('[role="slider"]').focus();
  // Each doubles what is seen; the last one leads from 85 days to all there is.
  for (let i = 0; i < 12; i++) await page.keyboard.press('-');
  const drawnMs = await page.evaluate(untilDrawn);
  const requests = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .filter(({ name }) => name.includes('/api/recordings/spans'))
      .map(({ name, duration }) => {
        const { searchParams } = new URL(name);
        const days =
          (Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '')) /
          86_400_000;
        return { days: Math.round(days), ms: Math.round(duration) };
      }),
  );
  return { drawnMs: Math.round(drawnMs), requests: requests.toSorted((a, b) => b.days - a.days).slice(0, 5) };
}

async function measure(browser: Browser, parapet: Parapet, seeks: number): Promise<InPage> {
  const context = await browser.newContext({
    viewport: { width: 1920, height: 1080 },
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const { always, motion } = await cameraIds(page, parapet);
  const now = Math.floor(Date.now() / 1000) * 1000;
  const [one = ''] = always;

  await open(page, parapet, [one], now - 5 * hourMs);
  const alone = await seek(
    page,
    Array.from({ length: seeks }, (_, i) => now - 6 * hourMs - i * 420_000),
  );
  const group = await groupAt(page, parapet, one, now - 6 * hourMs);
  // Its last frame is the worst of a group, because all others are decoded before it; then anywhere in it; then step by step.
  await seek(page, [group.start]);
  const lastFrame = await seek(
    page,
    Array.from({ length: seeks * 2 }, (_, i) => (i % 2 === 0 ? group.last : group.start)),
  );
  const anyFrame = await seek(
    page,
    Array.from({ length: seeks }, (_, i) => group.start + ((i * 680 + 320) % (group.last - group.start))),
  );
  const backwards = await seek(
    page,
    Array.from({ length: 40 }, (_, i) => group.last - i * 40),
  );

  await open(page, parapet, always, now - 5 * hourMs);
  const together = await seek(
    page,
    Array.from({ length: seeks }, (_, i) => now - 30 * hourMs - i * 420_000),
  );
  const restsAt = now - 30 * hourMs - (seeks - 1) * 420_000;
  const stepsOfNine = await seek(
    page,
    Array.from({ length: 24 }, (_, i) => restsAt - i * 40),
  );
  await page.locator('[role="slider"]').focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press('-');
  const scrubbed = await scrub(page, 60);
  await page.locator('[role="slider"]').blur();
  await page.keyboard.press('k');
  await page.waitForTimeout(3000);
  const apart = await page.evaluate(skews, 8000);
  await page.keyboard.press('k');

  // As somebody has it who comes to it first, and who comes back to it.
  await open(page, parapet, always, now - 30 * hourMs);
  const strip = await ninetyDays(page);
  await open(page, parapet, always, now - 30 * hourMs);
  const stripAgain = await ninetyDays(page);

  await open(page, parapet, motion, now - 3 * hourMs, 'gaps too');
  const drawn = await timeline(page);
  await context.close();
  const seekMs = { oneCamera: judged(alone), nineCameras: judged(together) };
  const exactFrameOfCachedGopMs = {
    last: judged(lastFrame.filter((_, i) => i % 2 === 0)),
    any: judged(anyFrame),
    stepBack: judged(backwards),
  };
  const scrubMs = { uncached: judged(scrubbed.uncached), cached: judged(scrubbed.cached) };
  const skewMs = spread(apart);
  const never = [
    seekMs.oneCamera,
    seekMs.nineCameras,
    exactFrameOfCachedGopMs.last,
    exactFrameOfCachedGopMs.any,
    exactFrameOfCachedGopMs.stepBack,
    scrubMs.uncached,
    scrubMs.cached,
  ];
  return {
    cameras: always.length,
    seekMs,
    exactFrameOfCachedGopMs,
    stepBackOfNineMs: judged(stepsOfNine),
    scrubMs,
    skewMs,
    timeline: drawn,
    ninetyDays: { first: strip, again: stripAgain },
    misses: missesOf({
      'seek of one camera, p95 ms': [seekMs.oneCamera.p95, limits.seek],
      'seek of nine cameras, p95 ms': [seekMs.nineCameras.p95, limits.seek],
      'last frame of a cached group, p95 ms': [exactFrameOfCachedGopMs.last.p95, limits.exact],
      'exact frame of a cached group, p95 ms': [exactFrameOfCachedGopMs.any.p95, limits.exact],
      'step back in a cached group, p95 ms': [exactFrameOfCachedGopMs.stepBack.p95, limits.exact],
      'scrub of nine cameras, cached, p95 ms': [scrubMs.cached.p95, limits.cachedScrub],
      'scrub of nine cameras, uncached, p95 ms': [scrubMs.uncached.p95, limits.scrub],
      'skew of nine cameras, p95 ms': [skewMs.p95, limits.skew],
      'strip of nine cameras over 90 days, drawn, ms': [strip.drawnMs, limits.strip],
      'strip of nine cameras over 90 days, drawn again, ms': [stripAgain.drawnMs, limits.strip],
      'frame of the timeline while it is dragged, p95 ms': [drawn.frameMs.p95, limits.frame],
      'pictures that never came': [never.reduce((sum, { misses }) => sum + misses, 0), 0],
    }),
  };
}

/**
 * Recordings as an investigator's browser has them, from `npm start`'s demo site in Chromium: seeking, scrubbing over nine
 * cameras, how far apart they play, the timeline's frames, ninety days at a glance. Option: `--seeks 30` of each kind.
 */
export async function run(options: Record<string, string> = {}): Promise<InPage> {
  const seeks = Number(options['seeks'] ?? 30);
  const parapet = await startParapet();
  const browser = await chromium.launch({ executablePath: needChromium(), args: chromiumFlags });
  try {
    return await measure(browser, parapet, seeks);
  } finally {
    await browser.close();
    await parapet.stop();
  }
}
