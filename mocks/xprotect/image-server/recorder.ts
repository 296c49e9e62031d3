import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { once } from 'node:events';
import type { Certificate } from '../certificate.ts';
import { answerRecorderCommand } from '../recorder-command.ts';
import { ImageConnection, type RecorderParts } from './connection.ts';

/** How often connections are held against the life of their tokens, ms. */
const tokenCheckMs = 250;

/** One recording server's port. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #host: string;
  readonly #certificate: Certificate | undefined;
  readonly #connections = new Set<ImageConnection>();
  readonly #checks: NodeJS.Timeout;
  /** Never listens: it gets the connections that begin like HTTP. */
  readonly #http: HttpServer;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #isHung = false;
  #port = 0;

  private constructor(parts: RecorderParts, host: string, certificate: Certificate | undefined) {
    this.#parts = parts;
    this.#host = host;
    this.#certificate = certificate;
    this.#checks = setInterval(() => {
      for (const connection of this.#connections) connection.checkToken();
    }, tokenCheckMs);
    this.#checks.unref();
    this.#http = createHttpServer((request, response) => {
      answerRecorderCommand(request, response, parts).catch(() => response.destroy());
    });
  }

  /** Listens on a free port of this address, in TLS where there is a certificate. */
  static async start(
    parts: RecorderParts,
    host: string,
    certificate: Certificate | undefined,
  ): Promise<Recorder> {
    const recorder = new Recorder(parts, host, certificate);
    await recorder.goOnline();
    return recorder;
  }

  /** The same from the first moment on, also after having been offline. */
  get port(): number {
    return this.#port;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Whether it takes connections and answers nothing. */
  get isHung(): boolean {
    return this.#isHung;
  }

  async goOnline(): Promise<void> {
    // What stood while it hung is of no use any more.
    if (this.#isHung) this.killConnections();
    this.#isHung = false;
    if (this.#server !== undefined) return;
    const meet = (socket: Socket): void => this.#meet(socket);
    const keys = this.#certificate;
    const server =
      keys === undefined
        ? createServer(meet)
        : createSecureServer({ cert: keys.certificate, key: keys.key }, meet);
    this.#server = server;
    server.listen(this.#port, this.#host);
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Takes connections and answers nothing, until it goes online or offline. One that is offline stays so. */
  hang(): void {
    if (this.#server === undefined) return;
    this.#isHung = true;
    for (const connection of this.#connections) connection.hang();
    for (const socket of this.#sockets) muzzle(socket);
  }

  goOffline(): void {
    this.#isHung = false;
    this.#server?.close();
    this.#server = undefined;
    this.killConnections();
  }

  killConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The fault of this camera changed. */
  meetFault(cameraNumber: number): void {
    for (const connection of this.#connections)
      if (connection.cameraNumber === cameraNumber) connection.meetFault();
  }

  /** This camera is of another make now. */
  meetMake(cameraNumber: number): void {
    for (const connection of this.#connections)
      if (connection.cameraNumber === cameraNumber) connection.meetMake();
  }

  /** SOAP and ImageServer share the port; the first bytes tell which one a client wants. */
  #meet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (this.#isHung) {
      muzzle(socket);
      return;
    }
    socket.once('data', (chunk) => {
      if (this.#isHung) return;
      socket.pause();
      socket.unshift(chunk);
      if (/^(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH) /.test(chunk.subarray(0, 8).toString('latin1'))) {
        this.#http.emit('connection', socket);
      } else {
        const connection = new ImageConnection(socket, this.#parts);
        this.#connections.add(connection);
        socket.on('close', () => this.#connections.delete(connection));
      }
      socket.resume();
    });
  }

  close(): void {
    clearInterval(this.#checks);
    this.goOffline();
  }
}

/** Nothing is read from it, and what is written stays here. */
function muzzle(socket: Socket): void {
  socket.pause();
  socket.cork();
}
