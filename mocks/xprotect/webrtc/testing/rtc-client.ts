import { PeerConnection, type Track } from 'node-datachannel';
import { nalUnitsOf } from '#mocks/camera/rtsp/testing/depacketise.ts';

/** A picture as it came out of the connection. */
export interface ReceivedPicture {
  readonly timestamp: number;
  readonly payloadType: number;
  /** RTP payloads, in order. */
  readonly payloads: readonly Buffer[];
}

/** The plainest client of a gateway's session: answers its offer and keeps what comes. */
export class RtcClient {
  readonly #connection = new PeerConnection('client', { iceServers: [], bindAddress: '127.0.0.1' });
  readonly pictures: ReceivedPicture[] = [];
  readonly candidates: string[] = [];
  state = 'new';
  #payloads: Buffer[] = [];
  /** A track that nobody holds is collected, and hears nothing any more. */
  readonly #tracks: Track[] = [];

  constructor() {
    this.#connection.onStateChange((state) => (this.state = state));
    this.#connection.onLocalCandidate((candidate) => this.candidates.push(candidate.replace(/^a=/, '')));
    this.#connection.onTrack((track) => {
      this.#tracks.push(track);
      track.onMessage((packet) => this.#take(packet));
    });
  }

  /** The answer to an offer, with this client's candidates in it. */
  async answer(offer: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#connection.onGatheringStateChange((state) => {
      if (state === 'complete') resolve(undefined);
    });
    this.#connection.setRemoteDescription(offer, 'offer');
    await promise;
    return this.#connection.localDescription()?.sdp ?? '';
  }

  add(candidate: string): void {
    this.#connection.addRemoteCandidate(candidate, '0');
  }

  close(): void {
    this.#connection.close();
  }

  #take(packet: Buffer): void {
    const kind = packet.readUInt8(1);
    if (kind >= 192 && kind <= 223) return;
    this.#payloads.push(Buffer.from(packet.subarray(12)));
    if ((kind & 0x80) === 0) return;
    this.pictures.push({
      timestamp: packet.readUInt32BE(4),
      payloadType: kind & 0x7f,
      payloads: this.#payloads,
    });
    this.#payloads = [];
  }
}

/** What a plain picture says of itself: camera, format and index. */
export function plainText({ payloads }: ReceivedPicture): { number: number; format: string; index: number } {
  const last = nalUnitsOf(payloads).at(-1) ?? Buffer.alloc(0);
  const [, number, format, index] =
    /^.(\d+) (main|sub) (\d+)/s.exec(Buffer.from(last).toString('latin1')) ?? [];
  return { number: Number(number), format: format ?? '', index: Number(index) };
}
