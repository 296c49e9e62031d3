import { PeerConnection, Video } from 'node-datachannel';
import type { PictureFormat } from '../h26x/codec.ts';
import type { Peer, PeerEvents, Sender } from '../webrtc/peer.ts';
import { WhipError } from './target.ts';

/** How long gathering of host candidates may take; it is a matter of milliseconds. */
const gatherMs = 2000;
/** The first of the dynamic payload types (RFC 3551 6): the formats of the offer are numbered from here. */
const firstPayloadType = 96;

/** A connection that offers one video and sends it. */
export interface SendingPeer extends Pick<Peer, 'isOpen' | 'send' | 'close'> {
  /** The whole offer, without candidates: nobody can call before the answer is here. */
  readonly offer: string;
  /** Takes the answer; gives the payload type to send. Throws a {@link WhipError} when it does not fit. */
  answered(sdp: string): number;
}

/**
 * Makes an offer for H.264 as the camera sends it. Not on the viewers' one UDP port: there packets are told apart by
 * where they come from, and every push has the same server at its other end.
 */
export async function openSendingPeer(
  format: PictureFormat | undefined,
  { ssrc, cname }: Sender,
  events: PeerEvents,
): Promise<SendingPeer> {
  const connection = new PeerConnection(cname, {
    iceServers: [],
    disableAutoNegotiation: true,
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
  try {
    const video = new Video('0', 'SendOnly');
    profiles(format).forEach((profile, index) => {
      video.addVideoCodec(
        firstPayloadType + index,
        'H264',
        `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}`,
      );
    });
    video.addSSRC(ssrc, cname, cname, `${cname}-video`);
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
      if (isClosed || (state !== 'failed' && state !== 'closed' && state !== 'disconnected')) return;
      close();
      events.gone();
    });
    return {
      offer: withoutCandidates(await describe(connection)),
      get isOpen() {
        return isOpen;
      },
      answered(sdp) {
        const picked = pickedPayloadType(sdp);
        try {
          connection.setRemoteDescription(sdp, 'answer');
        } catch (cause) {
          throw new WhipError('target-unavailable', 'The answer does not fit the offer.', { cause });
        }
        return picked;
      },
      send(packet) {
        if (!isOpen) return;
        try {
          track.sendMessageBinary(packet);
        } catch {
          // The transport went away between two packets; the state change says so too.
        }
      },
      close,
    };
  } catch (cause) {
    close();
    throw cause;
  }
}

/**
 * `profile-level-id` values (RFC 6184 8.1), the camera's own first. Servers match profile and constraints to the letter,
 * decoders follow the stream whatever was agreed; so the common form of the profile and constrained baseline, which
 * every server takes, come after it.
 */
export function profiles(format: PictureFormat | undefined): string[] {
  const common: Readonly<Record<number, string>> = { 0x42: '42001f', 0x4d: '4d001f', 0x64: '64001f' };
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  const own = format === undefined ? [] : [hex(format.profile) + hex(format.constraints) + hex(format.level)];
  const family = format === undefined ? [] : [common[format.profile] ?? []].flat();
  return [...new Set([...own, ...family, '42e01f'])];
}

/** The payload type that an answer takes video in. Throws `codec-unsupported` when it takes none. */
export function pickedPayloadType(answer: string): number {
  const line = /^m=video (\d+) \S+ ([\d ]+?)\s*$/m.exec(answer);
  const first = Number((line?.[2] ?? '').split(' ')[0]);
  if (line === null || line[1] === '0' || !(first >= firstPayloadType))
    throw new WhipError('codec-unsupported', 'The endpoint does not take the camera’s codec.');
  return first;
}

/**
 * An offer that names no address of ours; the other side learns it from our own checks, as it does of browsers that hide
 * theirs (RFC 8445 7.3.1.3). Called before it has the answer, libdatachannel drops the first DTLS packets, which come again
 * a second later; and the moment it gets the answer ICE and DTLS may be through before it has kept the fingerprint: it
 * then takes the other side for somebody else.
 */
function withoutCandidates(offer: string): string {
  return offer
    .replace(/^a=(?:candidate:.*|end-of-candidates)\r?\n/gm, '')
    .replace(/^m=video \d+ /m, 'm=video 9 ')
    .replace(/^c=IN .*$/m, 'c=IN IP4 0.0.0.0');
}

async function describe(connection: PeerConnection): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const finish = (): void => {
    const sdp = connection.localDescription()?.sdp;
    if (sdp === undefined) reject(new Error('no local description'));
    else resolve(sdp);
  };
  connection.onGatheringStateChange((state) => {
    if (state === 'complete') finish();
  });
  connection.setLocalDescription('offer');
  if (connection.gatheringState() === 'complete') finish();
  const timer = setTimeout(finish, gatherMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
