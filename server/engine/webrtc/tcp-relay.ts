import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { MediaPort } from './port.ts';

/** Takes media over TCP where a viewer's network lets no UDP through. */
export interface TcpRelay {
  readonly port: number;
  close(): void;
}

/** Each connection costs a UDP socket and a second way through the kernel. */
const maxConnections = 512;
/** A viewer says something (RTCP, consent checks) every few seconds, or it is gone. */
const idleMs = 35_000;
/** What a slow connection may have waiting; then media is left out, and asked for again by NACK or PLI. */
const maxWaiting = 512 * 1024;
const lengthBytes = 2;

/**
 * Passive ICE-TCP (RFC 6544, framed as in RFC 4571) in front of the media port: libdatachannel can only connect out.
 * What comes over a TCP connection goes as UDP datagrams from a socket of its own to the media port, and back; ICE's own
 * checks authenticate it there. Gives undefined when the port with the same number is not free for TCP.
 */
export async function startTcpRelay(media: MediaPort): Promise<TcpRelay | undefined> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    relay(socket, media);
  });
  server.maxConnections = maxConnections;
  try {
    server.listen({ port: media.port, ...(media.host === undefined ? {} : { host: media.host }) });
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  return {
    port: media.port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function relay(tcp: Socket, media: MediaPort): void {
  const host = media.host ?? '127.0.0.1';
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let pending: Buffer = Buffer.alloc(0);
  let isOpen = true;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    tcp.destroy();
    udp.close();
  };
  tcp.setTimeout(idleMs, end);
  tcp.on('error', end);
  tcp.on('close', end);
  udp.on('error', end);
  udp.connect(media.port, host, () => {
    tcp.on('data', (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      let at = 0;
      while (isOpen && at + lengthBytes <= pending.length) {
        const length = pending.readUInt16BE(at);
        if (at + lengthBytes + length > pending.length) break;
        const packet = pending.subarray(at + lengthBytes, at + lengthBytes + length);
        // The first packet of a viewer is a STUN request; anything else is a stray visitor.
        if (at === 0 && tcp.bytesRead === chunk.length && !isStun(packet)) {
          end();
          return;
        }
        udp.send(packet);
        at += lengthBytes + length;
      }
      pending = pending.subarray(at);
    });
  });
  udp.on('message', (packet) => {
    if (!isOpen || (tcp.writableLength > maxWaiting && isMedia(packet))) return;
    const frame = Buffer.allocUnsafe(lengthBytes + packet.length);
    frame.writeUInt16BE(packet.length, 0);
    packet.copy(frame, lengthBytes);
    tcp.write(frame);
  });
}

/** RFC 7983: the first byte tells STUN (0…3) and RTP (128…191) apart. */
const isStun = (packet: Buffer): boolean => (packet[0] ?? 255) <= 3 && packet.length >= 20;
const isMedia = (packet: Buffer): boolean => (packet[0] ?? 0) >= 128;
