import { once } from 'node:events';
import { siteCameras, siteGroups, type SiteCamera } from '#mocks/site/cameras.ts';
import { siteHardware, siteRecorders } from '#mocks/site/hardware.ts';
import { ConfigRest } from './config-rest.ts';
import { EvidenceStore } from './evidence-store.ts';
import { serveEvents } from './events/events-socket.ts';
import { Faults } from './faults.ts';
import { Features, type FeatureSet } from './features.ts';
import { createGateway } from './gateway.ts';
import type { LivePictures } from './image-server/live-feed.ts';
import { LiveWheel } from './image-server/live-wheel.ts';
import { Recorder } from './image-server/recorder.ts';
import { noStills, type Stills } from './stills.ts';
import { AccessTokens, VmsTokens } from './tokens.ts';

export interface DemoXProtectOptions {
  /** The one basic user there is. */
  readonly username: string;
  readonly password: string;
  readonly pictures: LivePictures;
  /** The gateway's port; recorders always take free ones. Default: a free one. */
  readonly port?: number;
  /** Which cameras of the site exist. Default: all 500. */
  readonly cameras?: readonly SiteCamera[];
  /** How long access tokens live, ms. Default one hour, as in the field. */
  readonly accessTokenLifeMs?: number;
  /** How long VMS tokens live, ms. Default four hours, as seen in the field. */
  readonly vmsTokenLifeMs?: number;
  /** What the installation offers; the rest as in {@link FeatureSet}'s defaults. */
  readonly features?: Partial<FeatureSet>;
  /** Draws JPEGs. Default: nothing does, recorders do not transcode. */
  readonly stills?: Stills;
}

/** A running pretend XProtect. Close it; closing twice is fine. */
export interface DemoXProtect {
  /** `http://127.0.0.1:port`: management server and API gateway. */
  readonly url: string;
  readonly faults: Faults;
  readonly features: Features;
  /** How often recorders have been asked for what: operations of their SOAP, methods of their ImageServer. */
  readonly calls: ReadonlyMap<string, number>;
  /** Open ImageServer connections on all recorders. */
  readonly connectionCount: number;
  /** Open WebSockets for events. */
  readonly eventConnectionCount: number;
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** Starts gateway and recorders on the loopback address. Resolves when all of them listen. */
export async function startXProtect(options: DemoXProtectOptions): Promise<DemoXProtect> {
  const cameras = options.cameras ?? siteCameras;
  const faults = new Faults();
  const features = new Features(options.features);
  const calls = new Map<string, number>();
  const wheel = new LiveWheel();
  const accessTokens = await AccessTokens.create(options.accessTokenLifeMs ?? 3_600_000);
  const vmsTokens = new VmsTokens(options.vmsTokenLifeMs ?? 14_400_000);
  const numbers = new Set(cameras.map(({ number }) => number));
  const recorders = new Map<number, Recorder>();
  for (const recorder of siteRecorders) {
    const recorded = siteHardware
      .filter((box) => box.recorderId === recorder.id)
      .flatMap((box) => box.channels)
      .filter((camera) => camera !== undefined && numbers.has(camera.number));
    const parts = {
      cameras: new Map(recorded.map((camera) => [camera!.id, camera!])),
      tokens: vmsTokens,
      pictures: options.pictures,
      wheel,
      faults,
      features,
      stills: options.stills ?? noStills,
      onCall: (operation: string) => calls.set(operation, (calls.get(operation) ?? 0) + 1),
    };
    recorders.set(recorder.number, await Recorder.start(parts, host));
  }

  const rest = new ConfigRest({
    cameras,
    groups: siteGroups,
    hardware: siteHardware,
    recorders: siteRecorders,
    features,
    webServerUri: ({ number }) => `http://${host}:${recorders.get(number)!.port}/`,
  });
  let origin = '';
  const gateway = createGateway({
    account: { username: options.username, password: options.password },
    accessTokens,
    vmsTokens,
    rest,
    evidence: new EvidenceStore(new Set(cameras.map(({ id }) => id)), options.username),
    features,
    faults,
    origin: () => origin,
  });
  const events = serveEvents(gateway, { cameras, accessTokens, faults, features });
  gateway.listen(options.port ?? 0, host);
  try {
    await once(gateway, 'listening');
  } catch (error) {
    for (const recorder of recorders.values()) recorder.close();
    throw error;
  }
  const address = gateway.address();
  origin = `http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}`;

  const all = [...recorders.values()];
  faults.on('camera', (number) => all.forEach((recorder) => recorder.meetFault(number)));
  faults.on('recorder', (number) => {
    const recorder = recorders.get(number);
    if (faults.isRecorderOffline(number)) recorder?.goOffline();
    // Another process took the port in the meantime: then it stays off.
    else recorder?.goOnline().catch(() => faults.setRecorder(number, 'offline'));
  });
  faults.on('kill-connections', () => all.forEach((recorder) => recorder.killConnections()));
  faults.on('expire-tokens', () => {
    accessTokens.expireAll();
    vmsTokens.expireAll();
  });

  let isClosed = false;
  return {
    url: origin,
    faults,
    features,
    calls,
    get connectionCount() {
      return all.reduce((sum, recorder) => sum + recorder.connectionCount, 0);
    },
    get eventConnectionCount() {
      return events.connectionCount;
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      faults.removeAllListeners();
      wheel.close();
      events.close();
      for (const recorder of all) recorder.close();
      gateway.close();
      gateway.closeAllConnections();
    },
  };
}
