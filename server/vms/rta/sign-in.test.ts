import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DemoRta } from '#mocks/rta/rta.ts';
import { HttpExchanger } from './http-exchange.ts';
import { SignIn } from './sign-in.ts';
import { settingsFor, startSite } from './testing/rta-site.ts';

const never = new AbortController().signal;
let rta: DemoRta;
let http: HttpExchanger;
let clock: number;

beforeEach(() => {
  clock = 1000;
  http = new HttpExchanger({});
});
afterEach(async () => {
  http.close();
  await rta.close();
});

const signIn = (more: object = {}): SignIn =>
  new SignIn({ ...settingsFor(rta, more), tokenUrl: new URL('/api/token', rta.url) }, http, () => clock);

it('renews a token when three quarters of its life are over, once for all who ask', async () => {
  rta = await startSite({ tokenLifeMs: 60_000 });
  const own = signIn();
  const first = await own.authorization(never);
  clock += 44_000;
  expect(await own.authorization(never)).toBe(first);
  clock += 2000;
  const renewed = await Promise.all([1, 2, 3].map(() => own.authorization(never)));
  expect(new Set(renewed).size).toBe(1);
  expect(renewed[0]).not.toBe(first);
  expect(rta.door.granted).toBe(2);
});

it('goes on with a token that still lives while the server gives no new one', async () => {
  rta = await startSite({ tokenLifeMs: 60_000 });
  const own = signIn();
  const first = await own.authorization(never);
  rta.faults.setSurface('token', { failWith: 500 });
  clock += 50_000;
  expect(await own.authorization(never)).toBe(first);
  clock += 20_000;
  await expect(own.authorization(never)).rejects.toMatchObject({ code: 'unavailable' });
});

it('asks again after ten minutes whether there are tokens', async () => {
  rta = await startSite({ apiAuth: 'basic' });
  const own = signIn();
  for (let i = 0; i < 3; i++) expect(await own.authorization(never)).toMatch(/^Basic /);
  expect(rta.calls.get('api token')).toBe(1);
  clock += 600_000;
  expect(await own.authorization(never)).toMatch(/^Basic /);
  expect(rta.calls.get('api token')).toBe(2);
});

it('tries a refused password again after a minute', async () => {
  rta = await startSite();
  const own = signIn({ password: 'wrong' });
  await expect(own.authorization(never)).rejects.toMatchObject({ code: 'refused' });
  await expect(own.authorization(never)).rejects.toMatchObject({ code: 'refused' });
  expect(rta.calls.get('api token')).toBe(1);
  clock += 60_000;
  await expect(own.authorization(never)).rejects.toMatchObject({ code: 'refused' });
  expect(rta.calls.get('api token')).toBe(2);
});

it('signs nobody in where there is nobody', async () => {
  rta = await startSite();
  const settings = { ...settingsFor(rta), username: undefined, account: undefined };
  const own = new SignIn({ ...settings, tokenUrl: new URL('/api/token', rta.url) }, http);
  expect(await own.authorization(never)).toBeUndefined();
  expect(rta.calls.size).toBe(0);
});
