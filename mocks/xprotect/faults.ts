import { EventEmitter } from 'node:events';

/**
 * How a camera behaves. `offline`: XProtect has lost it, pictures stop and live status says so. `silent`: pictures
 * stop and nothing says why. `frozen`: pictures go on coming, all the same one.
 */
export type CameraFault = 'offline' | 'silent' | 'frozen';

/**
 * `offline`: a recorder's port refuses connections. `hung`: it takes them and answers nothing, on those it has neither;
 * much the same as a machine without power. `failed-over`: it refuses, or goes on hanging if it did, and another machine
 * has its cameras with all they have recorded; the configuration says where.
 */
export type RecorderFault = 'offline' | 'hung' | 'failed-over';

/**
 * The parts that can be slowed or broken by themselves: of the gateway `idp`, `rest` (bookmarks, evidence locks and WebRTC apart),
 * `soap`, `webrtc` (signalling over REST and WebSocket; slow is the making of sessions) and `events` (its WebSocket: nobody new gets in, states come late); of the recorders their SOAP and their recorded pictures.
 */
export const surfaces = [
  'idp',
  'rest',
  'soap',
  'bookmarks',
  'evidence-locks',
  'events',
  'webrtc',
  'recorder-command',
  'image-server',
] as const;
export type Surface = (typeof surfaces)[number];

export interface SurfaceFault {
  /** Added to every answer, ms. */
  readonly latencyMs?: number;
  /** Every call gets this status with IIS's own page; the ImageServer, which has none, breaks the connection. */
  readonly failWith?: 400 | 403 | 500 | 502 | 503;
}

interface FaultEvents {
  camera: [number: number];
  recorder: [number: number];
  'kill-connections': [];
  'expire-tokens': [];
  recycle: [];
}

/** What is wrong with the pretend XProtect at the moment. Nothing, to begin with; every switch takes effect at once. */
export class Faults extends EventEmitter<FaultEvents> {
  readonly #cameras = new Map<number, CameraFault>();
  readonly #recorders = new Map<number, RecorderFault>();
  readonly #surfaces = new Map<Surface, SurfaceFault>();
  readonly #frozenAt = new Map<number, number>();
  #inventoryLatencyMs = 0;

  /** The fault of the camera with this number, if it has one. */
  camera(number: number): CameraFault | undefined {
    return this.#cameras.get(number);
  }

  setCamera(number: number, fault: CameraFault | 'online'): void {
    this.#frozenAt.delete(number);
    if (fault === 'online') this.#cameras.delete(number);
    else this.#cameras.set(number, fault);
    this.emit('camera', number);
  }

  /** The moment that stills of a frozen camera show: the one at which they were first asked for. */
  frozenAt(number: number, timeMs: number): number {
    const known = this.#frozenAt.get(number) ?? timeMs;
    this.#frozenAt.set(number, known);
    return known;
  }

  /** What is wrong with recorder 1…6, if anything is. */
  recorder(number: number): RecorderFault | undefined {
    return this.#recorders.get(number);
  }

  setRecorder(number: number, state: RecorderFault | 'online'): void {
    if (state === 'online') this.#recorders.delete(number);
    else this.#recorders.set(number, state);
    this.emit('recorder', number);
  }

  surface(name: Surface): SurfaceFault {
    return this.#surfaces.get(name) ?? {};
  }

  /** Replaces what was set for this surface; an empty fault mends it. */
  setSurface(name: Surface, fault: SurfaceFault): void {
    this.#surfaces.set(name, fault);
  }

  /** How long each list of cameras or hardware takes, ms. Minutes on a real site with thousands of devices. */
  get inventoryLatencyMs(): number {
    return this.#inventoryLatencyMs;
  }

  set inventoryLatencyMs(ms: number) {
    this.#inventoryLatencyMs = ms;
  }

  /** Breaks every ImageServer connection once. */
  killConnections(): void {
    this.emit('kill-connections');
  }

  /** Ends every access token and every VMS token now. */
  expireTokens(): void {
    this.emit('expire-tokens');
  }

  /** The gateway's application pool is recycled: all its WebSockets and WebRTC sessions break at once and are forgotten. */
  recycle(): void {
    this.emit('recycle');
  }

  /** Mends everything. */
  reset(): void {
    const cameras = [...this.#cameras.keys()];
    const recorders = [...this.#recorders.keys()];
    this.#cameras.clear();
    this.#frozenAt.clear();
    this.#recorders.clear();
    this.#surfaces.clear();
    this.#inventoryLatencyMs = 0;
    for (const number of cameras) this.emit('camera', number);
    for (const number of recorders) this.emit('recorder', number);
  }

  toJSON(): object {
    const numbersOf = (fault: RecorderFault): number[] =>
      [...this.#recorders].flatMap(([number, state]) => (state === fault ? [number] : []));
    const hung = numbersOf('hung');
    const failedOver = numbersOf('failed-over');
    return {
      cameras: Object.fromEntries(this.#cameras),
      recordersOffline: numbersOf('offline'),
      ...(hung.length === 0 ? {} : { recordersHung: hung }),
      ...(failedOver.length === 0 ? {} : { recordersFailedOver: failedOver }),
      surfaces: Object.fromEntries(this.#surfaces),
      inventoryLatencyMs: this.#inventoryLatencyMs,
    };
  }
}
