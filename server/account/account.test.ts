import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session, User } from '#contract/account.ts';
import type { Problem } from '#contract/problem.ts';
import { databases, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { Browser, grant, type Harness, password, startApp } from '#server/testing/harness.ts';
import { readSessionCookie, sessionCookie } from './cookie.ts';
import { hashPassword, isPassword } from './passwords.ts';
import { addressPolicy, afterFailure, type Attempts, namePolicy } from './throttle.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const hour = 3_600_000;

describe('afterFailure', () => {
  const policy = { free: 2, pauseMs: 100, longestPauseMs: 500, memoryMs: 10_000 };
  it('costs nothing at first, then twice as much each time, up to a limit', () => {
    let attempts: Attempts | undefined;
    const pauses = Array.from({ length: 7 }, () => {
      attempts = afterFailure(attempts, policy, 1000);
      return attempts.blockedUntil - 1000;
    });
    expect(pauses).toEqual([0, 0, 100, 200, 400, 500, 500]);
  });

  it('forgets after a quiet while', () => {
    const long = { failures: 9, failedAt: 1000, blockedUntil: 1500 };
    expect(afterFailure(long, policy, 11_000).failures).toBe(10);
    expect(afterFailure(long, policy, 11_001)).toEqual({
      failures: 1,
      failedAt: 11_001,
      blockedUntil: 11_001,
    });
  });

  it('never keeps a name locked for long, or anybody could lock out an operator', () => {
    expect(namePolicy.longestPauseMs).toBeLessThanOrEqual(60_000);
    expect(addressPolicy.free).toBeGreaterThan(namePolicy.free);
  });
});

describe('passwords', () => {
  it('are kept as argon2id, with a salt of their own', async () => {
    const [one, two] = await Promise.all([hashPassword('secret words'), hashPassword('secret words')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await isPassword('secret words', one)).toBe(true);
    expect(await isPassword('secret word', one)).toBe(false);
  });

  it('of nobody are never right', async () => {
    expect(await isPassword('nobody has this password', undefined)).toBe(false);
  });
});

describe('the cookie', () => {
  const token = 'a'.repeat(43);
  it('is for this site’s requests only, and locked to the host behind TLS', () => {
    expect(sessionCookie(token, false, undefined)).toBe(
      `parapet=${token}; Path=/; HttpOnly; SameSite=Strict`,
    );
    expect(sessionCookie(token, true, 60)).toBe(
      `__Host-parapet=${token}; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=60`,
    );
  });

  it.each<[string, string | undefined, boolean, string | undefined]>([
    ['among others', `a=b; parapet=${token}; c`, false, token],
    ['with the prefix', `parapet=${'b'.repeat(43)}; __Host-parapet=${token}`, true, token],
    ['without the prefix behind TLS', `parapet=${token}`, true, undefined],
    ['of another form', 'parapet=short', false, undefined],
    ['none', undefined, false, undefined],
  ])('is read: %s', (_what, header, isSecure, expected) => {
    expect(readSessionCookie(header, isSecure)).toBe(expected);
  });
});

const code = async (response: Response): Promise<string> => ((await response.json()) as Problem).code;

describe.each(databases)('accounts', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    let at: Harness;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(async () => {
      await held.empty();
      at = await startApp(held.store);
      return () => at.app.close();
    });
    const kinds = async (): Promise<string[]> =>
      (await held.store.db.selectFrom('audit').select('kind').orderBy('id').execute()).map(
        ({ kind }) => kind,
      );

    describe('signing in', () => {
      it('gives a session, by a cookie that is in no table', async () => {
        const browser = new Browser(at.app);
        const response = await browser.signIn('  OLGA ');
        const session = (await response.json()) as Session;
        expect(session).toMatchObject({
          user: { name: 'olga', role: 'operator' },
          signedInAt: new Date(at.clock.at).toISOString(),
          expiresAt: new Date(at.clock.at + 12 * hour).toISOString(),
        });
        expect(JSON.stringify(session)).not.toMatch(/hash|argon/);
        expect(response.headers.get('set-cookie')).toMatch(
          /^parapet=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
        );
        const rows = JSON.stringify(await held.store.db.selectFrom('sessions').selectAll().execute());
        expect(rows).not.toContain(browser.cookie.split('=')[1]);
        expect(await browser.json('GET', '/api/session')).toEqual(session);
      });

      it('says the same of a wrong password and an unknown name, and records both', async () => {
        const browser = new Browser(at.app);
        const wrong = await browser.signIn('olga', 'wrong');
        const unknown = await browser.signIn('nobody', 'wrong');
        const [a, b] = [(await wrong.json()) as Problem, (await unknown.json()) as Problem];
        expect({ ...a, requestId: '' }).toEqual({ ...b, requestId: '' });
        expect([wrong.status, a.code, wrong.headers.get('set-cookie')]).toEqual([
          401,
          'wrong-credentials',
          null,
        ]);
        expect(await kinds()).toEqual(['sign-in-refused', 'sign-in-refused']);
      });

      it('again in the same browser ends the session before', async () => {
        const browser = await at.as('olga');
        const before = browser.cookie;
        await browser.signIn('boss');
        const old = new Browser(at.app);
        old.cookie = before;
        expect((await old.send('GET', '/api/session')).status).toBe(401);
        expect(await browser.json('GET', '/api/session')).toMatchObject({ user: { name: 'boss' } });
      });

      it('behind TLS sets the locked cookie', async () => {
        const other = await startApp(held.store, {
          join: at,
          config: { publicUrl: 'https://parapet.test', trustedProxies: [], tokens: {}, iceServers: [] },
        });
        const response = await new Browser(other.app).signIn('olga');
        expect(response.headers.get('set-cookie')).toMatch(/^__Host-parapet=.*; Secure$/);
        expect(response.headers.get('strict-transport-security')).toContain('max-age=');
        await other.app.close();
      });
    });

    describe('guessing', () => {
      it('slows a name down from anywhere, tells when to come back, and forgives a success', async () => {
        for (let n = 0; n < 6; n += 1) await new Browser(at.app, `198.51.100.${n}`).signIn('olga', 'guess');
        const response = await new Browser(at.app, '203.0.113.1').signIn('olga');
        expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2']);
        expect(await response.json()).toMatchObject({ code: 'slow-down', retryAfterS: 2 });
        // Others are not slowed down by it.
        expect((await new Browser(at.app, '203.0.113.1').signIn('otto')).status).toBe(200);
        at.clock.pass(2000);
        expect((await new Browser(at.app, '203.0.113.1').signIn('olga')).status).toBe(200);
        for (let n = 0; n < 5; n += 1)
          expect((await new Browser(at.app, '198.51.100.9').signIn('olga', 'guess')).status).toBe(401);
      });

      it('slows an address down whatever the names, and a success in between does not help it', async () => {
        for (let n = 0; n < 21; n += 1) {
          await new Browser(at.app).signIn(`name${n}`, 'guess');
          if (n === 10) expect((await new Browser(at.app).signIn('olga')).status).toBe(200);
        }
        expect((await new Browser(at.app).signIn('otto')).status).toBe(429);
        expect((await new Browser(at.app, '203.0.113.1').signIn('otto')).status).toBe(200);
      });

      it('many times at once gets no more tries than one after the other', async () => {
        const responses = await Promise.all(
          Array.from({ length: 12 }, (_, n) =>
            new Browser(at.app, `198.51.100.${n}`).signIn('olga', 'guess'),
          ),
        );
        expect(responses.filter(({ status }) => status === 401)).toHaveLength(6);
        expect(responses.filter(({ status }) => status === 429)).toHaveLength(6);
      });
    });

    describe('a session', () => {
      it('lives while it is used, and seven days at most', async () => {
        const olga = await at.as('olga');
        for (let n = 0; n < 14; n += 1) {
          at.clock.pass(11.9 * hour);
          expect((await olga.send('GET', '/api/session')).status).toBe(200);
        }
        at.clock.pass(2 * hour);
        expect((await olga.send('GET', '/api/session')).status).toBe(401);
      });

      it('ends after twelve idle hours, a display’s does not', async () => {
        const [olga, screen] = [await at.as('olga'), await at.as('screen')];
        at.clock.pass(12 * hour);
        expect((await olga.send('GET', '/api/session')).status).toBe(401);
        expect((await screen.send('GET', '/api/session')).status).toBe(200);
      });

      it('ends with signing out, the others of the person do not', async () => {
        const [one, two] = [await at.as('olga'), await at.as('olga')];
        const token = one.cookie;
        const response = await one.send('DELETE', '/api/session');
        expect([response.status, one.cookie]).toEqual([204, '']);
        one.cookie = token;
        expect((await one.send('GET', '/api/session')).status).toBe(401);
        expect((await two.send('GET', '/api/session')).status).toBe(200);
      });

      it('ends everywhere at once if asked', async () => {
        const [one, two, boss] = [await at.as('olga'), await at.as('olga'), await at.as('boss')];
        expect((await one.send('DELETE', '/api/sessions')).status).toBe(204);
        expect((await two.send('GET', '/api/session')).status).toBe(401);
        expect((await boss.send('GET', '/api/session')).status).toBe(200);
      });

      it('ends when an administrator says so', async () => {
        const [olga, boss] = [await at.as('olga'), await at.as('boss')];
        expect((await boss.send('DELETE', `/api/users/${at.idOf('olga')}/sessions`)).status).toBe(204);
        expect((await olga.send('GET', '/api/session')).status).toBe(401);
        expect(await code(await boss.send('DELETE', `/api/users/${crypto.randomUUID()}/sessions`))).toBe(
          'not-found',
        );
        expect(await kinds()).toEqual(['signed-in', 'signed-in', 'user-signed-out']);
      });
    });

    describe('users', () => {
      it('are listed by name, without anything to guess from', async () => {
        const boss = await at.as('boss');
        const users = await boss.json<User[]>('GET', '/api/users');
        expect(users.map(({ name }) => name)).toEqual(['boss', 'ivan', 'nemo', 'olga', 'otto', 'screen']);
        expect(JSON.stringify(users)).not.toMatch(/hash|argon/);
      });

      it('change in what is named, at once for those signed in, with a record', async () => {
        const [boss, otto] = [await at.as('boss'), await at.as('otto')];
        const change = { role: 'investigator', grants: [grant('metro', 'live')] };
        const changed = await boss.json<User>('PATCH', `/api/users/${at.idOf('otto')}`, change);
        expect(changed).toMatchObject({ ...change, name: 'otto', displayName: 'otto' });
        expect(await otto.json('GET', '/api/session')).toMatchObject({ user: changed });
        const entry = await held.store.db
          .selectFrom('audit')
          .selectAll()
          .where('kind', '=', 'user-changed')
          .executeTakeFirstOrThrow();
        expect(entry).toMatchObject({
          user_name: 'boss',
          details: {
            subject: at.idOf('otto'),
            before: { role: 'operator' },
            after: { role: 'investigator' },
          },
        });
      });

      it('who are not there cannot change', async () => {
        const boss = await at.as('boss');
        expect(await code(await boss.send('PATCH', `/api/users/${crypto.randomUUID()}`, {}))).toBe(
          'not-found',
        );
      });

      it('keep one administrator', async () => {
        const boss = await at.as('boss');
        const response = await boss.send('PATCH', `/api/users/${at.idOf('boss')}`, { role: 'operator' });
        expect(await code(response)).toBe('invalid-request');
        await boss.json('PATCH', `/api/users/${at.idOf('olga')}`, { role: 'administrator' });
        expect((await boss.send('PATCH', `/api/users/${at.idOf('boss')}`, { role: 'operator' })).status).toBe(
          200,
        );
      });

      it('sign in with the password they were given', async () => {
        expect((await new Browser(at.app).signIn('nemo', password)).status).toBe(200);
      });
    });
  });
});
