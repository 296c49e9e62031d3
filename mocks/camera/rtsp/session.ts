import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Format } from '#mocks/camera/pictures.ts';
import type { Camera } from './camera.ts';
import type { Outlet } from './outlet.ts';
import { isReceiverReport } from './rtp.ts';
import { CameraStream, type Sending } from './stream.ts';
import type { TimerWheel } from './timer-wheel.ts';
import type { TransportKind } from './transport.ts';

/** One RTSP session as tests and people may look at it. */
export interface SessionReport {
  readonly id: string;
  readonly camera: number;
  readonly format: Format;
  readonly transport: TransportKind;
  readonly state: 'ready' | 'playing';
  readonly ssrc: number;
  /** RTP packets sent since the session or its camera (re)started. */
  readonly packets: number;
  readonly droppedPictures: number;
  /** RTCP receiver reports that came back. */
  readonly receiverReports: number;
}

/** Where RTCP of the client's comes from: a channel of a connection, or a UDP port. */
export type ReturnPath =
  | { readonly kind: 'tcp'; readonly socket: Socket; readonly channels: readonly [number, number] }
  | { readonly kind: 'udp'; readonly address: string; readonly ports: readonly [number, number] };

/** From SETUP to TEARDOWN, time-out or the end of its connection. */
export class Session {
  readonly id: string;
  readonly camera: Camera;
  readonly format: Format;
  readonly returnPath: ReturnPath;
  readonly stream: CameraStream;
  #lastSign = performance.now();
  #receiverReports = 0;

  constructor(
    camera: Camera,
    format: Format,
    outlet: Outlet,
    returnPath: ReturnPath,
    wheel: TimerWheel,
    sending: Sending,
    id = randomBytes(8).toString('hex'),
  ) {
    this.id = id;
    this.camera = camera;
    this.format = format;
    this.returnPath = returnPath;
    this.stream = new CameraStream(camera, format, outlet, wheel, sending);
  }

  /** The client lives: any request of the session, and RTCP too (RFC 2326 §12.37 and its appendix A). */
  sign(): void {
    this.#lastSign = performance.now();
  }

  get quietMs(): number {
    return performance.now() - this.#lastSign;
  }

  rtcp(packet: Uint8Array): void {
    this.sign();
    if (isReceiverReport(packet)) this.#receiverReports++;
  }

  report(): SessionReport {
    return {
      id: this.id,
      camera: this.camera.subject.number,
      format: this.format,
      transport: this.returnPath.kind,
      state: this.stream.isPlaying ? 'playing' : 'ready',
      ssrc: this.stream.ssrc,
      packets: this.stream.packets,
      droppedPictures: this.stream.droppedPictures,
      receiverReports: this.#receiverReports,
    };
  }
}
