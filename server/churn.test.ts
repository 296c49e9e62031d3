import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StreamName } from '#contract/camera.ts';
import type { RenewAnswer, ReserveAnswer } from '#contract/reservation.ts';
import { GatewayError } from '#server/gateway/gateway.ts';
import { leaseMs } from '#server/live/reservations.ts';
import { postgres, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import type { Store } from '#server/store/store.ts';
import { FakeGateway } from '#server/testing/fake-gateway.ts';
import { FakeVms, vmsCamera, vmsGroup } from '#server/testing/fake-vms.ts';
import { Browser, type Harness, startApp } from '#server/testing/harness.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const calls = 2000;
const quotas = { total: 30, agencies: { 'Group police': 12, 'Group metro': 8 } };
const camerasOf = { police: 20, metro: 16, bus: 24 };
const cameraIds = Object.entries(camerasOf).flatMap(([agency, count]) =>
  Array.from({ length: count }, (_, n) => `${agency}-${n}`),
);
const crowd = {
  groups: Object.keys(camerasOf).map((id) => vmsGroup(id)),
  cameras: cameraIds.map((id) => vmsCamera(id, [id.split('-')[0] ?? ''])),
};

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Writes down, with every reservation, what is in use in the state that its commit makes. Commits that add reservations
 * wait here for one another and each looks once the one before it can be seen: no state is missed, and none is imagined.
 */
const watch = [
  `create table uses (agency text not null, used int not null)`,
  `create function note_uses() returns trigger language plpgsql as $$ begin
    perform pg_advisory_xact_lock(1);
    insert into uses
      select coalesce(split_part(camera_id, '-', 1), 'all'), count(distinct camera_id || ' ' || stream)
      from reservations group by rollup (split_part(camera_id, '-', 1));
    return null;
  end $$`,
  `create constraint trigger note_uses after insert on reservations deferrable initially deferred
    for each row execute function note_uses()`,
];

/** The media gateway as one BFF reaches it, until that BFF is killed. */
class Line extends FakeGateway {
  isCut = false;
  readonly #far: FakeGateway;

  constructor(far: FakeGateway) {
    super();
    this.#far = far;
  }

  #through(): FakeGateway {
    if (this.isCut) throw new GatewayError('gateway-unavailable', 'nobody is there to ask');
    return this.#far;
  }

  override async ensurePath(...args: Parameters<FakeGateway['ensurePath']>): Promise<void> {
    await this.#through().ensurePath(...args);
  }

  override async dropPath(...args: Parameters<FakeGateway['dropPath']>): Promise<void> {
    await this.#through().dropPath(...args);
  }

  override async paths(...args: Parameters<FakeGateway['paths']>) {
    return await this.#through().paths(...args);
  }

  override async incarnation(...args: Parameters<FakeGateway['incarnation']>): Promise<string> {
    return await this.#through().incarnation(...args);
  }
}

interface Lease {
  readonly id: string;
  /** By the last answer that came. */
  expiresAt: number;
}

/** A page that reserves, renews and releases without sense or order, and sometimes leaves without a word. */
class Page {
  readonly #cookie: string;
  readonly #random: () => number;
  readonly #pageId: string;
  readonly leases = new Map<string, Lease>();
  /** Leases that ended although they were renewed in time. */
  readonly lost: string[] = [];
  readonly refusals: string[] = [];

  constructor(cookie: string, number: number) {
    this.#cookie = cookie;
    this.#random = chance(number);
    this.#pageId = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  }

  /** One call at one of the BFFs; gives its status, undefined when the page gave it up. */
  async call(bff: Harness, now: () => number): Promise<number | undefined> {
    const random = this.#random;
    const browser = new Browser(bff.app);
    browser.cookie = this.#cookie;
    const giveUp = new AbortController();
    const isLeaving = random() < 0.1;
    if (isLeaving) setTimeout(() => giveUp.abort(), random() * 4);
    const ids = [...this.leases.keys()].filter(() => random() < 0.4);
    const dice = random();
    const kind = ids.length === 0 || dice < 0.5 ? 'reserve' : dice < 0.75 ? 'renew' : 'release';
    const wanted = Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
      cameraId: cameraIds[Math.floor(random() * cameraIds.length)] ?? '',
      stream: (random() < 0.7 ? 'sub' : 'main') satisfies StreamName,
    }));
    const askedAt = now();
    if (kind === 'release') for (const id of ids) this.leases.delete(id);
    const response = await browser.send(
      'POST',
      kind === 'reserve' ? '/api/reservations' : `/api/reservations/${kind}`,
      kind === 'reserve' ? { wanted, pageId: this.#pageId } : { ids },
      {},
      giveUp.signal,
    );
    if (isLeaving) return undefined;
    if (!response.ok) return response.status;
    if (kind === 'reserve') {
      for (const outcome of ((await response.json()) as ReserveAnswer).outcomes)
        if (outcome.status === 'reserved')
          this.leases.set(outcome.reservation.id, {
            id: outcome.reservation.id,
            expiresAt: askedAt + leaseMs,
          });
        else this.refusals.push(outcome.code);
    } else if (kind === 'renew') {
      const { renewed, ended } = (await response.json()) as RenewAnswer;
      for (const { id } of renewed) {
        const lease = this.leases.get(id);
        if (lease !== undefined) lease.expiresAt = askedAt + leaseMs;
      }
      for (const id of ended) {
        const lease = this.leases.get(id);
        if (lease !== undefined && now() < lease.expiresAt) this.lost.push(id);
        this.leases.delete(id);
      }
    }
    return response.status;
  }
}

