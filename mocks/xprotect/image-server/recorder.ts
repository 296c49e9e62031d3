import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { ImageConnection, type RecorderParts } from './connection.ts';

/** How often connections are held against the life of their tokens, ms. */
const tokenCheckMs = 250;

/** One recording server's port. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #host: string;
  readonly #connections = new Set<ImageConnection>();
  readonly #checks: NodeJS.Timeout;
  #server: Server | undefined;
  #port = 0;

  private constructor(parts: RecorderParts, host: string) {
    this.#parts = parts;
    this.#host = host;
    this.#checks = setInterval(() => {
      for (const connection of this.#connections) connection.checkToken();
    }, tokenCheckMs);
    this.#checks.unref();
  }

  /** Listens on a free port of this address. */
  static async start(parts: RecorderParts, host: string): Promise<Recorder> {
    const recorder = new Recorder(parts, host);
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

  async goOnline(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((socket) => {
      const connection = new ImageConnection(socket, this.#parts);
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
    this.#server = server;
    server.listen(this.#port, this.#host);
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  goOffline(): void {
    this.#server?.close();
    this.#server = undefined;
    this.killConnections();
  }

  killConnections(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** The fault of this camera changed. */
  meetFault(cameraNumber: number): void {
    for (const connection of this.#connections)
      if (connection.cameraNumber === cameraNumber) connection.meetFault();
  }

  close(): void {
    clearInterval(this.#checks);
    this.goOffline();
  }
}
