import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { doorkeeper, type CameraAuth, type Doorkeeper } from '#mocks/camera/rtsp/auth.ts';
import { Camera } from '#mocks/camera/rtsp/camera.ts';
import { describe, track } from '#mocks/camera/rtsp/describe.ts';
import {
  type RtspAnswer,
  RtspReader,
  type RtspRequest,
  RtspSyntaxError,
  writeAnswer,
} from '#mocks/camera/rtsp/message.ts';
import { interleaved } from '#mocks/camera/rtsp/outlet.ts';
import { CameraStream } from '#mocks/camera/rtsp/stream.ts';
import { TimerWheel } from '#mocks/camera/rtsp/timer-wheel.ts';
import { chooseTransport } from '#mocks/camera/rtsp/transport.ts';
import type { Pictures } from '#mocks/camera/synthesis.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { RtaFaults } from '../faults.ts';
import { recordedOf } from '../site.ts';
import { RtspAddresses, type RtspAddress } from './addresses.ts';
import { type PlaybackHabits, RecordedStream } from './recorded-stream.ts';

export interface FrontParts {
  readonly cameras: readonly SiteCamera[];
  readonly pictures: Pictures;
  readonly faults: RtaFaults;
  readonly auth: CameraAuth;
  readonly habits: PlaybackHabits;
  readonly mostStreams: number;
  readonly now: () => number;
  readonly onCall: (what: string) => void;
}

interface Session {
  readonly id: string;
  readonly socket: Socket;
  readonly stream: CameraStream | RecordedStream;
}

const methods = 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER';
const sending = {
  maxPacketLength: 1400,
  startsAt: 'keyframe',
  reportEveryMs: 5000,
  maxQueuedOctets: 2 * 1024 * 1024,
} as const;

/** `20251024T100000.040Z`, RFC 2326 3.7. */
const clockTime = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:]/g, '');

/** One RTSP port for live and recorded pictures of all cameras, interleaved TCP only. */
export class RtspFront {
  readonly server: Server;
  readonly #parts: FrontParts;
  readonly #doorkeeper: Doorkeeper;
  readonly #addresses: RtspAddresses;
  readonly #cameras: ReadonlyMap<number, Camera>;
  readonly #wheel = new TimerWheel();
  readonly #sessions = new Map<string, Session>();
  readonly #sockets = new Set<Socket>();

  constructor(parts: FrontParts) {
    this.#parts = parts;
    this.#doorkeeper = doorkeeper(parts.auth);
    this.#addresses = new RtspAddresses(parts.cameras);
    this.#cameras = new Map(
      parts.cameras.map((camera) => [camera.number, new Camera(camera, parts.pictures)]),
    );
    this.server = createServer({ noDelay: true }, (socket) => this.#converse(socket));
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  close(): void {
    this.#wheel.close();
    for (const session of this.#sessions.values()) this.#end(session);
    for (const socket of this.#sockets) socket.destroy();
  }

  #converse(socket: Socket): void {
    const reader = new RtspReader();
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const session of [...this.#sessions.values()]) if (session.socket === socket) this.#end(session);
    });
    socket.on('data', (chunk) => {
      try {
        for (const message of reader.read(chunk)) {
          if (message.kind === 'frame') continue;
          const given = this.#answer(message, socket);
          if (socket.writable) socket.write(writeAnswer(given, message.headers.get('cseq')));
        }
      } catch (error) {
        if (!(error instanceof RtspSyntaxError)) throw error;
        socket.end(writeAnswer({ status: error.status }, undefined));
      }
    });
  }

  #end(session: Session): void {
    session.stream.end();
    this.#sessions.delete(session.id);
  }

