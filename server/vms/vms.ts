import type { StreamName } from '#contract/camera.ts';
import type { Still, VmsRecordings } from './recordings.ts';

/** A camera as the VMS describes it. Ids are the VMS's own, lower case; they become Parapet's camera ids. */
export interface VmsCamera {
  readonly id: string;
  /** A number the VMS or the site list gives (from the name or the short name), if any; Parapet numbers the rest. */
  readonly number?: number;
  readonly name: string;
  readonly nameAr?: string;
  readonly groupIds: readonly string[];
  readonly streams: readonly VmsStream[];
  readonly hasPtz: boolean;
}

export interface VmsStream {
  readonly name: StreamName;
  readonly codec?: 'H264' | 'H265' | 'MJPEG';
  readonly width?: number;
  readonly height?: number;
  readonly framesPerSecond?: number;
}

export interface VmsGroup {
  readonly id: string;
  readonly name: string;
  readonly nameAr?: string;
  readonly parentId?: string;
}

export interface VmsDirectory {
  readonly cameras: readonly VmsCamera[];
  readonly groups: readonly VmsGroup[];
}

/** Where the gateway gets a camera's live pictures from. Holds secrets: never logged, never sent to a browser. */
export type LiveSource =
  | {
      readonly kind: 'rtsp';
      /** `rtsp://host:port/path`, without user and password. */
      readonly url: string;
      readonly username?: string;
      readonly password?: string;
    }
  | {
      /** XProtect's ImageServer, facts in docs/protocols.md. */
      readonly kind: 'image-server';
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      /** The camera's GUID. */
      readonly deviceId: string;
      /** The stream's GUID; absent = the camera's default live stream. */
      readonly streamId?: string;
      /** The SOAP token of ServerCommandService `Login`. */
      readonly token: string;
      /** PEM of the authority that signed the recorder's certificate, where it is not a public one. */
      readonly ca?: string;
      /** When the token dies, epoch ms. A fresh source has to reach the gateway before. */
      readonly tokenExpiresAt: number;
    };

/**
 * Thrown by every method of a {@link Vms}. `unavailable` passes by itself; `refused` needs the administrator
 * (credentials, rights); `unknown-camera` and `no-such-stream` are answers about the thing asked for.
 */
export class VmsError extends Error {
  override readonly name = 'VmsError';
  readonly code: 'unavailable' | 'refused' | 'unknown-camera' | 'no-such-stream' | 'unexpected-answer';
  /** How long it wants to be left alone, ms, where it was asked too often and says so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: VmsError['code'],
    message: string,
    { retryAfterMs, ...options }: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** JPEGs of live pictures, made by the VMS. Both methods throw {@link VmsError} and abort with their signal. */
export interface VmsStills {
  /** Whether its recorders make any. Asked by trying, once in a while; may be called as often as one likes. */
  isOffered(signal: AbortSignal): Promise<boolean>;
  /**
   * The newest picture, no wider than `width` pixels, with the time the recorder has for it; undefined where there is none
   * now (it has lost the camera).
   */
  live(cameraId: string, width: number, signal: AbortSignal): Promise<Still | undefined>;
}

/** The door to a video management system. One instance per configured VMS; adapters keep their own tokens fresh. */
export interface Vms {
  /** The id it has in the configuration. */
  readonly id: string;
  /** Reads all cameras and groups. Throws {@link VmsError}; aborts with the signal. */
  readDirectory(signal: AbortSignal): Promise<VmsDirectory>;
  /** Where to get live pictures of this camera's stream now. */
  liveSource(cameraId: string, stream: StreamName, signal: AbortSignal): Promise<LiveSource>;
  /** Reads one camera's streams afresh. */
  readStreams(cameraId: string, signal: AbortSignal): Promise<readonly VmsStream[]>;
  /** The past, where this VMS has one to offer. */
  readonly recordings?: VmsRecordings;
  /** Stills of what is live, where this VMS can make them. */
  readonly stills?: VmsStills;
  /** Stops timers and closes connections. Safe to call twice. */
  close(): Promise<void>;
}
