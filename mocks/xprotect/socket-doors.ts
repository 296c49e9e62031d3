import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { isUpgrade } from './events/web-socket.ts';
import { iisPage } from './http-answer.ts';

/** A WebSocket endpoint of the gateway. */
export interface SocketDoor {
  /** Why nobody comes in at the moment, as an HTTP status; undefined when it is open. */
  refusal(): number | undefined;
  /** Takes a request that can become a WebSocket. */
  accept(request: IncomingMessage, stream: Duplex, head: Buffer): void;
}

/** Lets the gateway take WebSockets at these paths (lower case), and refuses all others. */
export function serveSockets(gateway: Server, doors: Readonly<Record<string, SocketDoor>>): void {
  gateway.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => undefined);
    const { pathname } = new URL(request.url ?? '/', 'http://gateway');
    const door = doors[pathname.toLowerCase()];
    const status = door === undefined ? 404 : (door.refusal() ?? (isUpgrade(request) ? undefined : 400));
    if (door !== undefined && status === undefined) {
      door.accept(request, stream, head);
      return;
    }
    const page = iisPage(status ?? 404);
    stream.end(
      `HTTP/1.1 ${status ?? 404} Refused\r\nContent-Type: text/html\r\nContent-Length: ${Buffer.byteLength(page)}\r\nConnection: close\r\n\r\n${page}`,
    );
  });
}
