import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { QualityFactor, type TileQuality, WatchedWay } from '#contract/quality.ts';
import type { CameraDirectory } from '#server/cameras/directory.ts';
import type { Gateway, PathReport } from '#server/gateway/gateway.ts';
import { agencyOf } from '#server/live/quota.ts';
import type { Db } from '#server/store/store.ts';
import { isWatched, qualityOf, readViewings, type Viewing } from './cameras.ts';

/** What is measured, and of what. */
export interface MetricsParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly gateway: Pick<Gateway, 'paths'>;
  /** Undefined: no LiveKit is configured. */
  readonly liveKit?: { readonly isDown: boolean } | undefined;
  readonly now: () => number;
}

/** The numbers of this process, and those of the site that it reads for them. */
export interface Metrics {
  /** A report of one tile has come in. */
  observe(tile: TileQuality): void;
  /** The text that Prometheus reads. What cannot be read of the site is left out, and said to be down. */
  text(options: { readonly hasCameras: boolean }): Promise<{ readonly type: string; readonly body: string }>;
}

const pathStates: readonly PathReport['state'][] = ['idle', 'connecting', 'running', 'error'];
/** Agencies beyond these are counted together: labels must not grow with what a VMS calls a group. */
const mostAgencies = 32;
/** How long the gateway may take to answer a scrape, ms. */
const patienceMs = 1000;

/** Scores are told apart where their bands meet, and near the top, where most are. */
const scoreBuckets = [20, 40, 60, 80, 90, 95, 100];
/** What pages measure, as far as their ways tell. By way only: labels must not grow with cameras or people. */
const measures = {
  score: {
    name: 'score',
    help: 'Viewing score of tiles, 0 to 100',
    buckets: scoreBuckets,
  },
  worst: {
    name: 'worst_score',
    help: 'Viewing score of the worst second of tiles',
    buckets: scoreBuckets,
  },
  framesPerSecond: {
    name: 'frames_per_second',
    help: 'Pictures a second',
    buckets: [1, 2, 5, 10, 15, 20, 25, 30, 60],
  },
  bitsPerSecond: {
    name: 'bits_per_second',
    help: 'Bits a second',
    buckets: [1e5, 2.5e5, 5e5, 1e6, 2e6, 4e6, 8e6, 16e6],
  },
  lossRatio: {
    name: 'loss_ratio',
    help: 'Packets lost after repair, 0 to 1',
    buckets: [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3],
  },
  latencyMs: {
    name: 'latency_milliseconds',
    help: 'From the camera to the screen, as far as it is known',
    buckets: [100, 200, 300, 500, 1000, 2000, 4000, 8000],
  },
  roundTripMs: {
    name: 'round_trip_milliseconds',
    help: 'Round trip between the page and who sends',
    buckets: [5, 10, 20, 50, 100, 200, 500, 1000],
  },
} as const satisfies Partial<Record<keyof TileQuality, unknown>>;

let ofProcess: Registry | undefined;

/** Memory, processor, event loop and garbage collection. One for the process: its observers cannot be undone. */
function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

export function createMetrics(parts: MetricsParts): Metrics {
  const { db, directory, gateway, liveKit, now } = parts;
  const own = new Registry();
  const counted = [own];
  const measured = Object.entries(measures).map(([field, { name, help, buckets }]) => ({
    field: field as keyof typeof measures,
    histogram: new Histogram({
      name: `parapet_viewing_${name}`,
      help: `${help}, one observation for each report of about 15 s`,
      labelNames: ['way'],
      buckets: [...buckets],
      registers: counted,
    }),
  }));
  const live = new Counter({
    name: 'parapet_viewing_live_seconds_total',
    help: 'Of the seconds that tiles were watched, those with a live picture',
    labelNames: ['way'],
    registers: counted,
  });
  const watched = new Counter({
    name: 'parapet_viewing_seconds_total',
    help: 'Seconds that tiles were watched, by what limited them',
    labelNames: ['factor'],
    registers: counted,
  });
  for (const factor of QualityFactor.options) watched.inc({ factor }, 0);

  return {
    observe(tile) {
      const way = tile.way ?? 'none';
      live.inc({ way }, tile.seconds * tile.liveShare);
      for (const { field, histogram } of measured) {
        const { [field]: value } = tile;
        if (value !== undefined) histogram.observe({ way }, value);
      }
      watched.inc({ factor: tile.factor }, tile.seconds);
    },
    async text({ hasCameras }) {
      const site = new Registry();
      const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
        new Gauge({ name: `parapet_${name}`, help, labelNames, registers: [site] });
      const isDatabaseUp = gauge('database_up', 'Whether the database answered this scrape');
      const isGatewayUp = gauge('gateway_up', 'Whether the media gateway answered this scrape');
      if (liveKit !== undefined)
        gauge('livekit_up', 'Whether LiveKit is taken to be there: 0 while it is spared after failures').set(
          liveKit.isDown ? 0 : 1,
        );
      await Promise.all([
        readSite({ db, directory, now, hasCameras }, gauge).then(
          () => isDatabaseUp.set(1),
          () => isDatabaseUp.set(0),
        ),
        readGateway(gateway, gauge).then(
          () => isGatewayUp.set(1),
          () => isGatewayUp.set(0),
        ),
      ]);
      const all = Registry.merge([processMetrics(), own, site]);
      return { type: all.contentType, body: await all.metrics() };
    },
  };
}

