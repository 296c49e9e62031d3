import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { accountRoutes, authenticator } from './account/routes.ts';
import { createDirectory } from './cameras/directory.ts';
import { cameraRoutes } from './cameras/routes.ts';
import type { Config } from './config.ts';
import { exportRoutes } from './evidence/export-routes.ts';
import { type ExportRunner, type ExportSettings, openExportRunner } from './evidence/export-runner.ts';
import { markRoutes } from './evidence/marks.ts';
import type { Gateway } from './gateway/gateway.ts';
import { healthRoutes } from './health/routes.ts';
import type { Logger } from './http/log.ts';
import { type Peer, type RequestOrigin, originReader } from './http/origin.ts';
import { problemResponse, Refusal } from './http/refusal.ts';
import { type App, type Gate, mountBeside, mountMethodNotAllowed, mountRoutes } from './http/routing.ts';
import { contentSecurityPolicy, inlineScriptHashes, securityHeaders } from './http/security-headers.ts';
import { serviceGuard } from './http/service-token.ts';
import type { StaticFiles } from './http/static-files.ts';
import { createAllowance } from './live/allowance.ts';
import { HlsViewings } from './live/hls-viewings.ts';
import { hlsRoutes } from './live/hls.ts';
import { type LiveKitDesk, type LiveKitDeskParts, openLiveKitDesk } from './live/livekit-desk.ts';
import { liveKitRoutes } from './live/livekit-routes.ts';
import { machineRoutes } from './live/machine-routes.ts';
import { defaultQuotas, type Quotas } from './live/quota.ts';
import { liveRoutes } from './live/routes.ts';
import { openStills } from './live/stills.ts';
import { createSupply } from './live/supply.ts';
import { createUpkeep, type Upkeep } from './live/upkeep.ts';
import { answerEndpointProbe, answerSessionProbe, whepRoutes } from './live/whep.ts';
import { openNewsDesk } from './news/news.ts';
import { qualityRoutes } from './quality/routes.ts';
import { createAbilities } from './recordings/abilities.ts';
import { patienceMs } from './recordings/ask.ts';
import { createFrames } from './recordings/frames.ts';
import { recordingMediaHandlers } from './recordings/media-routes.ts';
import { openPast } from './recordings/past.ts';
import { recordingRoutes } from './recordings/routes.ts';
import { createViewings } from './recordings/viewings.ts';
import type { Store } from './store/store.ts';
import type { Vms } from './vms/vms.ts';
import { wallRoutes } from './walls/routes.ts';

/** What the app is made of. Tests pass other parts. */
export interface AppParts {
  readonly store: Store;
  readonly gateway: Gateway;
  readonly systems: readonly Vms[];
  readonly config: Pick<Config, 'publicUrl' | 'trustedProxies' | 'iceServers' | 'tokens'> &
    Partial<Pick<Config, 'livekit'>>;
  readonly log: Logger;
  /** The built app; undefined in development, where Vite serves it. */
  readonly files: StaticFiles | undefined;
  /** Names this process among several on one database. */
  readonly holder: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly newsHeartbeatMs?: number;
  /** Where exports are kept; absent: there are none. */
  readonly exports?: ExportSettings;
  /** Absent: there is none. */
  readonly liveKit?: Pick<LiveKitDeskParts, 'plan' | 'publisher' | 'rooms'>;
  /** Else {@link defaultQuotas}. */
  readonly quotas?: Quotas;
}

/** The app, and what has to run beside it. */
export interface BuiltApp {
  /** Answers requests; `env` is what @hono/node-server passes. */
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
  readonly upkeep: Upkeep;
  /** Publishes cameras into LiveKit; undefined where none is configured. */
  readonly liveKit: LiveKitDesk | undefined;
  /** Works on exports; undefined where there are none. */
  readonly exports: ExportRunner | undefined;
  /** Ends event streams and waits for what still runs behind answers. Safe to call twice. */
  close(): Promise<void>;
}

