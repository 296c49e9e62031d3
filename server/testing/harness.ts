import { randomUUID } from 'node:crypto';
import type { Grant, Right, Role } from '#contract/account.ts';
import type { ReserveAnswer, ReserveOutcome } from '#contract/reservation.ts';
import { hashPassword } from '#server/account/passwords.ts';
import { type AppParts, type BuiltApp, createApp } from '#server/app.ts';
import { applyDirectory, claimSystems } from '#server/cameras/apply-directory.ts';
import { createLog } from '#server/http/log.ts';
import type { Store } from '#server/store/store.ts';
import { FakeGateway } from './fake-gateway.ts';
import { FakeVms } from './fake-vms.ts';

export const password = 'correct horse battery staple';
const passwordHash = hashPassword(password);
const origin = 'http://parapet.test';

/** A clock that stands still until told. */
export class TestClock {
  at = Date.UTC(2026, 10, 20, 12);
  now = (): number => this.at;
  pass(ms: number): void {
    this.at += ms;
  }
}

/** Everybody who signs in in tests: name → role and rights by group. */
export const people: Readonly<Record<string, { readonly role: Role; readonly grants: readonly Grant[] }>> = {
  boss: { role: 'administrator', grants: [{ groupId: '*', rights: ['live', 'playback', 'export', 'ptz'] }] },
  olga: { role: 'operator', grants: [{ groupId: '*', rights: ['live', 'playback', 'ptz'] }] },
  /** Police only. */
  otto: { role: 'operator', grants: [{ groupId: 'police', rights: ['live', 'playback'] }] },
  /** Sees everything, but nothing live. */
  ivan: { role: 'investigator', grants: [{ groupId: '*', rights: ['playback', 'export'] }] },
  /** Metro only. */
  screen: { role: 'kiosk', grants: [{ groupId: 'metro', rights: ['live'] }] },
  /** Nothing at all. */
  nemo: { role: 'operator', grants: [] },
};

/** A browser: keeps its cookie and says where it comes from. */
export class Browser {
  readonly #app: BuiltApp;
  readonly #env: unknown;
  cookie = '';

  constructor(app: BuiltApp, address = '192.0.2.1') {
    this.#app = app;
    this.#env = { incoming: { socket: { remoteAddress: address } } };
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const isText = typeof body === 'string';
    const response = await this.#app.fetch(
      new Request(origin + path, {
        method,
        headers: {
          host: 'parapet.test',
          origin,
          ...(this.cookie === '' ? {} : { cookie: this.cookie }),
          ...(body === undefined || isText ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      }),
      this.#env,
    );
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      this.cookie = pair.endsWith('=') ? '' : pair;
    }
    return response;
  }

  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async signIn(name: string, typed = password): Promise<Response> {
    return await this.send('POST', '/api/session', { name, password: typed });
  }

  /** Reserves; gives the outcomes. */
  async reserve(...wanted: readonly string[]): Promise<ReserveOutcome[]> {
    const body = {
      wanted: wanted.map((text) => {
        const [cameraId = '', stream = 'sub'] = text.split('/');
        return { cameraId, stream };
      }),
    };
    return (await this.json<ReserveAnswer>('POST', '/api/reservations', body)).outcomes;
  }

  /** Reserves one stream that may be reserved; gives its reservation's id. */
  async reserveOne(wanted: string): Promise<string> {
    const [outcome] = await this.reserve(wanted);
    if (outcome?.status !== 'reserved') throw new Error(`${wanted}: ${JSON.stringify(outcome)}`);
    return outcome.reservation.id;
  }

  async offer(reservationId: string, sdp = 'v=0\r\no=offer\r\n'): Promise<Response> {
    return await this.send('POST', `/api/whep/${reservationId}`, sdp, { 'content-type': 'application/sdp' });
  }
}

export interface Harness {
  readonly app: BuiltApp;
  readonly gateway: FakeGateway;
  readonly vms: FakeVms;
  readonly clock: TestClock;
  /** What was logged, one JSON line each. */
  readonly log: string[];
  /** A browser in which this person is signed in. */
  as(name: string, address?: string): Promise<Browser>;
  idOf(name: string): string;
}

const userIds = new Map(Object.keys(people).map((name) => [name, randomUUID()]));

/** Puts the people and the town into an empty store. */
export async function seed(store: Store, vms: FakeVms, now: number): Promise<void> {
  const hash = await passwordHash;
  await store.db
    .insertInto('users')
    .values(
      Object.entries(people).map(([name, { role, grants }]) => ({
        id: userIds.get(name) ?? '',
        name,
        display_name: name,
        role,
        password_hash: hash,
        grants: JSON.stringify(grants),
        pending_grants: '[]',
        created_at: now,
      })),
    )
    .execute();
  await claimSystems(store.db, [vms.id], now);
  await applyDirectory(store.db, vms.id, vms.directory, now);
}

/** The app on fakes. `join` builds it on a store that is seeded already, and on another's gateway; `vms` has other cameras. */
export async function startApp(
  store: Store,
  more: Partial<AppParts> & { readonly join?: Harness; readonly vms?: FakeVms } = {},
): Promise<Harness> {
  const { join, vms = join?.vms ?? new FakeVms(), ...parts } = more;
  const gateway = join?.gateway ?? new FakeGateway();
  const clock = join?.clock ?? new TestClock();
  vms.now = clock.now;
  const log: string[] = [];
  if (join === undefined) await seed(store, vms, clock.at);
  const app = await createApp({
    store,
    gateway,
    systems: [vms],
    config: { publicUrl: undefined, trustedProxies: [], tokens: {}, iceServers: [] },
    log: createLog('debug', { write: (line) => void log.push(line) }),
    files: undefined,
    holder: randomUUID(),
    now: clock.now,
    ...parts,
  });
  return {
    app,
    gateway,
    vms,
    clock,
    log,
    async as(name, address) {
      const browser = new Browser(app, address);
      const response = await browser.signIn(name);
      if (!response.ok) throw new Error(`${name} could not sign in: ${await response.text()}`);
      return browser;
    },
    idOf: (name) => userIds.get(name) ?? '',
  };
}

export const grant = (groupId: string, ...rights: Right[]): Grant => ({ groupId, rights });