type MakeGauge = (name: string, help: string, ...labels: string[]) => Gauge;

/** What the database knows: the same from every BFF, so that Prometheus takes the maximum, not the sum. */
async function readSite(
  { db, directory, now, hasCameras }: Omit<MetricsParts, 'gateway'> & { readonly hasCameras: boolean },
  gauge: MakeGauge,
): Promise<void> {
  const at = now();
  const [snapshot, viewings, reserved, sessions] = await Promise.all([
    directory.snapshot(),
    readViewings(db, at),
    db
      .selectFrom('reservations')
      .select(({ fn }) => ['camera_id', fn.countAll<string>().as('count')])
      .where('expires_at', '>', at)
      .groupBy('camera_id')
      .execute(),
    db
      .selectFrom('sessions')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('expires_at', '>', at)
      .executeTakeFirstOrThrow(),
  ]);
  const agencies = [...snapshot.groups.values()]
    .filter(({ parentId }) => parentId === undefined)
    .slice(0, mostAgencies)
    .map(({ name }) => name);
  const reservations = gauge('reservations', 'Streams reserved by pages, by agency', 'agency');
  for (const agency of agencies) reservations.set({ agency }, 0);
  for (const { camera_id, count } of reserved) {
    const agency = agencyOf(snapshot.cameras.get(camera_id), snapshot.groups);
    const label = agency === undefined ? 'none' : agencies.includes(agency) ? agency : 'other';
    reservations.inc({ agency: label }, Number(count));
  }
  gauge('sessions', 'Sessions that are signed in').set(Number(sessions.count));
  const cameras = gauge('cameras', 'Cameras by state', 'state');
  for (const state of ['up', 'down', 'unknown']) cameras.set({ state }, 0);
  for (const { state } of snapshot.cameras.values()) cameras.inc({ state });
  countViewers(viewings, at, gauge);
  if (!hasCameras) return;
  const scores = gauge('camera_score', 'Viewing score of a camera, 0 to 100', 'camera', 'number');
  const viewers = gauge('camera_viewers', 'Pages with a tile of the camera', 'camera', 'number');
  for (const camera of qualityOf(viewings, snapshot, at)) {
    const labels = { camera: camera.cameraId, number: camera.number };
    scores.set(labels, camera.score);
    viewers.set(labels, camera.viewers);
  }
}

function countViewers(viewings: readonly Viewing[], now: number, gauge: MakeGauge): void {
  const viewers = gauge('viewers', 'Tiles that are watched, by the way of their picture', 'way');
  for (const way of [...WatchedWay.options, 'none']) viewers.set({ way }, 0);
  for (const viewing of viewings) if (isWatched(viewing, now)) viewers.inc({ way: viewing.way ?? 'none' });
}

async function readGateway(gateway: MetricsParts['gateway'], gauge: MakeGauge): Promise<void> {
  const reports = await gateway.paths(AbortSignal.timeout(patienceMs));
  const paths = gauge('gateway_paths', 'Streams in the media gateway, by state', 'state');
  for (const state of pathStates) paths.set({ state }, 0);
  for (const { state } of reports) paths.inc({ state });
  gauge('gateway_viewers', 'Viewers that the media gateway sends to').set(
    reports.reduce((sum, { viewers }) => sum + viewers, 0),
  );
}
