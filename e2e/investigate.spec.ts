import { execFile } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import type { Camera, Directory } from '#contract/camera.ts';
import { expect, test } from './fixtures.ts';
import { InvestigatePage } from './pages/investigate-page.ts';
import { SignInPage } from './pages/sign-in-page.ts';
import { password } from './parapet.ts';
import { installStripReader } from './strip-in-page.ts';

const frameMs = 40;
const run = promisify(execFile);

/** Three cameras that recorded all the time, of agencies that the investigator may export. */
async function recordedCameras(page: Page): Promise<Camera[]> {
  const { cameras } = (await (await page.request.get('/api/directory')).json()) as Directory;
  return cameras
    .filter(({ rights }) => rights.includes('export'))
    .filter(({ number }) => number % 5 !== 2 && number % 5 !== 4 && number % 16 !== 9)
    .slice(0, 3);
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto('/');
  await new SignInPage(page).signIn(name, password);
  await expect(page.locator('figure[data-camera-number]').first()).toBeVisible();
}

/** `2026-11-20 11:40:10`, UTC. */
const written = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');

test.use({ timezoneId: 'UTC' });

test('by keyboard alone: find the moment on three cameras, step to the frame, bookmark, lock, export, verify', async ({
  page,
  expectedErrors: _,
}) => {
  test.setTimeout(180_000);
  await signIn(page, 'investigator');
  const cameras = await recordedCameras(page);
  await page.goto('/investigate');
  const desk = new InvestigatePage(page);
  await installStripReader(page);

  // The cameras, by their numbers.
  // A page answers keys once it is drawn.
  await expect(page.getByRole('searchbox')).toBeVisible();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  for (const [i, { number, name }] of cameras.entries()) {
    await page.keyboard.type(String(number).padStart(3, '0'));
    await expect(page.getByRole('treeitem', { name: new RegExp(name) }).first()).toBeVisible();
    await page.keyboard.press('Enter');
    await expect(desk.tiles).toHaveCount(i + 1);
    await page.keyboard.press('Escape');
  }
  await page.keyboard.press('Escape');

  // The moment: typed, then to the frame.
  const moment = Math.floor((Date.now() - 20 * 60_000) / 1000) * 1000;
  await desk.goTo(written(moment));
  const isAt = (time: number) => async () => {
    const tiles = await desk.read();
    return tiles.map(({ isExact, strip }, i) => {
      const isOwn = strip?.number === cameras[i]?.number;
      const offMs = time - (strip?.timeMs ?? -Infinity);
      return isExact && isOwn && offMs >= 0 && offMs < frameMs;
    });
  };
  await expect.poll(isAt(moment), { timeout: 20_000 }).toEqual([true, true, true]);
  const before = (await desk.read())[2]?.strip?.timeMs ?? 0;
  await page.keyboard.press('3');
  await page.keyboard.press('.');
  await expect.poll(async () => (await desk.read())[2]?.strip?.timeMs).toBe(before + frameMs);
  await page.keyboard.press(',');
  await page.keyboard.press(',');
  await expect.poll(async () => (await desk.read())[2]?.strip?.timeMs).toBe(before - frameMs);
  await expect.poll(isAt(before - frameMs)).toEqual([true, true, true]);

  // A bookmark on it.
  await page.keyboard.press('b');
  await expect(desk.dialog).toBeVisible();
  await page.keyboard.type('The van arrives');
  await page.keyboard.press('Enter');
  await expect(desk.dialog).toHaveCount(0);
  await expect(page.getByRole('button', { name: /The van arrives.*camera/ })).toBeVisible();

  // A to B, locked and exported.
  await page.keyboard.press('r');
  await desk.goTo(written(moment + 12_000));
  await page.keyboard.press('r');
  await page.keyboard.press('h');
  await expect(desk.dialog).toBeVisible();
  await page.keyboard.type('Case 4711');
  await page.keyboard.press('Enter');
  await expect(desk.dialog).toHaveCount(0, { timeout: 20_000 });
  await expect(page.getByRole('tab', { name: /Locks/ })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('button', { name: /^Case 4711/ })).toBeVisible();

  await page.keyboard.press('x');
  await expect(desk.dialog).toBeVisible();
  await page.keyboard.type('Case 4711');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Asked for by the police');
  await expect(desk.dialog.getByText(/^About /)).toBeVisible({ timeout: 20_000 });
  await page.keyboard.press('Enter');
  await expect(desk.dialog).toHaveCount(0);
  await expect(page.getByText(/^Done; kept until/)).toBeVisible({ timeout: 60_000 });

  // Its files, and whether they are what left the house.
  await page.keyboard.press('m');
  await page.keyboard.press('m');
  await expect(page.getByRole('tab', { name: /Exports/ })).toBeFocused();
  const folder = mkdtempSync(path.join(tmpdir(), 'parapet-export-'));
  try {
    const links = await page.locator('a[download]').count();
    expect(links).toBe(cameras.length + 1);
    let fetched = 0;
    for (let tabs = 0; tabs < 30 && fetched < links; tabs++) {
      await page.keyboard.press('Tab');
      const name = await page.evaluate(() => document.activeElement?.getAttribute('download') ?? '');
      if (name === '') continue;
      const download = page.waitForEvent('download');
      await page.keyboard.press('Enter');
      await (await download).saveAs(path.join(folder, name));
      fetched++;
    }
    expect(fetched).toBe(links);
    // By the fingerprint that the list tells, as somebody does who was only given the files.
    const fingerprint = await page.locator('code').innerText();
    const verify = (...words: string[]) =>
      run('npm', ['run', '--silent', 'verify-export', '--', ...words, '--fingerprint', fingerprint]);
    const { stdout } = await verify(folder);
    expect(stdout).toContain('The export is intact.');
    expect(stdout).toContain(`Signed by  ${fingerprint}`);
    expect(stdout).toContain('Asked for by the police');
    for (const { number } of cameras) expect(stdout).toContain(`Camera     ${number} `);
    // A film beside them that is none of them is found out, and so is one byte.
    const [film = ''] = readdirSync(folder).filter((name) => name.endsWith('.mp4'));
    const forged = path.join(folder, 'forged.mp4');
    copyFileSync(path.join(folder, film), forged);
    await expect(verify(forged)).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('forged.mp4 is not in the manifest'),
    });
    rmSync(forged);
    appendFileSync(path.join(folder, film), 'x');
    await expect(verify(path.join(folder, film))).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('The export is NOT intact.'),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});

