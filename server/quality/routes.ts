import { type CameraDirectory, isAllowed } from '#server/cameras/directory.ts';
import type { Gateway } from '#server/gateway/gateway.ts';
import type { Handlers, OtherHandlers } from '#server/http/routing.ts';
import { createAllowance } from '#server/live/allowance.ts';
import type { Db } from '#server/store/store.ts';
import { qualityOf, readViewings } from './cameras.ts';
import { createMetrics } from './metrics.ts';
import { forgetOld, keepReport } from './viewing.ts';

export interface QualityParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly gateway: Gateway;
  /** Whether LiveKit is being spared because it fails; undefined where none is configured. */
  readonly liveKit?: { readonly isDown: boolean } | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Old rows are looked for no more often than this, ms. */
const sweepMs = 60_000;

/** What it is like to watch, kept in the database: every BFF takes reports, and every BFF can tell of all. */
export function qualityRoutes({ db, directory, gateway, liveKit, now }: QualityParts): {
  readonly routes: Pick<Handlers, 'reportQuality' | 'readQuality'>;
  readonly others: Pick<OtherHandlers, 'metrics'>;
} {
  const metrics = createMetrics({ db, directory, gateway, liveKit, now });
  // A page reports every fifteen seconds; a session may have several, and may reload.
  const reports = createAllowance(20, 1);
  let sweptAt = -Infinity;
  return {
    routes: {
      async reportQuality({ principal, body }) {
        const at = now();
        reports.take(principal.sessionId, at);
        const { cameras } = await directory.snapshot();
        const allowed = body.tiles.filter(({ cameraId }) => {
          const camera = cameras.get(cameraId);
          return camera !== undefined && isAllowed(principal.user, camera, 'live');
        });
        await keepReport(db, { sessionId: principal.sessionId, pageId: body.pageId }, allowed, at);
        for (const tile of allowed) metrics.observe(tile);
        if (at - sweptAt < sweepMs) return;
        sweptAt = at;
        await forgetOld(db, at);
      },
      async readQuality() {
        const at = now();
        return { cameras: qualityOf(await readViewings(db, at), await directory.snapshot(), at) };
      },
    },
    others: {
      async metrics(context) {
        const { type, body } = await metrics.text({ hasCameras: context.req.query('cameras') === 'true' });
        return new Response(body, { headers: { 'content-type': type, 'cache-control': 'no-store' } });
      },
    },
  };
}
