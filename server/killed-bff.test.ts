import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Directory } from '#contract/camera.ts';
import type { RenewAnswer, ReserveAnswer } from '#contract/reservation.ts';
import { postgres, type TestStore, titleOf } from '#server/store/testing/databases.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const calls = 2000;
const quotas = { total: 14, agencies: { Police: 6, Metro: 4 } };
const password = 'a password of tests';
const agencies = { Police: 10, Metro: 8, Bus: 8 };
const cameras = Object.entries(agencies).flatMap(([agency, count], block) =>
  Array.from({ length: count }, (_, n) => {
    const number = 100 * (block + 1) + n;
    const at = `rtsp://192.0.2.1/${String(number)}`;
    return { name: `${agency} ${String(n)}`, number, agency, main: `${at}/main`, sub: `${at}/sub` };
  }),
);

/** Writes down, with every reservation, what is in use in the state that its commit makes; see churn.test.ts. */
const watch = [
  `create table uses (agency text not null, used int not null)`,
  `create table agency_of (camera_id text primary key, agency text not null)`,
  `create function note_uses() returns trigger language plpgsql as $$ begin
    perform pg_advisory_xact_lock(1);
    insert into uses
      select coalesce(a.agency, 'all'), count(distinct r.camera_id || ' ' || r.stream)
      from reservations r join agency_of a on a.camera_id = r.camera_id group by rollup (a.agency);
    return null;
  end $$`,
  `create constraint trigger note_uses after insert on reservations deferrable initially deferred
    for each row execute function note_uses()`,
];

const running = new Set<ChildProcess>();
const directory = mkdtempSync(path.join(tmpdir(), 'parapet-killed-'));

