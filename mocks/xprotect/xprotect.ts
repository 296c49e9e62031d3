import { once } from 'node:events';
import type { HevcClips } from '#mocks/camera/hevc/hevc.ts';
import { siteCameras, siteGroups, type SiteCamera } from '#mocks/site/cameras.ts';
import { siteHardware, siteRecorders } from '#mocks/site/hardware.ts';
import { CameraMakes } from './camera-makes.ts';
import { ConfigRest } from './config-rest.ts';
import { EvidenceStore } from './evidence-store.ts';
import { openEvents } from './events/events-socket.ts';
import { Faults } from './faults.ts';
import { Features, type FeatureSet } from './features.ts';
import { createGateway } from './gateway.ts';
import { codedPictures } from './image-server/coded-pictures.ts';
import type { LivePictures } from './image-server/live-feed.ts';
import { LiveWheel } from './image-server/live-wheel.ts';
import { RecorderSet } from './recorder-set.ts';
import { serveSockets } from './socket-doors.ts';
import { noStills, type Stills } from './stills.ts';
import { AccessTokens, VmsTokens } from './tokens.ts';
import { openWebRtc } from './webrtc/signalling.ts';

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
  /** Pictures for cameras that code in H.265. Default: those cannot be had. */
  readonly hevc?: HevcClips;
  /** Recorders that speak TLS only, with a certificate that has signed itself. Default: none. */
  readonly secureRecorders?: readonly number[];
}

/** A running pretend XProtect. Close it; closing twice is fine. */
export interface DemoXProtect {
  /** `http://127.0.0.1:port`: management server and API gateway. */
  readonly url: string;
  /** PEM of the certificate that recorders with TLS have. */
  readonly ca: string;
  readonly faults: Faults;
  readonly features: Features;
  readonly makes: CameraMakes;
  /** How often recorders have been asked for what: operations of their SOAP, methods of their ImageServer. */
  readonly calls: ReadonlyMap<string, number>;
  /** Tasks of the gateway that nobody has tidied up. */
  readonly taskCount: number;
  /** Open ImageServer connections on all recorders. */
  readonly connectionCount: number;
  /** Open WebSockets for events. */
  readonly eventConnectionCount: number;
  /** WebRTC sessions that the gateway has, answered or not. */
  readonly webRtcSessionCount: number;
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** Starts gateway and recorders on the loopback address. Resolves when all of them listen. */
export async function startXProtect(options: DemoXProtectOptions): Promise<DemoXProtect> {
  const cameras = options.cameras ?? siteCameras;
  const faults = new Faults();
  const features = new Features(options.features);
  const makes = new CameraMakes();
  const stills = options.stills ?? noStills;
  const calls = new Map<string, number>();
  const wheel = new LiveWheel();
  const accessTokens = await AccessTokens.create(options.accessTokenLifeMs ?? 3_600_000);
  const vmsTokens = new VmsTokens(options.vmsTokenLifeMs ?? 14_400_000);
  const pictures = codedPictures(options.pictures, { makes, hevc: options.hevc, stills });
  const shared = {
    tokens: vmsTokens,
    pictures,
    wheel,
    faults,
    features,
    stills,
    makes,
    onCall: (operation: string) => calls.set(operation, (calls.get(operation) ?? 0) + 1),
  };
  const recorders = await RecorderSet.start(host, cameras, shared, options.secureRecorders ?? []);

  const rest = new ConfigRest({
    cameras,
    groups: siteGroups,
    hardware: siteHardware,
    recorders: siteRecorders,
    features,
    makes,
    webServerUri: ({ number }) => recorders.addressOf(number),
  });
  const events = openEvents({ cameras, accessTokens, faults, features });
  const webRtc = openWebRtc({ cameras, accessTokens, pictures, wheel, faults, features, makes });
  let origin = '';
  const gateway = createGateway({
    account: { username: options.username, password: options.password },
    accessTokens,
    vmsTokens,
    rest,
    webRtc: webRtc.sessions,
    evidence: new EvidenceStore(new Set(cameras.map(({ id }) => id)), options.username),
    features,
    faults,
    origin: () => origin,
  });
  serveSockets(gateway, { '/api/ws/events/v1': events.door, '/api/ws/webrtc/v1': webRtc.door });
  gateway.listen(options.port ?? 0, host);
  try {
    await once(gateway, 'listening');
  } catch (error) {
    recorders.close();
    throw error;
  }
  const address = gateway.address();
  origin = `http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}`;

  faults.on('camera', (number) => recorders.meetFault(number));
  faults.on('recorder', (number) => {
    const state = faults.recorder(number);
    if (state === 'offline') recorders.goOffline(number);
    else if (state === 'hung') recorders.hang(number);
    else {
      // Another process took the port in the meantime: then it stays off.
      const moved = state === 'failed-over' ? recorders.failOver(number) : recorders.goOnline(number);
      moved.then(() => rest.readRecorders()).catch(() => faults.setRecorder(number, 'offline'));
    }
  });
  makes.on('change', (number) => {
    rest.readCamera(number);
    recorders.meetMake(number);
  });
  faults.on('kill-connections', () => recorders.killConnections());
  faults.on('expire-tokens', () => {
    accessTokens.expireAll();
    vmsTokens.expireAll();
  });

  let isClosed = false;
  return {
    url: origin,
    ca: recorders.ca,
    faults,
    features,
    makes,
    calls,
    get taskCount() {
      return rest.taskCount;
    },
    get connectionCount() {
      return recorders.connectionCount;
    },
    get eventConnectionCount() {
      return events.connectionCount;
    },
    get webRtcSessionCount() {
      return webRtc.sessions.count;
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      faults.removeAllListeners();
      makes.removeAllListeners();
      events.close();
      webRtc.close();
      wheel.close();
      recorders.close();
      gateway.close();
      gateway.closeAllConnections();
    },
  };
}
