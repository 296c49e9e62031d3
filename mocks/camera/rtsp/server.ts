/** RTSP cameras over one port (RFC 2326): what a wall, a recorder or FFmpeg would find at a real site. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Format, PictureSubject } from '#mocks/camera/pictures.ts';
import { doorkeeper, type CameraAuth } from './auth.ts';
import type { Pictures } from '#mocks/camera/synthesis.ts';
import { Camera, type CameraFaults } from './camera.ts';
import { answer, endSession, type House } from './conversation.ts';
import {
  RtspReader,
  RtspSyntaxError,
  writeAnswer,
  type InterleavedFrame,
  type RtspRequest,
} from './message.ts';
import { openDatagramPair } from './outlet.ts';
import type { SessionReport } from './session.ts';
import { TimerWheel } from './timer-wheel.ts';
import type { TransportKind } from './transport.ts';

export type { CameraAuth, CameraFaults, SessionReport };

export interface RtspCamerasOptions {
  readonly subjects: readonly PictureSubject[];
  readonly pictures: Pictures;
  /** Default 127.0.0.1: nobody else can watch. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Default none. */
  readonly auth?: CameraAuth;
  /** Default both. */
  readonly transports?: readonly TransportKind[];
  /** A session this long without a sign of its client ends. Default 60,000 (§12.37). */
  readonly sessionTimeoutMs?: number;
  /** RTCP sender reports. Default every 5,000. */
  readonly reportEveryMs?: number;
  /** Default keyframe: a picture at once, as an encoder that makes a keyframe on demand would give. */
  readonly startsAt?: 'keyframe' | 'now';
  /** Largest RTP packet with its header, in octets: 16…60,000. Default 1,400. Beyond 1,472 meant for TCP. */
  readonly maxPacketLength?: number;
  /** From here on a slow reader loses whole groups of pictures. Default 2 MiB for each session. */
  readonly maxQueuedOctets?: number;
}

/** Switches for what goes wrong with a camera, by its number. Unknown numbers throw a RangeError. */
export interface FaultSwitches {
  /** Replaces what was wrong with the camera before. */
  set(number: number, faults: CameraFaults): void;
  /** The camera is in order again. */
  clear(number: number): void;
  /** Sessions stay, but the encoder starts again: new SSRC, sequence and time base, from a keyframe on. */
  reboot(number: number): void;
  /** Cuts every connection that plays the camera, as a pulled plug would. */
  cut(number: number): void;
}

export interface RtspCameras {
  readonly port: number;
  /** A stream's URL, without credentials. */
  url(number: number, format: Format): string;
  sessions(): readonly SessionReport[];
  readonly faults: FaultSwitches;
  /** Ends all sessions and connections. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts the server; it listens when the promise resolves. Rejects when the port is taken, or when there are no
 * pictures of one of the subjects.
 */
export async function startRtspCameras(options: RtspCamerasOptions): Promise<RtspCameras> {
  const { subjects, pictures, host = '127.0.0.1', transports = ['tcp', 'udp'] } = options;
  const { maxPacketLength = 1_400, sessionTimeoutMs = 60_000 } = options;
  if (!(maxPacketLength >= 16 && maxPacketLength <= 60_000)) {
    throw new RangeError('An RTP packet has 16 to 60,000 octets');
  }
  // A scene that is missing is better known now than when somebody looks.
  for (const subject of subjects) {
    for (const format of ['main', 'sub'] as const) pictures.parameterSets(subject, format);
  }
  const datagrams = transports.includes('udp') ? await openDatagramPair(host) : undefined;
  const house: House = {
    cameras: new Map(subjects.map((subject) => [subject.number, new Camera(subject, pictures)])),
    sessions: new Map(),
    wheel: new TimerWheel(),
    sending: {
      maxPacketLength,
      startsAt: options.startsAt ?? 'keyframe',
      reportEveryMs: options.reportEveryMs ?? 5_000,
      maxQueuedOctets: options.maxQueuedOctets ?? 2 * 1024 * 1024,
    },
    doorkeeper: doorkeeper(options.auth ?? { kind: 'none' }),
    transports,
    datagrams,
    sessionTimeoutMs,
  };
  if (datagrams !== undefined) datagrams.onRtcp = rtcpByDatagram(house);

  const connections = new Set<Connection>();
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new Connection(socket, house);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  server.maxConnections = 1_024;
  server.listen({ host, port: options.port ?? 0 });
  try {
    await once(server, 'listening');
  } catch (cause) {
    datagrams?.close();
    throw cause;
  }
  const { port } = server.address() as AddressInfo;
  keepHouse(house, connections);

  const camera = (number: number): Camera => {
    const found = house.cameras.get(number);
    if (found === undefined) throw new RangeError(`No camera ${String(number)}`);
    return found;
  };
  const sessionsOf = (number: number) => {
    const one = camera(number);
    return [...house.sessions.values()].filter((session) => session.camera === one);
  };
  const cut = (number: number) => {
    for (const session of sessionsOf(number)) {
      endSession(session, house);
      if (session.returnPath.kind === 'tcp') session.returnPath.socket.destroy();
    }
  };
  let closing: Promise<void> | undefined;
  return {
    port,
    url: (number, format) =>
      `rtsp://${host.includes(':') ? `[${host}]` : host}:${String(port)}/${String(number)}/${format}`,
    sessions: () => [...house.sessions.values()].map((session) => session.report()),
    faults: {
      set(number, faults) {
        const isNewRefusal = faults.refuse === true && camera(number).faults.refuse !== true;
        camera(number).setFaults(faults);
        if (isNewRefusal) cut(number);
      },
      clear(number) {
        camera(number).setFaults({});
      },
      reboot(number) {
        for (const session of sessionsOf(number)) session.stream.restart();
      },
      cut,
    },
    close() {
      closing ??= new Promise<void>((resolve) => {
        house.wheel.close();
        for (const session of house.sessions.values()) endSession(session, house);
        for (const connection of connections) connection.socket.destroy();
        datagrams?.close();
        server.close(() => {
          resolve();
        });
      });
      return closing;
    },
  };
}

/** One client's TCP connection: requests in, answers out in the same order, interleaved RTCP to its session. */
class Connection {
  readonly socket: Socket;
  readonly #house: House;
  readonly #reader = new RtspReader();
  #lastSign = performance.now();