/** A BFF in a process of its own, without an engine: what is asked of that in the background comes to nothing. */
async function start(databaseUrl: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(path.join(import.meta.dirname, 'bff.ts'), {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATABASE_URL: databaseUrl,
      PARAPET_CONFIG: path.join(directory, 'parapet.yaml'),
      PARAPET_DATA_DIR: directory,
      PARAPET_ADMIN_PASSWORD: password,
      PARAPET_ENGINE_URL: 'http://127.0.0.1:1',
      PARAPET_ENGINE_SECRET: 'no engine here',
      PARAPET_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  running.add(child);
  const [said] = (await once(child, 'message')) as [{ ready?: true; port?: number; failed?: string }];
  if (said.ready !== true) throw new Error(said.failed);
  return { child, url: `http://127.0.0.1:${String(said.port)}` };
}

const send = (url: string, cookie: string, method: string, to: string, body?: unknown): Promise<Response> =>
  fetch(url + to, {
    method,
    headers: { origin: url, cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** A page that reserves, renews and releases without sense or order, at whichever BFF it is told. */
class Page {
  /** What it holds by the last answer that came. */
  readonly leases = new Set<string>();
  /** What it has let go of by an answer that came. */
  readonly released = new Set<string>();
  /** What ended though it was renewed in time. */
  readonly lost: string[] = [];
  readonly refusals = new Set<string>();
  readonly #cookie: string;
  readonly #pageId: string;
  readonly #cameraIds: readonly string[];

  constructor(cookie: string, number: number, cameraIds: readonly string[]) {
    this.#cookie = cookie;
    this.#pageId = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    this.#cameraIds = cameraIds;
  }

  /** One call. Rejects where no answer came: nobody knows then what became of it. */
  async call(url: string, random: () => number): Promise<number> {
    const ids = [...this.leases].filter(() => random() < 0.5);
    const dice = random();
    const kind = ids.length === 0 || dice < 0.5 ? 'reserve' : dice < 0.65 ? 'renew' : 'release';
    const wanted = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      cameraId: this.#cameraIds[Math.floor(random() * this.#cameraIds.length)],
      stream: random() < 0.7 ? 'sub' : 'main',
    }));
    // Gone for this page, whatever becomes of the request.
    if (kind === 'release') for (const id of ids) this.leases.delete(id);
    const response = await send(
      url,
      this.#cookie,
      'POST',
      kind === 'reserve' ? '/api/reservations' : `/api/reservations/${kind}`,
      kind === 'reserve' ? { wanted, pageId: this.#pageId } : { ids },
    );
    if (!response.ok) return response.status;
    if (kind === 'release') for (const id of ids) this.released.add(id);
    if (kind === 'reserve')
      for (const outcome of ((await response.json()) as ReserveAnswer).outcomes)
        if (outcome.status === 'reserved') this.leases.add(outcome.reservation.id);
        else this.refusals.add(outcome.code);
    if (kind === 'renew') {
      const { ended } = (await response.json()) as RenewAnswer;
      this.lost.push(...ended);
    }
    return response.status;
  }
}

describe.skipIf(postgres.missing !== undefined)(
  `two BFF processes on one database ${titleOf(postgres)}`,
  () => {
    let held: TestStore;
    beforeAll(async () => {
      held = await postgres.open();
      for (const statement of watch) await sql.raw(statement).execute(held.store.db);
      writeFileSync(
        path.join(directory, 'parapet.yaml'),
        JSON.stringify({ quotas, vms: [{ id: 'gates', kind: 'static', cameras }] }),
      );
    });
    afterAll(async () => {
      for (const child of running) child.kill('SIGKILL');
      await held.close();
      rmSync(directory, { recursive: true, force: true });
    });

    it('keep one truth through 2,000 calls, though one is killed in the middle of them', async () => {
      const { db } = held.store;
      // The first is on duty: it is the one to lose.
      const doomed = await start(held.url ?? '');
      const staying = await start(held.url ?? '');
      const cookies: string[] = [];
      for (let n = 0; n < 4; n += 1) {
        const signedIn = await send(staying.url, '', 'POST', '/api/session', {
          name: 'administrator',
          password,
        });
        expect(signedIn.status).toBe(200);
        cookies.push(signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '');
      }
      const cameraIds = await vi.waitFor(
        async () => {
          const response = await send(staying.url, cookies[0] ?? '', 'GET', '/api/directory');
          const known = ((await response.json()) as Directory).cameras;
          expect(known).toHaveLength(cameras.length);
          for (const { id, number } of known)
            await sql`insert into agency_of values (${id}, ${cameras.find((one) => one.number === number)?.agency})
            on conflict do nothing`.execute(db);
          return known.map(({ id }) => id);
        },
        { timeout: 30_000, interval: 200 },
      );
      const pages = Array.from({ length: 8 }, (_, n) => new Page(cookies[n % 4] ?? '', n + 1, cameraIds));

      let state = 7;
      // Numbers from 0 to 1, the same in every run (Lehmer).
      const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
      let made = 0;
      let unanswered = 0;
      let isKilled = false;
      const failures: (number | string)[] = [];
      await Promise.all(
        pages.map(async (page) => {
          while (made < calls) {
            made += 1;
            if (made === calls / 2) {
              isKilled = true;
              // The calls that are under way there have no end that anybody is told of.
              doomed.child.kill('SIGKILL');
            }
            const toDoomed = random() < 0.5 && !isKilled;
            try {
              const status = await page.call(toDoomed ? doomed.url : staying.url, random);
              if (status >= 400) failures.push(status);
            } catch (cause) {
              unanswered += 1;
              if (!toDoomed) failures.push(String(cause));
            }
          }
        }),
      );
      expect(doomed.child.signalCode).toBe('SIGKILL');
      expect(failures).toEqual([]);
      expect(unanswered).toBeLessThanOrEqual(pages.length);

      // Nobody lost what was held, nobody has what was let go; and each one is really there.
      expect(pages.flatMap(({ lost }) => lost)).toEqual([]);
      const rows = async (): Promise<string[]> =>
        (await db.selectFrom('reservations').select('id').execute()).map(({ id }) => id);
      const there = new Set(await rows());
      expect(pages.flatMap(({ leases }) => [...leases]).filter((id) => !there.has(id))).toEqual([]);
      // A page may have been given again, after it let go of it, what an unanswered release had left.
      expect(
        pages.flatMap(({ released, leases }) =>
          [...released].filter((id) => there.has(id) && !leases.has(id)),
        ),
      ).toEqual([]);

      const peaks = await sql<{ agency: string; used: number }>`
      select agency, max(used) as used from uses group by agency`.execute(db);
      // Reached, so that there was something to exceed; and never more.
      expect(Object.fromEntries(peaks.rows.map(({ agency, used }) => [agency, used]))).toEqual({
        ...quotas.agencies,
        all: quotas.total,
        Bus: expect.any(Number) as number,
      });
      expect(new Set(pages.flatMap(({ refusals }) => [...refusals]))).toEqual(new Set(['quota-exceeded']));

      // What the unanswered calls have left is at most theirs, and runs out at the one that took over the duty.
      const known = new Set(pages.flatMap(({ leases }) => [...leases]));
      const left = (await rows()).filter((id) => !known.has(id));
      expect(left.length).toBeLessThanOrEqual(unanswered * 3 + unanswered * quotas.total);
      await db.updateTable('reservations').set({ expires_at: 0 }).execute();
      await vi.waitFor(async () => expect(await rows()).toEqual([]), { timeout: 20_000, interval: 200 });
    });
  },
);
