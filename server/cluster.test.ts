import { eventually } from '#server/testing/eventually.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RenewAnswer } from '#contract/reservation.ts';
import { postgres, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import type { Store } from '#server/store/store.ts';
import { Browser, grant, type Harness, startApp } from '#server/testing/harness.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** The same browser at another BFF: a load balancer without any memory. */
function sameAt(other: Harness, browser: Browser): Browser {
  const same = new Browser(other.app);
  same.cookie = browser.cookie;
  return same;
}

describe.skipIf(postgres.missing !== undefined)(`two BFFs ${titleOf(postgres)}`, () => {
  let held: TestStore;
  let second: Store;
  let one: Harness;
  let two: Harness;
  beforeAll(async () => {
    held = await postgres.open();
    second = await held.another();
  });
  afterAll(() => held.close());
  beforeEach(async () => {
    await held.empty();
    one = await startApp(held.store);
    two = await startApp(second, { join: one });
    return async () => {
      await one.app.close();
      await two.app.close();
    };
  });
  const paths = (): string[] => [...one.gateway.sources.keys()].sort();

  it('share sessions, reservations and pictures: every request may reach either', async () => {
    const here = await one.as('olga');
    const there = sameAt(two, here);
    const id = await here.reserveOne('p1');
    const offer = await there.offer(id);
    expect(offer.status).toBe(201);
    const location = offer.headers.get('location') ?? '';
    const fragment = { 'content-type': 'application/trickle-ice-sdpfrag' };
    expect((await here.send('PATCH', location, 'a=candidate:1', fragment)).status).toBe(204);
    expect((await there.json<RenewAnswer>('POST', '/api/reservations/renew', { ids: [id] })).ended).toEqual(
      [],
    );
    expect((await here.send('DELETE', location)).status).toBe(200);
    expect((await there.send('DELETE', '/api/session')).status).toBe(204);
    expect((await here.send('GET', '/api/session')).status).toBe(401);
  });

  it('a sign-out at one ends the pictures and the news that run through the other', async () => {
    const here = await one.as('olga');
    const there = sameAt(two, here);
    await here.offer(await here.reserveOne('p1'));
    const news = await here.send('GET', '/api/news');
    await there.send('DELETE', '/api/session');
    expect(await news.text()).toContain('event: signed-out');
    await eventually(() => one.gateway.sessions.size).toBe(0);
    await eventually(paths).toEqual([]);
  });

  it('a right taken away at one ends pictures that the other signalled', async () => {
    const here = await one.as('otto');
    await here.offer(await here.reserveOne('p1'));
    const boss = await two.as('boss');
    await boss.json('PATCH', `/api/users/${one.idOf('otto')}`, { grants: [grant('metro', 'live')] });
    await eventually(() => one.gateway.sessions.size).toBe(0);
  });

  it('one at a time keeps house, and the other takes over when it falls silent', async () => {
    await (await one.as('olga')).reserveOne('p1');
    await one.app.upkeep.round();
    one.gateway.calls.length = 0;
    await two.app.upkeep.round();
    expect(one.gateway.calls).toEqual([]);
    one.clock.pass(5001);
    await two.app.upkeep.round();
    expect(one.gateway.calls).toContain('paths');
    one.gateway.calls.length = 0;
    await one.app.upkeep.round();
    expect(one.gateway.calls).toEqual([]);
  });

  it('reserving and releasing the same stream at both, over and over, leaves it exactly when somebody has it', async () => {
    const [olga, boss] = [await one.as('olga'), await two.as('boss')];
    for (let n = 0; n < 20; n += 1) {
      const hers = await olga.reserveOne('p1');
      await Promise.all([
        olga.send('POST', '/api/reservations/release', { ids: [hers] }),
        boss.reserveOne('p1'),
      ]);
      const his = await boss.reserveOne('p1');
      await Promise.all([
        boss.send('POST', '/api/reservations/release', { ids: [his] }),
        olga.reserveOne('p1'),
      ]);
    }
    await eventually(paths).toEqual(['p1_sub']);
    await olga.send('POST', '/api/reservations/release', { ids: [await olga.reserveOne('p1')] });
    // What two processes did to the gateway at the same moment is put right by the next round.
    await eventually(async () => {
      await one.app.upkeep.round();
      return paths();
    }).toEqual([]);
  });

  it('slow down a guesser who goes from one to the other', async () => {
    for (let n = 0; n < 6; n += 1)
      await new Browser([one, two][n % 2]?.app ?? one.app).signIn('olga', 'guess');
    expect((await new Browser(two.app).signIn('olga')).status).toBe(429);
    expect((await new Browser(one.app).signIn('olga')).status).toBe(429);
  });
});
