import { randomInt, randomUUID } from 'node:crypto';
import type { CameraCodec } from '../camera-makes.ts';
import type { DuePicture } from './picture-run.ts';
import { takeGate, type Gate } from './gate.ts';
import { offered, writeOffer } from './offer.ts';
import { packetsOf, type RtpStream } from './rtp-packets.ts';

/** A candidate as browsers write it. */
export interface Candidate {
  readonly candidate: string;
  readonly sdpMid: string;
  readonly sdpMLineIndex: number;
}

export interface PeerEvents {
  /** The first picture may go out. */
  open(): void;
  /** The other side has gone, or cannot be reached. Once, and not after `close`. */
  gone(): void;
}

/** The gateway's end of one connection. */
export interface Peer {
  readonly offer: string;
  readonly candidates: readonly Candidate[];
  /** Throws when it does not fit the offer. The client's candidates are of no use: it is on this machine, and calls. */
  answered(sdp: string): void;
  send(picture: DuePicture): void;
  close(): void;
}

/** A channel that nobody hears of: the offer only has an `m=application` where there is one. */
const unheard = { negotiated: true, id: 1000 } as const;

/** Opens a connection on the loopback address that offers one video. `inOffer`: the candidates stand in the offer already. */
export async function openPeer(codec: CameraCodec, inOffer: boolean, events: PeerEvents): Promise<Peer> {
  // Not before somebody wants one: most that start a pretend XProtect never do, and the library is a native one.
  const { PeerConnection, Video } = await import('node-datachannel');
  const cname = randomUUID();
  const { payloadType, name, fmtp } = offered[codec];
  const stream: RtpStream = { ssrc: randomInt(1, 2 ** 32), payloadType, sequence: randomInt(0, 2 ** 16) };
  const connection = new PeerConnection(cname, {
    iceServers: [],
    bindAddress: '127.0.0.1',
    disableAutoNegotiation: true,
    forceMediaTransport: true,
  });
  let isClosed = false;
  let isOpen = false;
  let gate: Gate | undefined;
  /** What nobody holds is collected, and closed with that. */
  const held: unknown[] = [];
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    held.length = 0;
    connection.close();
    gate?.close();
  };
  try {
    const video = new Video('0', 'SendOnly');
    video.addVideoCodec(payloadType, name, ...(fmtp === undefined ? [] : [fmtp]));
    video.addSSRC(stream.ssrc, cname);
    const track = connection.addTrack(video);
    const channel = connection.createDataChannel('unheard', unheard);
    held.push(track, channel);
    track.onOpen(() => {
      if (isClosed) return;
      isOpen = true;
      events.open();
    });
    connection.onStateChange((state) => {
      if (isClosed || (state !== 'failed' && state !== 'closed' && state !== 'disconnected')) return;
      close();
      events.gone();
    });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    connection.onGatheringStateChange((state) => {
      if (state === 'complete') resolve(undefined);
    });
    connection.setLocalDescription('offer');
    await promise;
    const own = connection.localDescription()?.sdp ?? '';
    const port = Number(/^a=candidate:.* 127\.0\.0\.1 (\d+) typ host/m.exec(own)?.[1]);
    const opened = await takeGate(port);
    gate = opened;
    const candidates = [
      `candidate:2108781580 1 udp 2113937663 127.0.0.1 ${opened.port} typ host generation 0`,
    ];
    return {
      offer: writeOffer(own, {
        codec,
        ssrc: stream.ssrc,
        cname,
        candidates: inOffer ? candidates : undefined,
      }),
      candidates: candidates.map((candidate) => ({ candidate, sdpMid: '0', sdpMLineIndex: 0 })),
      answered: (sdp) => {
        // Without them it must not be told either that these are all there are.
        const bare = sdp.replace(/^a=(?:candidate:.*|end-of-candidates)\r?\n/gm, '');
        connection.setRemoteDescription(bare, 'answer');
        opened.open();
      },
      send: (picture) => {
        if (!isOpen || isClosed) return;
        try {
          for (const packet of packetsOf(picture, stream)) track.sendMessageBinary(packet);
        } catch {
          // The transport went away between two packets; the state change says so too.
        }
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