  #answer(request: RtspRequest, socket: Socket): RtspAnswer {
    const { method, uri, headers } = request;
    if (method === 'OPTIONS') return { status: 200, headers: { Public: methods } };
    const verdict = this.#doorkeeper(method, uri, headers.get('authorization'));
    if (!verdict.isWelcome) return { status: 401, headers: { 'WWW-Authenticate': verdict.challenges } };
    const address = this.#addresses.find(uri);
    if (address === undefined) return { status: 404 };
    if (address === 'invalid') return { status: 457 };
    const known = this.#sessions.get(headers.get('session')?.split(';')[0]?.trim() ?? '');
    switch (method) {
      case 'DESCRIBE':
        return this.#describe(address);
      case 'SETUP':
        return this.#setup(request, address, socket);
      case 'PLAY':
        return known === undefined ? { status: 454 } : this.#play(request, address, known);
      case 'GET_PARAMETER':
        return { status: known === undefined ? 454 : 200 };
      case 'TEARDOWN':
        if (known !== undefined) this.#end(known);
        return { status: known === undefined ? 454 : 200 };
      default:
        return { status: 501 };
    }
  }

  #describe({ wish, base }: RtspAddress): RtspAnswer {
    const { faults, pictures, onCall } = this.#parts;
    const { camera } = wish;
    onCall(`rtsp ${wish.kind}`);
    const fault = faults.camera(camera.number);
    const refusal = fault.rtsp ?? (wish.kind === 'playback' ? fault.playback : undefined);
    if (refusal !== undefined) return { status: refusal };
    let range = 'a=range:npt=now-';
    if (wish.kind === 'playback') {
      if (this.#spans(wish).length === 0) return { status: 404 };
      range = `a=range:clock=${clockTime(wish.start)}-${clockTime(wish.end)}`;
    }
    const sdp = describe(camera, 'main', pictures.parameterSets(camera, 'main'));
    return {
      status: 200,
      headers: { 'Content-Type': 'application/sdp', 'Content-Base': `${base}/` },
      body: sdp.replace('a=range:npt=now-', range),
    };
  }

  #spans({ camera, start, end }: Extract<RtspAddress['wish'], { kind: 'playback' }>) {
    const { faults, now } = this.#parts;
    return recordedOf(camera, { start, end }, faults, now());
  }

  #setup(request: RtspRequest, address: RtspAddress, socket: Socket): RtspAnswer {
    if (!address.isTrack) return { status: 459 };
    if (this.#sessions.size >= this.#parts.mostStreams) return { status: 503 };
    const wish = chooseTransport(request.headers.get('transport'), ['tcp']);
    if (wish?.kind !== 'tcp') return { status: 461 };
    const channels = wish.channels ?? [0, 1];
    const { camera } = address.wish;
    const stream =
      address.wish.kind === 'live'
        ? new CameraStream(this.#live(camera), 'main', interleaved(socket, channels), this.#wheel, sending)
        : new RecordedStream({
            camera,
            pictures: this.#parts.pictures,
            spans: this.#spans(address.wish),
            end: address.wish.end,
            habits: this.#parts.habits,
            fault: this.#parts.faults.camera(camera.number),
            socket,
            channels,
          });
    const session = { id: randomBytes(8).toString('hex'), socket, stream };
    this.#sessions.set(session.id, session);
    return {
      status: 200,
      headers: {
        Session: `${session.id};timeout=60`,
        Transport: `RTP/AVP/TCP;unicast;interleaved=${channels.join('-')};mode="PLAY"`,
      },
    };
  }

  #live(camera: SiteCamera): Camera {
    const found = this.#cameras.get(camera.number);
    if (found === undefined) throw new RangeError(`No camera ${String(camera.number)}`);
    return found;
  }

  #play(request: RtspRequest, { wish, base }: RtspAddress, session: Session): RtspAnswer {
    if (this.#parts.faults.camera(wish.camera.number).forgetsSessions === true) {
      this.#end(session);
      return { status: 454 };
    }
    const { stream } = session;
    const isFast = request.headers.get('rate-control')?.trim() === 'no';
    const { sequence, timestamp } = stream instanceof RecordedStream ? stream.play(isFast) : stream.play();
    const info = `url=${base}/${track};seq=${String(sequence)};rtptime=${String(timestamp)}`;
    const isDated =
      stream instanceof RecordedStream &&
      this.#parts.habits.clock === 'range' &&
      stream.firstMs !== undefined;
    return {
      status: 200,
      headers: {
        Session: session.id,
        'RTP-Info': info,
        ...(isDated ? { Range: `clock=${clockTime(stream.firstMs)}-` } : {}),
      },
    };
  }
}