/** Recorded pictures kept for whoever looks at them again, over all viewers. */
const frameCacheBytes = 64 * 1024 * 1024;

/** What @hono/node-server passes of the connection, as far as it is used. */
interface Bindings {
  readonly incoming?: {
    readonly authority?: string;
    readonly socket?: { readonly remoteAddress?: string; readonly encrypted?: boolean };
  };
}

function peerOf(env: unknown): Peer {
  const incoming = (env as Bindings | undefined)?.incoming;
  return {
    address: incoming?.socket?.remoteAddress,
    isEncrypted: incoming?.socket?.encrypted,
    authority: incoming?.authority,
  };
}

/** Builds the app from its parts; listens nowhere and starts no timers but the news' heartbeat. */
export async function createApp(parts: AppParts): Promise<BuiltApp> {
  const { store, gateway, systems, config, log, files, holder, now } = parts;
  const directory = createDirectory(store.db);
  const supply = createSupply({ db: store.db, directory, systems, gateway });
  const liveKit =
    parts.liveKit === undefined
      ? undefined
      : openLiveKitDesk({ db: store.db, directory, supply, log, holder, now, ...parts.liveKit });
  const upkeep = createUpkeep({
    db: store.db,
    directory,
    gateway,
    supply,
    log,
    holder,
    now,
    ...(liveKit === undefined ? {} : { endBeside: () => liveKit.endLost() }),
  });
  const news = await openNewsDesk({
    store,
    directory,
    log,
    now,
    ...(parts.newsHeartbeatMs === undefined ? {} : { heartbeatMs: parts.newsHeartbeatMs }),
  });
  const past = openPast({ directory, systems });
  const frames = createFrames({ cacheBytes: frameCacheBytes, now });
  const abilities = createAbilities(patienceMs);
  const viewings = createViewings({ db: store.db, now });
  const exporter =
    parts.exports === undefined
      ? undefined
      : await openExportRunner({
          db: store.db,
          directory,
          systems,
          frames,
          log,
          holder,
          now,
          settings: parts.exports,
        });
  const exports = exportRoutes({ db: store.db, past, frames, abilities, runner: exporter, now });
  const quality = qualityRoutes({ db: store.db, directory, gateway, liveKit: parts.liveKit?.rooms, now });
  let closing: Promise<void> | undefined;
  const hlsViewings = new HlsViewings({
    db: store.db,
    now,
    failed: (err) => log.warn({ err }, 'viewings by HLS could not be looked after'),
  });
  const stills = openStills({
    db: store.db,
    directory,
    systems,
    viewings,
    now,
    failed: (err) => log.warn({ err }, 'viewings by stills could not be looked after'),
  });
  const background = new Set<Promise<unknown>>();
  const inBackground = (work: Promise<unknown>): void => {
    const kept = work
      .catch((err: unknown) => {
        if (closing === undefined)
          log.warn({ err }, 'something behind an answer failed; upkeep makes it good');
      })
      .finally(() => background.delete(kept));
    background.add(kept);
  };

  const gate: Gate = {
    authenticate: authenticator(store),
    isService: serviceGuard(config.tokens),
    publicUrl: config.publicUrl,
    now,
  };
  const policy = contentSecurityPolicy(inlineScriptHashes(files?.page ?? ''), config.livekit?.url);
  const readOrigin = originReader({ trustedProxies: config.trustedProxies, publicUrl: config.publicUrl });

  const app: App = new Hono();
  app.use(async (context, next) => {
    const origin: RequestOrigin = readOrigin(context.req.raw.headers, peerOf(context.env));
    const requestId = randomUUID();
    const startedAt = performance.now();
    context.set('origin', origin);
    context.set('requestId', requestId);
    context.set('log', log.child({ requestId }));
    await next();
    for (const [name, value] of Object.entries(securityHeaders(policy, origin.isSecure)))
      context.res.headers.set(name, value);
    context.res.headers.set('x-request-id', requestId);
    const { method, path } = context.req;
    const { status } = context.res;
    if (path.startsWith('/api/')) {
      // A tile on HLS asks ten times a second, one on stills twice: only what goes wrong is of interest.
      const level = /^\/api\/(?:hls|stills)\//.test(path) && status < 400 ? 'debug' : 'info';
      log[level]({ requestId, method, path, status, ms: Math.round(performance.now() - startedAt) });
    }
  });
  mountRoutes(
    app,
    gate,
    {
      ...accountRoutes({ store, now, afterLoss: () => inBackground(upkeep.endLost()) }),
      ...cameraRoutes({ directory, systems }),
      ...liveRoutes({
        store,
        directory,
        supply,
        upkeep,
        quotas: parts.quotas ?? defaultQuotas,
        liveKit: liveKit?.choice,
        withStills: () => stills.offeredBy(),
        now,
        inBackground,
      }),
      ...liveKitRoutes({ store, directory, desk: liveKit, entries: createAllowance(10, 1), now }),
      ...wallRoutes({ store, directory, now }),
      ...recordingRoutes({ db: store.db, past, frames, abilities, log, now }),
      ...markRoutes({ db: store.db, past, abilities, now }),
      ...exports.routes,
      ...quality.routes,
      ...healthRoutes({ store, gateway, liveKit: parts.liveKit?.rooms, now }),
    },
    {
      news: (context, principal) => news.open(principal, context.req.raw.signal),
      ...whepRoutes({
        store,
        directory,
        gateway,
        supply,
        iceServers: config.iceServers,
        offers: createAllowance(10, 1),
        patches: createAllowance(20, 2),
        now,
      }),
      ...hlsRoutes({ db: store.db, directory, gateway, supply, viewings: hlsViewings }),
      ...stills.routes,
      ...machineRoutes({
        store,
        directory,
        supply,
        upkeep,
        quotas: parts.quotas ?? defaultQuotas,
        liveKit:
          liveKit === undefined || parts.liveKit === undefined
            ? undefined
            : { desk: liveKit, key: parts.liveKit.plan },
        requests: createAllowance(100, 10),
        now,
        inBackground,
      }),
      ...recordingMediaHandlers({ db: store.db, past, frames, viewings, now }),
      ...exports.others,
      ...quality.others,
    },
  );
  mountBeside(app, gate, 'whepOffer', ['GET', 'OPTIONS'], answerEndpointProbe);
  mountBeside(app, gate, 'whepPatch', ['GET', 'OPTIONS'], answerSessionProbe);
  mountMethodNotAllowed(app);
  app.notFound(async (context) => {
    const isApi = context.req.path.startsWith('/api/');
    const file = isApi ? undefined : await files?.answer(context.req.raw);
    if (file !== undefined) return file;
    return problemResponse(
      new Refusal(
        'not-found',
        files !== undefined && files.page === undefined && !isApi
          ? { detail: 'The app is not built: run npm run build.' }
          : {},
      ),
      context.var.requestId,
    );
  });
  app.onError((error, context) => {
    const { requestId } = context.var;
    if (error instanceof Refusal) {
      if (error.cause !== undefined) context.var.log.warn({ err: error }, 'refused');
      return problemResponse(error, requestId);
    }
    // The browser has gone; whatever is answered reaches nobody.
    if (context.req.raw.signal.aborted) return new Response(null, { status: 408 });
    context.var.log.error({ err: error }, 'a request failed');
    return problemResponse(new Refusal('internal'), requestId);
  });

  return {
    fetch: (request, env) => app.fetch(request, env ?? {}),
    upkeep,
    exports: exporter,
    liveKit,
    close: () =>
      (closing ??= (async () => {
        await exporter?.close();
        await news.close();
        await liveKit?.close();
        supply.close();
        await hlsViewings.close();
        await stills.close();
        await Promise.allSettled(background);
      })()),
  };
}
