import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimSite, seedAdministrator, seedDemoAccounts } from './account/first-start.ts';
import { resolvePendingGrants } from './account/users.ts';
import { createApp } from './app.ts';
import { claimSystems } from './cameras/apply-directory.ts';
import { createDirectory } from './cameras/directory.ts';
import { keepSynced } from './cameras/sync.ts';
import { readConfig } from './config.ts';
import { freeExports } from './evidence/export-table.ts';
import { createEngineGateway } from './gateway/engine/engine-gateway.ts';
import { createEnginePlayback } from './gateway/engine/engine-playback.ts';
import { createEnginePublisher } from './gateway/engine/engine-publisher.ts';
import { createLog } from './http/log.ts';
import { openStaticFiles } from './http/static-files.ts';
import { listen } from './listening.ts';
import { watchQuotaNames } from './live/quota-names.ts';
import { createRoomApi } from './livekit/api.ts';
import { publish } from './news/envelope.ts';
import { tellRecordingChanges } from './recordings/live-edge.ts';
import { freeDuties } from './store/duty.ts';
import { openStore } from './store/open-store.ts';
import { openSystems } from './systems.ts';
import { seedDemoWalls } from './walls/demo-walls.ts';

// The BFF as a process of its own, started by the supervisor (main.ts): wiring only.

/** Open answers have so long to finish; event streams end at once. */
const graceMs = 1000;
/** How long the demo waits for its cameras before it says that it is ready all the same. */
const demoPatienceMs = 10_000;
const { env } = process;

async function ownVersion(): Promise<string> {
  const text = await readFile(path.resolve(import.meta.dirname, '../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function start(): Promise<void> {
  const config = readConfig(env);
  const log = createLog(config.logLevel);
  const now = Date.now;
  const holder = randomUUID();
  const ending = new AbortController();

  // The demo's passwords are known: its database is never the one of a real site.
  const directory = path.join(config.dataDir, config.isDemo ? 'demo-db' : 'db');
  const store = await openStore({ databaseUrl: config.databaseUrl, directory });
  await claimSite(store.db, config.isDemo ? 'demo' : 'real');
  let generatedAdminPassword: string | undefined;
  if (config.isDemo) await seedDemoAccounts(store.db, config.demoPassword ?? randomUUID(), now());
  else generatedAdminPassword = await seedAdministrator(store.db, config.adminPassword, now());

  const engine = { url: env['PARAPET_ENGINE_URL'] ?? '', secret: env['PARAPET_ENGINE_SECRET'] ?? '' };
  const systems = await openSystems(config, env, log, createEnginePlayback(engine));
  await claimSystems(
    store.db,
    systems.map(({ id }) => id),
    now(),
  );
  const gateway = createEngineGateway(engine);
  const liveKit =
    config.livekit === undefined
      ? {}
      : {
          liveKit: {
            plan: config.livekit,
            publisher: createEnginePublisher(engine),
            rooms: createRoomApi(config.livekit),
          },
        };
  const files = config.isDev
    ? undefined
    : await openStaticFiles(path.resolve(import.meta.dirname, '../build'));
  const { quotas } = config;
  const { dir, keepDays, quotaGb, reserveGb } = config.exports;
  const exports = {
    directory: dir,
    product: { name: 'Parapet', version: await ownVersion() },
    keepMs: keepDays * 86_400_000,
    quotaBytes: quotaGb * 1e9,
    reserveBytes: reserveGb * 1e9,
  };
  const app = await createApp({
    store,
    gateway,
    systems,
    config,
    log,
    files,
    holder,
    now,
    quotas,
    exports,
    ...liveKit,
  });

  const firstReading = Promise.withResolvers<undefined>();
  const checkQuotaNames = watchQuotaNames({
    db: store.db,
    directory: createDirectory(store.db),
    quotas,
    log,
  });
  const onSynced = async (): Promise<void> => {
    const users = await resolvePendingGrants(store.db);
    if (users.length > 0) await publish(store.db, { kind: 'users-changed', users });
    if (config.isDemo) await seedDemoWalls(store.db, now());
    await checkQuotaNames();
    firstReading.resolve(undefined);
  };
  // One process has the embedded database: what its predecessor held when it was killed is free.
  if (store.kind === 'pglite') {
    await freeDuties(store.db);
    await freeExports(store.db);
  }
  // Before the first request: leases that only ran out because nobody was there live on.
  await app.upkeep.round();
  const duties = [
    app.upkeep.run(ending.signal),
    app.exports?.run(ending.signal),
    app.liveKit?.run(ending.signal),
    ...systems.map((vms) => keepSynced(vms, { db: store.db, log, holder, now, onSynced }, ending.signal)),
    ...systems.map((vms) => tellRecordingChanges(vms, { db: store.db, log, holder, now }, ending.signal)),
  ];

  const listening = await listen({
    fetch: (request, bindings) => app.fetch(request, bindings),
    host: config.host,
    port: config.port,
    // In development Vite stands in front, on this machine.
    tls: config.isDev ? undefined : config.tls,
    onRenewed: (err) =>
      err === undefined
        ? log.info('the certificate was renewed')
        : log.error({ err }, 'the certificate cannot be renewed'),
  });

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      ending.abort();
      const closed = listening.close(graceMs);
      await app.close();
      await Promise.allSettled([closed, ...duties, ...systems.map((vms) => vms.close())]);
      await store.close();
    })());
  const end = (): void => {
    // Whatever hangs, hangs alone.
    setTimeout(() => process.exit(1), graceMs + 500).unref();
    void close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('disconnect', end);

  // The demo's accounts get their rights and walls with the first reading; whoever signs in at the ready line has them.
  if (config.isDemo)
    await Promise.race([firstReading.promise, sleep(demoPatienceMs, undefined, { ref: false })]);

  const { port } = listening;
  log.info({ port }, 'the BFF listens');
  process.send?.({
    ready: true,
    port,
    ...(generatedAdminPassword === undefined ? {} : { generatedAdminPassword }),
  });
}

start().catch((cause: unknown) => {
  const words = cause instanceof Error ? cause.message : String(cause);
  process.send?.({ failed: words });
  createLog('error').error({ err: cause }, 'the BFF cannot start');
  process.exit(1);
});