  constructor(socket: Socket, house: House) {
    this.socket = socket;
    this.#house = house;
    socket.on('data', (chunk) => {
      this.#read(chunk);
    });
    // A client that vanishes is everyday life for a camera.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const session of this.#sessions()) endSession(session, house);
    });
  }

  /** Hangs up when for `timeoutMs` neither a request came nor a session used the connection. */
  closeIfUnused(timeoutMs: number): void {
    const now = performance.now();
    if (this.#sessions().length > 0) this.#lastSign = now;
    else if (now - this.#lastSign > timeoutMs) this.socket.destroy();
  }

  #sessions() {
    return [...this.#house.sessions.values()].filter(
      ({ returnPath }) => returnPath.kind === 'tcp' && returnPath.socket === this.socket,
    );
  }

  #read(chunk: Buffer): void {
    this.#lastSign = performance.now();
    try {
      for (const message of this.#reader.read(chunk)) {
        if (message.kind === 'frame') this.#frame(message);
        else this.#answer(message);
      }
    } catch (error) {
      if (!(error instanceof RtspSyntaxError)) throw error;
      this.socket.end(writeAnswer({ status: error.status }, undefined));
      this.socket.removeAllListeners('data').resume();
    }
  }

  #answer(request: RtspRequest): void {
    const given = answer(request, this.socket, this.#house);
    if (this.socket.writable) this.socket.write(writeAnswer(given, request.headers.get('cseq')));
    // Asking on and on without reading the answers must not fill this process's memory.
    if (this.socket.writableLength > 2 * this.#house.sending.maxQueuedOctets) this.socket.destroy();
  }

  #frame(frame: InterleavedFrame): void {
    for (const session of this.#sessions()) {
      const { returnPath } = session;
      if (returnPath.kind === 'tcp' && returnPath.channels[1] === frame.channel) session.rtcp(frame.payload);
    }
  }
}

function rtcpByDatagram(house: House) {
  return (packet: Buffer, address: string, port: number): void => {
    for (const session of house.sessions.values()) {
      const { returnPath } = session;
      if (returnPath.kind === 'udp' && returnPath.ports[1] === port && returnPath.address === address) {
        session.rtcp(packet);
      }
    }
  };
}

/** Ends sessions whose client went silent, and connections nobody uses. */
function keepHouse(house: House, connections: ReadonlySet<Connection>): void {
  house.wheel.after(Math.min(1_000, house.sessionTimeoutMs / 4), () => {
    for (const connection of connections) connection.closeIfUnused(house.sessionTimeoutMs);
    for (const session of [...house.sessions.values()]) {
      if (session.quietMs > house.sessionTimeoutMs) endSession(session, house, 'goodbye');
    }
    keepHouse(house, connections);
  });
}
