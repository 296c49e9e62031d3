/** Where one session's packets go: into its RTSP connection, or to a pair of the client's UDP ports. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TransportKind } from './transport.ts';

export interface Outlet {
  readonly kind: TransportKind;
  /** Octets to leave free in front of every RTP packet. */
  readonly prefixLength: number;
  /** Octets accepted and not yet handed to the network. */
  readonly queued: number;
  /** Sends RTP packets that lie one behind the other, each behind its prefix; `ends` are the offsets behind each. */
  rtp(packets: Buffer, ends: readonly number[]): void;
  rtcp(packet: Buffer): void;
}

/** Interleaved into the RTSP connection, RFC 2326 §10.12. One write per picture, however many packets it has. */
export function interleaved(socket: Socket, channels: readonly [number, number]): Outlet {
  const mark = (frame: Buffer, at: number, end: number, channel: number) => {
    frame[at] = 0x24;
    frame[at + 1] = channel;
    frame.writeUInt16BE(end - at - 4, at + 2);
  };
  return {
    kind: 'tcp',
    prefixLength: 4,
    get queued() {
      return socket.writableLength;
    },
    rtp(packets, ends) {
      let at = 0;
      for (const end of ends) {
        mark(packets, at, end, channels[0]);
        at = end;
      }
      if (socket.writable) socket.write(packets);
    },
    rtcp(packet) {
      const frame = Buffer.alloc(4 + packet.length);
      frame.set(packet, 4);
      mark(frame, 0, frame.length, channels[1]);
      if (socket.writable) socket.write(frame);
    },
  };
}

/** The server's own two UDP ports, shared by all sessions: RTP on an even one, RTCP on the next (RFC 3550 §11). */
export interface DatagramPair {
  readonly ports: readonly [number, number];
  outlet(address: string, ports: readonly [number, number]): Outlet;
  /** Called with every datagram a client sends to the RTCP port. */
  onRtcp: (packet: Buffer, address: string, port: number) => void;
  close(): void;
}

/** Binds a pair on `host`. Throws when no two neighbouring ports are to be had. */
export async function openDatagramPair(host: string): Promise<DatagramPair> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const rtp = await bind(host, 0);
    if (rtp === undefined) continue;
    const port = rtp.address().port;
    const rtcp = port % 2 === 0 ? await bind(host, port + 1) : undefined;
    if (rtcp === undefined) rtp.close();
    else return pair(rtp, rtcp, port);
  }
  throw new Error(`No two neighbouring UDP ports on ${host}`);
}

async function bind(host: string, port: number): Promise<DatagramSocket | undefined> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  socket.bind(port, host);
  try {
    await once(socket, 'listening');
  } catch {
    return undefined;
  }
  // A client's port that is closed already answers with ICMP; its session will end by itself.
  socket.on('error', () => undefined);
  return socket;
}

function pair(rtp: DatagramSocket, rtcp: DatagramSocket, port: number): DatagramPair {
  let isClosed = false;
  const datagrams: DatagramPair = {
    ports: [port, port + 1],
    onRtcp: () => undefined,
    outlet: (address, ports) => ({
      kind: 'udp',
      prefixLength: 0,
      get queued() {
        return isClosed ? 0 : rtp.getSendQueueSize();
      },
      rtp(packets, ends) {
        let at = 0;
        for (const end of ends) {
          if (!isClosed) rtp.send(packets, at, end - at, ports[0], address);
          at = end;
        }
      },
      rtcp(packet) {
        if (!isClosed) rtcp.send(packet, ports[1], address);
      },
    }),
    close() {
      if (isClosed) return;
      isClosed = true;
      rtp.close();
      rtcp.close();
    },
  };
  // Some clients open their firewall with a packet to the RTP port as well; there is nothing to read in it.
  rtp.on('message', () => undefined);
  rtcp.on('message', (packet, from) => {
    datagrams.onRtcp(packet, from.address, from.port);
  });
  return datagrams;
}
