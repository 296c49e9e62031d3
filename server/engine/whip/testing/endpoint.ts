import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PeerConnection, type Track } from 'node-datachannel';
import { readRtp } from '../../rtp/packet.ts';

/** A WHIP session at the endpoint. */
export interface Received {
  /** NAL unit types (RFC 6184: 1 slice, 5 IDR, 24 STAP-A, 28 FU-A) in the order of arrival. */
  readonly types: number[];
  readonly payloadTypes: Set<number>;
  /** RTCP from the sender: packet types, 200 is a sender report. */
  readonly rtcp: Set<number>;
  readonly token: string;
  isEnded: boolean;
  /** Asks for a keyframe (RFC 4585 6.3.1). */
  askForKeyframe(): void;
}

export interface Endpoint {
  readonly url: string;
  readonly sessions: Received[];
  /** While false nothing is said back over RTCP. */
  isTalkative: boolean;
  /** Answered instead of 201, while set. */
  status: number | undefined;
  close(): void;
}

/** A WHIP endpoint on loopback that takes pictures and says once in a while that it does. */
export async function startEndpoint(): Promise<Endpoint> {
  const connections: PeerConnection[] = [];
  const timers: NodeJS.Timeout[] = [];
  const endpoint = { sessions: [] as Received[], isTalkative: true, status: undefined as number | undefined };
  const server = createServer((request, response) => {
    let offer = '';
    request.setEncoding('utf8').on('data', (text: string) => (offer += text));
    request.on('end', () => {
      if (request.method === 'DELETE') {
        const session = endpoint.sessions[Number((request.url ?? '').split('/').at(-1))];
        if (session !== undefined) session.isEnded = true;
        response.writeHead(200).end();
        return;
      }
      if (endpoint.status !== undefined) {
        response.writeHead(endpoint.status).end();
        return;
      }
      const connection = new PeerConnection('endpoint', { iceServers: [], forceMediaTransport: true });
      connections.push(connection);
      let track: Track | undefined;
      let ssrc = 0;
      const session: Received = {
        types: [],
        payloadTypes: new Set(),
        rtcp: new Set(),
        token: request.headers.authorization ?? '',
        isEnded: false,
        askForKeyframe: () => track?.sendMessageBinary(pli(ssrc)),
      };
      const index = endpoint.sessions.push(session) - 1;
      connection.onTrack((offered) => {
        track = offered;
        offered.onMessage((packet) => {
          const kind = packet.readUInt8(1);
          if (kind >= 192 && kind <= 223) {
            session.rtcp.add(kind);
            return;
          }
          const header = readRtp(packet);
          if (header === undefined) return;
          ({ ssrc } = header);
          session.payloadTypes.add(header.payloadType);
          session.types.push(packet.readUInt8(header.start) & 0x1f);
        });
      });
      timers.push(
        setInterval(() => {
          if (endpoint.isTalkative && ssrc !== 0 && track?.isOpen() === true)
            track.sendMessageBinary(receiverReport(ssrc));
        }, 100),
      );
      connection.onGatheringStateChange((state) => {
        if (state === 'complete')
          response
            .writeHead(201, { 'content-type': 'application/sdp', location: `/whip/${String(index)}` })
            .end(connection.localDescription()?.sdp);
      });
      connection.setRemoteDescription(offer, 'offer');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(endpoint, {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/whip`,
    close: () => {
      timers.forEach(clearInterval);
      for (const connection of connections) connection.close();
      server.closeAllConnections();
      server.close();
    },
  });
}

function pli(ssrc: number): Buffer {
  const packet = Buffer.alloc(12);
  packet.writeUInt32BE(0x81ce0002, 0);
  packet.writeUInt32BE(1, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

function receiverReport(ssrc: number): Buffer {
  const packet = Buffer.alloc(32);
  packet.writeUInt32BE(0x81c90007, 0);
  packet.writeUInt32BE(1, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}
