import { StreamError } from '../media-source.ts';

/** Receives one video, ready to offer. */
export interface Peer {
  readonly connection: RTCPeerConnection;
  readonly receiver: RTCRtpReceiver;
}

/** How many unused connections are kept. */
const spare = 8;

/**
 * Where every peer connection of the page comes from. Chromium refuses the 500th `RTCPeerConnection` of a page even
 * when all others are closed, until a major garbage collection (https://crbug.com/41378764). So they are counted, the
 * refusal becomes an error with a code, and a connection whose offer was turned down is used again: a camera that is
 * offline overnight, asked twice a minute, must not use the page up.
 */
export class PeerConnections {
  readonly #make: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly #unused: Peer[] = [];
  #constructed = 0;
  #isExhausted = false;

  constructor(make = (configuration: RTCConfiguration) => new RTCPeerConnection(configuration)) {
    this.#make = make;
  }

  /** How many connections this page has constructed so far. A kiosk plans its reload by this. */
  get constructed(): number {
    return this.#constructed;
  }

  /** Whether the browser's last word was that there may be no more. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /** A connection with one video to receive, in signalling state `stable`. Throws {@link StreamError} `exhausted`. */
  take(): Peer {
    const unused = this.#unused.pop();
    if (unused) return unused;
    const connection = this.#construct();
    const { receiver } = connection.addTransceiver('video', { direction: 'recvonly' });
    return { connection, receiver };
  }

  /** Takes back a connection that never got beyond an offer. Closes it when there are enough. */
  giveBack(peer: Peer): void {
    const { connection } = peer;
    const isFresh =
      connection.signalingState === 'stable' &&
      connection.currentLocalDescription === null &&
      connection.currentRemoteDescription === null;
    if (isFresh && this.#unused.length < spare && !this.#unused.includes(peer)) this.#unused.push(peer);
    else connection.close();
  }

  #construct(): RTCPeerConnection {
    try {
      // One transport for everything: WHEP demands it, and it halves the sockets.
      const connection = this.#make({ bundlePolicy: 'max-bundle' });
      this.#constructed += 1;
      this.#isExhausted = false;
      return connection;
    } catch (cause) {
      if (!/so many PeerConnections/i.test(String(cause))) {
        throw new StreamError('protocol', 'This browser cannot make a peer connection', { cause });
      }
      this.#isExhausted = true;
      throw new StreamError('exhausted', `No more peer connections after ${this.#constructed}`, { cause });
    }
  }
}

/** The page's own. */
export const peerConnections = new PeerConnections();
