import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { CameraAuth } from '#mocks/camera/rtsp/server.ts';
import type { Pictures } from '#mocks/camera/synthesis.ts';
import { siteCameras, type SiteCamera } from '#mocks/site/cameras.ts';
import { Door, type ApiAuth } from './doors.ts';
import { RtaFaults } from './faults.ts';
import { documentedLimits, RtaRest, type RtaLimits } from './rest.ts';
import { type PlaybackHabits, usualHabits } from './rtsp/recorded-stream.ts';
import { RtspFront } from './rtsp/front.ts';

export interface DemoRtaOptions {
  readonly username: string;
  readonly password: string;
  readonly domain?: string;
  readonly pictures: Pictures;
  /** Which cameras of the site exist. Default: all 500. */
  readonly cameras?: readonly SiteCamera[];
  /** Default `both`: tokens from `/token`, and Basic. */
  readonly apiAuth?: ApiAuth;
  /** How RTSP lets people in. Default `basic`, with the same account. */
  readonly rtspAuth?: CameraAuth['kind'];
  readonly tokenLifeMs?: number;
  /** Default: those of the requirements. */
  readonly limits?: Partial<RtaLimits>;
  /** Default: RFC 2326's `Range` names the time of the first picture, and pictures come as fast as they are taken. */
  readonly playback?: Partial<PlaybackHabits>;
  /** Only the fields of the document's examples. Default false: cameras also have `group` and `guid`. */
  readonly isBare?: boolean;
  /** Ports of API, Mobile Server and RTSP. Default: free ones. */
  readonly ports?: { readonly api?: number; readonly mobile?: number; readonly rtsp?: number };
  readonly now?: () => number;
}

/** A running server as the requirements describe it. Close it; closing twice is fine. */
export interface DemoRta {
  /** `http://127.0.0.1:port`, what the document has at port 80. */
  readonly url: string;
  /** What it has at 8081. */
  readonly mobilePort: number;
  /** `rtsp://127.0.0.1:port`. */
  readonly rtspUrl: string;
  readonly faults: RtaFaults;
  readonly door: Door;
  /** How often what was asked for: `api list`, `mobile recordings`, `rtsp playback` … */
  readonly calls: ReadonlyMap<string, number>;
  /** RTSP sessions that stand. */
  readonly streamCount: number;
  finishExports(): void;
  close(): Promise<void>;
}

const host = '127.0.0.1';

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts API, Mobile Server and RTSP on the loopback address. Resolves when all of them listen. */
export async function startRta(options: DemoRtaOptions): Promise<DemoRta> {
  const { username, password, domain, pictures, cameras = siteCameras, now = Date.now, ports = {} } = options;
  const faults = new RtaFaults();
  const calls = new Map<string, number>();
  const onCall = (what: string): void => {
    calls.set(what, (calls.get(what) ?? 0) + 1);
  };
  const account = { username, password, ...(domain === undefined ? {} : { domain }) };
  const door = new Door(options.apiAuth ?? 'both', account, options.tokenLifeMs ?? 3_600_000);
  const limits = { ...documentedLimits, ...options.limits };
  const rtspAuth = options.rtspAuth ?? 'basic';
  const front = new RtspFront({
    cameras,
    pictures,
    faults,
    auth: rtspAuth === 'none' ? { kind: 'none' } : { kind: rtspAuth, username: door.loginName, password },
    habits: { ...usualHabits, ...options.playback },
    mostStreams: limits.streams,
    now,
    onCall,
  });
  const servers: Server[] = [front.server];
  const close = async (): Promise<void> => {
    front.close();
    for (const server of servers) {
      server.close();
      if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections();
    }
    await Promise.all(servers.filter((server) => server.listening).map((server) => once(server, 'close')));
  };
  try {
    const rtspPort = await listen(front.server, ports.rtsp ?? 0);
    const rtspUrl = `rtsp://${host}:${String(rtspPort)}`;
    const rest = new RtaRest({
      cameras,
      door,
      faults,
      limits,
      addresses: { rtsp: rtspUrl, recordingServer: host },
      isBare: options.isBare ?? false,
      now,
      onCall,
    });
    const [api, mobile] = [rest.serve('api'), rest.serve('mobile')];
    servers.push(api, mobile);
    const apiPort = await listen(api, ports.api ?? 0);
    const mobilePort = await listen(mobile, ports.mobile ?? 0);
    let closing: Promise<void> | undefined;
    return {
      url: `http://${host}:${String(apiPort)}`,
      mobilePort,
      rtspUrl,
      faults,
      door,
      calls,
      get streamCount() {
        return front.sessionCount;
      },
      finishExports: () => rest.finishExports(),
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
