import { StreamError, type MediaSession, type MediaSource } from '../media-source.ts';
import { offerOf, peerConnections, type Peer, type PeerConnections } from './peers.ts';
import { sendsVideo } from './sdp-fragment.ts';
import { postOffer, type Posted, type SignallingOptions } from './signalling.ts';
import { WhepSession, type WhepTimings } from './whep-session.ts';

export interface WhepOptions extends SignallingOptions, WhepTimings {
  readonly peers?: PeerConnections;
  /** STUN and TURN servers to use instead of those the far end names. */
  readonly iceServers?: readonly RTCIceServer[];
}

/** Pictures by WHEP (draft-ietf-wish-whep-04), video only. `endpoint` may be relative to the page. */
export class WhepSource implements MediaSource {
  readonly way = 'whep';
  readonly #endpoint: string;
  readonly #options: WhepOptions;
  readonly #peers: PeerConnections;

  constructor(endpoint: string, options: WhepOptions = {}) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#peers = options.peers ?? peerConnections;
  }

  async open(signal: AbortSignal): Promise<MediaSession> {
    signal.throwIfAborted();
    const peer = this.#peers.take();
    const { offer, posted } = await this.#offer(peer, signal).catch((error: unknown) => {
      // Turned down before anything stood: the connection is as good as new.
      this.#peers.giveBack(peer);
      throw error;
    });
    try {
      const receiver = await this.#agree(peer, offer, posted, signal);
      signal.throwIfAborted();
      return new WhepSession(peer.connection, receiver, posted, this.#options);
    } catch (cause) {
      posted.resource.delete();
      peer.connection.close();
      signal.throwIfAborted();
      if (cause instanceof StreamError) throw cause;
      throw new StreamError('protocol', 'The answer does not fit the offer', { cause });
    }
  }

  /**
   * Sends the offer before it is set: nothing is gathered yet, so the ICE servers of the answer come in time, and a
   * connection that is turned down can be offered again.
   */
  async #offer(
    peer: Peer,
    signal: AbortSignal,
  ): Promise<{ offer: RTCSessionDescriptionInit; posted: Posted }> {
    const offer = await offerOf(peer);
    signal.throwIfAborted();
    const posting = postOffer(this.#endpoint, offer.sdp ?? '', this.#options);
    const posted = await unlessAborted(posting, signal, (late) => late.resource.delete());
    return { offer, posted };
  }

  async #agree(
    { connection, receiver }: Peer,
    offer: RTCSessionDescriptionInit,
    posted: Posted,
    signal: AbortSignal,
  ): Promise<RTCRtpReceiver> {
    const iceServers = this.#options.iceServers ?? posted.iceServers;
    if (iceServers.length > 0)
      connection.setConfiguration({ ...connection.getConfiguration(), iceServers: [...iceServers] });
    if (posted.kind === 'answer') {
      if (!sendsVideo(posted.sdp)) throw new StreamError('codec-unsupported', 'The answer takes up no video');
      await connection.setLocalDescription(offer);
      await connection.setRemoteDescription({ type: 'answer', sdp: posted.sdp });
      return receiver;
    }
    // The offer is the server's now: ours, and the transceiver made for it, are void.
    const ours = new Set(connection.getTransceivers());
    for (const transceiver of ours) transceiver.stop();
    await connection.setRemoteDescription({ type: 'offer', sdp: posted.sdp });
    const theirs = connection.getTransceivers().filter((transceiver) => !ours.has(transceiver));
    const video = theirs.find((transceiver) => transceiver.receiver.track.kind === 'video');
    if (!video) throw new StreamError('codec-unsupported', 'The counter-offer has no video');
    for (const transceiver of theirs) transceiver.direction = transceiver === video ? 'recvonly' : 'inactive';
    const answer = await connection.createAnswer();
    await connection.setLocalDescription(answer);
    const remainingMs = Math.max(0, posted.validUntil - Date.now());
    await posted.resource.answer(
      answer.sdp ?? '',
      AbortSignal.any([signal, AbortSignal.timeout(remainingMs)]),
    );
    return video.receiver;
  }
}

/** The result of `work`, or the signal's reason as soon as it is aborted; then a late result is given to `undo`. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, undo: (late: T) => void): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason as Error);
    work.then(undo, () => undefined);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