test('a link leads to the same cameras and moment, but shows nothing to who may not see them', async ({
  page,
  browser,
  baseURL,
  expectedErrors: _,
}) => {
  await signIn(page, 'investigator');
  const cameras = await recordedCameras(page);
  const at = new Date(Math.floor((Date.now() - 30 * 60_000) / 1000) * 1000).toISOString();
  const link = `/investigate?cameras=${cameras.map(({ id }) => id).join(',')}&at=${at}&speed=2`;
  await page.goto(link);
  await installStripReader(page);
  const desk = new InvestigatePage(page);
  await expect
    .poll(async () => (await desk.read()).map(({ strip }) => strip?.number), { timeout: 20_000 })
    .toEqual(cameras.map(({ number }) => number));
  expect(new URL(page.url()).searchParams.get('at')).toBe(at);
  await expect(page.getByLabel('Speed', { exact: true })).toHaveValue('2');

  const other = await browser.newContext({ ...(baseURL === undefined ? {} : { baseURL }) });
  const kiosk = await other.newPage();
  await signIn(kiosk, 'kiosk');
  await kiosk.goto(link);
  await installStripReader(kiosk);
  const theirs = new InvestigatePage(kiosk);
  await expect(theirs.tiles).toHaveCount(3);
  await expect
    .poll(async () => (await theirs.read()).map(({ status }) => status), { timeout: 20_000 })
    .toEqual(['failed', 'failed', 'failed']);
  expect((await theirs.read()).every(({ strip }) => strip === undefined)).toBe(true);
  await other.close();
});

test('nine cameras play on one clock, as close together as their skew says', async ({
  page,
  expectedErrors: _,
}) => {
  await signIn(page, 'investigator');
  const { cameras } = (await (await page.request.get('/api/directory')).json()) as Directory;
  const nine = cameras
    .filter(({ number, rights }) => rights.includes('playback') && number % 5 !== 2 && number % 5 !== 4)
    .filter(({ number }) => number % 16 !== 9)
    .slice(0, 9);
  const at = new Date(Date.now() - 40 * 60_000).toISOString();
  await page.goto(`/investigate?cameras=${nine.map(({ id }) => id).join(',')}&at=${at}&play=1`);
  await installStripReader(page);
  const desk = new InvestigatePage(page);
  const times = async () => (await desk.read()).map(({ strip }) => strip?.timeMs ?? NaN);
  await expect
    .poll(async () => (await times()).filter((time) => time > Date.parse(at) + 1000).length, {
      timeout: 40_000,
    })
    .toBe(9);
  const skew = page.getByText(/^Skew [\d,]+ ms$/);
  await expect(skew).toBeVisible();
  // Not one lucky moment: over two seconds, nine of ten times, and what is said is what is seen.
  await expect(async () => {
    const apart: number[] = [];
    for (let i = 0; i < 20; i++) {
      const all = await times();
      apart.push(Math.max(...all) - Math.min(...all));
      await page.waitForTimeout(100);
    }
    const seen = apart.toSorted((a, b) => a - b)[17] ?? Infinity;
    const said = Number((await skew.textContent())?.replace(/\D/g, ''));
    expect(seen).toBeLessThanOrEqual(100);
    expect(said).toBeLessThanOrEqual(100);
    expect(seen).toBeLessThanOrEqual(said + frameMs);
  }).toPass({ timeout: 40_000 });
});

