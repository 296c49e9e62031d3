import { PeerConnection, Video } from 'node-datachannel';
import { EngineError } from '../error.ts';
import { candidatesOf, hostCandidate, narrowOffer, writeAnswer } from './answer.ts';
import { isUsableCandidate, type Offer, type OfferedFormat } from './offer.ts';
import type { MediaPort } from './port.ts';

/** Where viewers find us. */
export interface MediaAddress {
  readonly media: MediaPort;
  /** Addresses to name in answers instead of the machine's own; empty = the machine's own. */
  readonly advertised: readonly string[];
  /** Port of the ICE-TCP relay, when there is one. */
  readonly tcpPort: number | undefined;
}

/** One viewer's transport. */
export interface Peer {
  readonly answer: string;
  readonly iceUfrag: string;
  readonly isOpen: boolean;
  /** Sends RTP or RTCP; what cannot be sent is dropped. */
  send(packet: Buffer): void;
  /** Adds a candidate from a trickle fragment. */
  addCandidate(candidate: string): void;
  close(): void;
}

export interface PeerEvents {
  /** The first packet may go out. */
  open(): void;
  /** The connection failed, was closed by the viewer, or consent (RFC 7675) ran out. Called once, not after `close`. */
  gone(): void;
  rtcp(packet: Buffer): void;
}

/** How long gathering of host candidates may take; it is a matter of milliseconds. */
const gatherMs = 2000;

/** Who the sender of a stream is, in RTP's terms. */
export interface Sender {
  readonly ssrc: number;
  readonly cname: string;
}

/** Answers an offer. `clock`: epoch ms, by which times of capture are told. Rejects with `bad-offer` when libdatachannel will not have it. */
export async function openPeer(
  offer: Offer,
  picked: OfferedFormat,
  { ssrc, cname }: Sender,
  where: MediaAddress,
  clock: () => number,
  events: PeerEvents,
): Promise<Peer> {
  const connection = new PeerConnection(cname, {
    iceServers: [],
    enableIceUdpMux: true,
    portRangeBegin: where.media.port,
    portRangeEnd: where.media.port,
    ...(where.media.host === undefined ? {} : { bindAddress: where.media.host }),
    forceMediaTransport: true,
  });
  let isClosed = false;
  let isOpen = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    isOpen = false;
    connection.close();
  };
  const lost = (): void => {
    if (isClosed) return;
    close();
    events.gone();
  };
  try {
    const video = new Video(offer.video.mid, 'SendOnly');
    if (picked.fmtp === '') video.addVideoCodec(picked.payloadType, picked.codec);
    else video.addVideoCodec(picked.payloadType, picked.codec, picked.fmtp);
    video.addSSRC(ssrc, cname, cname, `${cname}-video`);
    // Before the remote description: the library would otherwise make a track of its own for the section.
    const track = connection.addTrack(video);
    track.onOpen(() => {
      if (isClosed) return;
      isOpen = true;
      events.open();
    });
    track.onMessage((packet) => {
      if (!isClosed) events.rtcp(packet);
    });
    connection.onStateChange((state) => {
      if (state === 'failed' || state === 'closed' || state === 'disconnected') lost();
    });
    const local = await describe(connection, narrowOffer(offer, picked));
    const addCandidate = (candidate: string): void => {
      if (isClosed || !isUsableCandidate(candidate)) return;
      try {
        connection.addRemoteCandidate(candidate, offer.video.mid);
      } catch {
        // One that the library cannot read is one way less to the viewer, not an error.
      }
    };
    offer.candidates.forEach(addCandidate);
    const answer = writeAnswer({
      offer,
      picked,
      ssrc,
      cname,
      local,
      candidates: candidates(local, where),
      clockMs: clock(),
    });
    return {
      answer,
      iceUfrag: offer.iceUfrag,
      get isOpen() {
        return isOpen;
      },
      send(packet) {
        if (!isOpen) return;
        try {
          track.sendMessageBinary(packet);
        } catch {
          // The transport went away between two packets; the state change says so too.
        }
      },
      addCandidate,
      close,
    };
  } catch (cause) {
    close();
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('bad-offer', 'The offer cannot be answered.', { cause });
  }
}

/** Sets the offer and waits for the answer with every candidate in it. */
async function describe(connection: PeerConnection, offer: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const finish = (): void => {
    const sdp = connection.localDescription()?.sdp;
    if (sdp === undefined) reject(new Error('no local description'));
    else resolve(sdp);
  };
  connection.onGatheringStateChange((state) => {
    if (state === 'complete') finish();
  });
  connection.setRemoteDescription(offer, 'offer');
  if (connection.gatheringState() === 'complete') finish();
  const timer = setTimeout(finish, gatherMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function candidates(local: string, where: MediaAddress): string[] {
  const own = candidatesOf(local);
  const { port } = where.media;
  // A machine that knows only its loopback address gathers nothing.
  const alone = own.length > 0 ? [] : [where.media.host ?? '127.0.0.1'];
  const named = where.advertised.length > 0 ? where.advertised : alone;
  const udp = named.length > 0 ? named.map((a, i) => hostCandidate(a, port, 'udp', 65_535 - i)) : own;
  if (where.tcpPort === undefined) return udp;
  const addresses = named.length > 0 ? named : own.map((candidate) => candidate.split(' ')[4] ?? '');
  const tcpPort = where.tcpPort;
  return [...udp, ...addresses.map((a, i) => hostCandidate(a, tcpPort, 'tcp', 65_535 - i))];
}
