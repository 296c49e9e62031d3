import { expect, test } from './fixtures.ts';

/** Notes, at every paint, tiles that show nothing: neither a picture nor what covers them. Runs in the page. */
function watchTiles(): void {
  const notes = { began: performance.now(), stills: 0, bare: [] as string[], isDone: false };
  Object.assign(globalThis, { tileNotes: notes });
  const look = (): void => {
    const cover = document.querySelector('body > [data-cover]');
    notes.stills = Math.max(notes.stills, cover?.childElementCount ?? 0);
    const figures = [...document.querySelectorAll<HTMLElement>('figure[data-camera-id]')];
    for (const figure of figures) {
      const { tile, state } = figure.dataset;
      if (state !== 'live' && !cover?.querySelector(`[data-for="${tile}"]`))
        notes.bare.push(`${tile} ${state}`);
    }
    notes.isDone = figures.length > 0 && figures.every((figure) => figure.dataset['state'] === 'live');
    if (!notes.isDone) requestAnimationFrame(look);
  };
  addEventListener('DOMContentLoaded', look);
}

test('a page that has used up its connections begins anew: nothing is lost and no tile goes dark', async ({
  openWallAs,
  page,
}) => {
  test.setTimeout(90_000);
  await page.addInitScript(() => localStorage.setItem('parapet.peer-budget', '5'));
  await page.addInitScript(watchTiles);
  const wall = await openWallAs('operator');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 20_000 });
  // Something that is not saved, and a tile that is selected.
  await page.keyboard.press('Delete');
  await expect(wall.inState('live')).toHaveCount(15);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  const selected = await page.locator('figure[aria-current="true"]').getAttribute('data-camera-id');
  const cameras = async () =>
    page
      .locator('figure[data-tile]')
      .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['cameraId']));
  const before = await cameras();
  await page.evaluate(() => Object.assign(globalThis, { isOldPage: true }));

  // Ten quiet seconds later.
  await expect
    .poll(() => page.evaluate(() => 'isOldPage' in globalThis).catch(() => true), { timeout: 40_000 })
    .toBe(false);
  await expect(wall.inState('live')).toHaveCount(15, { timeout: 20_000 });
  expect(await cameras()).toEqual(before);
  expect(await page.locator('figure[aria-current="true"]').getAttribute('data-camera-id')).toBe(selected);
  await expect(page.locator('body > [data-cover]')).toHaveCount(0);
  const notes = await page.evaluate(
    () =>
      (globalThis as unknown as { tileNotes: { stills: number; bare: string[]; isDone: boolean } }).tileNotes,
  );
  expect(notes).toMatchObject({ stills: 15, isDone: true, bare: [] });
  // The wall on the server is as it was, and what was changed can still be undone.
  await page.keyboard.press('Control+z');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 20_000 });
});