test('sixty days ago is played as truly as today: times that far apart do not wrap on the way', async ({
  page,
  expectedErrors: _,
}) => {
  await signIn(page, 'investigator');
  const cameras = await recordedCameras(page);
  // More than 2³¹ ms, 24.8 days, and on more than one turn of a 32-bit clock of 90 kHz, 13 hours.
  const at = Math.floor((Date.now() - 60 * 24 * 3_600_000) / 1000) * 1000;
  const ids = cameras.map(({ id }) => id).join(',');
  await page.goto(`/investigate?cameras=${ids}&at=${new Date(at).toISOString()}`);
  await installStripReader(page);
  const desk = new InvestigatePage(page);
  const offs = async (time: number) => (await desk.read()).map(({ strip }) => time - (strip?.timeMs ?? NaN));
  const isExactAt = (time: number) => async () => {
    const all = await offs(time);
    return all.length === 3 && all.every((offMs) => offMs >= 0 && offMs < frameMs);
  };
  await expect.poll(isExactAt(at), { timeout: 30_000 }).toBe(true);
  await page.keyboard.press('k');
  await expect.poll(async () => Math.max(...(await offs(at))), { timeout: 20_000 }).toBeLessThan(-2000);
  const { shown, strip } = (await desk.read())[0]!;
  expect(Math.abs(shown - (strip?.timeMs ?? 0))).toBeLessThanOrEqual(frameMs);
  await page.keyboard.press('k');
  // And back over all of it, to today.
  const today = Math.floor((Date.now() - 10 * 60_000) / 1000) * 1000;
  await desk.goTo(written(today));
  await expect.poll(isExactAt(today), { timeout: 20_000 }).toBe(true);
});

test('where single frames cannot be decoded a film plays on the same clock, and says what it cannot do', async ({
  page,
  expectedErrors: _,
}) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'VideoDecoder'));
  await signIn(page, 'investigator');
  const cameras = await recordedCameras(page);
  const at = Math.floor((Date.now() - 25 * 60_000) / 1000) * 1000;
  const ids = cameras.map(({ id }) => id).join(',');
  await page.goto(`/investigate?cameras=${ids}&at=${new Date(at).toISOString()}`);
  await installStripReader(page);
  const desk = new InvestigatePage(page);
  await expect(desk.tiles).toHaveCount(3);
  const offs = async (time: number) =>
    (await desk.read()).map(({ strip }) => Math.abs((strip?.timeMs ?? 0) - time));
  await expect.poll(async () => Math.max(...(await offs(at))), { timeout: 30_000 }).toBeLessThan(100);
  expect((await desk.read()).map(({ isExact }) => isExact)).toEqual([false, false, false]);
  // What it says it shows is what it shows.
  for (const { shown, strip } of await desk.read())
    expect(Math.abs(shown - (strip?.timeMs ?? 0))).toBeLessThanOrEqual(frameMs);
  await expect(page.getByText('HLS, not frame-exact')).toHaveCount(3);
  await expect(page.getByRole('button', { name: 'One picture forward' })).toHaveAttribute(
    'aria-disabled',
    'true',
  );

  await desk.goTo(written(at + 60_000));
  await expect
    .poll(async () => Math.max(...(await offs(at + 60_000))), { timeout: 20_000 })
    .toBeLessThan(100);
  await page.keyboard.press('k');
  await expect
    .poll(async () => Math.min(...(await desk.read()).map(({ strip }) => strip?.timeMs ?? 0)), {
      timeout: 20_000,
    })
    .toBeGreaterThan(at + 62_000);
  await expect
    .poll(async () => {
      const all = (await desk.read()).map(({ strip }) => strip?.timeMs ?? NaN);
      return Math.max(...all) - Math.min(...all);
    })
    .toBeLessThan(500);
});

test('live again: the cameras of the desk stand on the wall, and undo brings back the wall before', async ({
  page,
  expectedErrors: _,
}) => {
  await signIn(page, 'investigator');
  const wall = page.locator('figure[data-camera-number]');
  const before = await wall.evaluateAll((all) => all.map((one) => one.getAttribute('data-camera-id')));
  const { cameras } = (await (await page.request.get('/api/directory')).json()) as Directory;
  const apart = cameras.filter(({ id, rights }) => rights.includes('playback') && !before.includes(id));
  const ids = apart.slice(0, 3).map(({ id }) => id);
  expect(ids).toHaveLength(3);
  await page.goto(`/investigate?cameras=${ids.join(',')}`);
  await page.getByRole('button', { name: 'Live', exact: true }).click();
  await expect(wall).toHaveCount(3, { timeout: 20_000 });
  expect(await wall.evaluateAll((all) => all.map((one) => one.getAttribute('data-camera-id')))).toEqual(ids);
  await expect(page.locator('figure[data-state="live"]').first()).toBeVisible({ timeout: 20_000 });
  // Not asked for again by whoever reloads the page.
  await expect(page).toHaveURL((url) => url.search === '');

  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await expect(wall).toHaveCount(before.length);
  expect(await wall.evaluateAll((all) => all.map((one) => one.getAttribute('data-camera-id')))).toEqual(
    before,
  );
});
