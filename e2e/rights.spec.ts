import type { Directory } from '#contract/camera.ts';
import { expect, test } from './fixtures.ts';
import { SignInPage } from './pages/sign-in-page.ts';
import { password } from './parapet.ts';

const agencyNames = (directory: Directory): string[] =>
  directory.groups
    .filter((group) => group.parentId === undefined)
    .map((group) => group.name)
    .sort();

test('agencies without rights are neither listed nor reservable', async ({
  openWallAs,
  page,
  browser,
  baseURL,
}) => {
  await openWallAs('administrator');
  const everything = (await (await page.request.get('/api/directory')).json()) as Directory;
  expect(everything.cameras).toHaveLength(500);

  const other = await browser.newContext({ ...(baseURL === undefined ? {} : { baseURL }) });
  const kiosk = await other.newPage();
  await kiosk.goto('/');
  await new SignInPage(kiosk).signIn('kiosk', password);
  await expect(kiosk.locator('figure[data-camera-number]').first()).toBeVisible();
  const visible = (await (await kiosk.request.get('/api/directory')).json()) as Directory;
  expect(agencyNames(visible).length).toBeLessThan(agencyNames(everything).length);

  const known = new Set(visible.cameras.map((camera) => camera.id));
  const hidden = everything.cameras.find((camera) => !known.has(camera.id));
  const answer = await kiosk.request.post('/api/reservations', {
    data: { wanted: [{ cameraId: hidden?.id, stream: 'sub' }] },
    headers: { origin: baseURL ?? '' },
  });
  expect(answer.status()).toBe(200);
  const { outcomes } = (await answer.json()) as { outcomes: { status: string; code?: string }[] };
  expect(outcomes).toEqual([
    expect.objectContaining({ status: 'refused', code: expect.stringMatching(/not-(permitted|found)/) }),
  ]);
  await other.close();
});

test('a wrong password is refused in words and nobody gets in', async ({ page, expectedErrors: _ }) => {
  await page.goto('/');
  await new SignInPage(page).signIn('operator', 'not the password');
  await expect(page.getByRole('alert')).toContainText(/password/i);
  expect((await page.request.get('/api/directory')).status()).toBe(401);
});