describe.skipIf(postgres.missing !== undefined)(`2,000 calls at two BFFs ${titleOf(postgres)}`, () => {
  let held: TestStore;
  let doomedStore: Store;
  beforeAll(async () => {
    held = await postgres.open();
    doomedStore = await held.another('doomed');
    for (const statement of watch) await sql.raw(statement).execute(held.store.db);
  });
  afterAll(() => held.close());

  it('never exceed a quota, lose no lease, leak none, although one BFF is killed in the middle', async () => {
    const vms = new FakeVms('town', crowd);
    const staying = await startApp(held.store, { quotas, vms });
    const { clock, gateway } = staying;
    const line = new Line(gateway);
    const doomed = await startApp(doomedStore, { quotas, join: staying, gateway: line });
    const { db } = held.store;
    const reserved = async (): Promise<string[]> =>
      (await db.selectFrom('reservations').select(['camera_id', 'stream']).distinct().execute())
        .map(({ camera_id, stream }) => `${camera_id}_${stream}`)
        .sort();

    // Two pages of each of four sessions; the one that is to be killed keeps house.
    const pages: Page[] = [];
    for (const name of ['olga', 'boss', 'olga', 'boss']) {
      const { cookie } = await staying.as(name);
      pages.push(new Page(cookie, pages.length + 1), new Page(cookie, pages.length + 2));
    }
    await doomed.app.upkeep.round();

    let made = 0;
    let living = [staying, doomed];
    const random = chance(7);
    const failures: number[] = [];
    const rounds: Promise<unknown>[] = [];
    const tick = (): void => {
      clock.pass(1000);
      for (const bff of living)
        rounds.push(bff.app.upkeep.round().catch(() => (living.includes(bff) ? failures.push(0) : 0)));
    };
    const kill = async (): Promise<void> => {
      living = [staying];
      line.isCut = true;
      await held.disconnect('doomed');
      void doomedStore.close();
    };
    let killing: Promise<void> | undefined;
    await Promise.all(
      pages.map(async (page) => {
        while (made < calls) {
          made += 1;
          if (made % 25 === 0) tick();
          if (made === calls / 2) killing = kill();
          const bff = living[Math.floor(random() * living.length)] ?? staying;
          const status = await page.call(bff, clock.now).catch(() => 500);
          if (status !== undefined && status >= 400 && living.includes(bff)) failures.push(status);
        }
      }),
    );
    await killing;
    await Promise.all(rounds);

    expect(failures).toEqual([]);
    expect(pages.flatMap(({ lost }) => lost)).toEqual([]);
    const peaks = await sql<{ agency: string; used: number }>`
      select agency, max(used) as used from uses group by agency order by agency`.execute(db);
    // Reached, so that there was something to exceed; and never more.
    expect(peaks.rows).toMatchObject([
      { agency: 'all', used: 30 },
      { agency: 'bus' },
      { agency: 'metro', used: 8 },
      { agency: 'police', used: 12 },
    ]);
    expect(new Set(pages.flatMap(({ refusals }) => refusals))).toEqual(new Set(['quota-exceeded']));

    // What is let go stays listed for a while, and is let go again after that: until then the leases are renewed.
    const keepAll = () =>
      db
        .updateTable('reservations')
        .set({ expires_at: clock.at + leaseMs })
        .execute();
    for (let n = 0; n < 20; n += 1) {
      clock.pass(1000);
      await keepAll();
      await staying.app.upkeep.round();
    }
    expect(await reserved()).not.toEqual([]);
    expect([...gateway.sources.keys()].sort()).toEqual(await reserved());

    // In steps: a time without anybody on duty would be forgiven.
    for (let passed = 0; passed <= leaseMs; passed += 4000) {
      clock.pass(4000);
      await staying.app.upkeep.round();
    }
    expect(await reserved()).toEqual([]);
    expect([...gateway.sources.keys()]).toEqual([]);
    await staying.app.close();
  });
});
