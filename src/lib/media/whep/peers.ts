import { StreamError } from '../media-source.ts';
import { askCaptureTimes } from './capture-times.ts';

/** Receives one video, ready to offer. */
export interface Peer {
  readonly connection: RTCPeerConnection;
  readonly receiver: RTCRtpReceiver;
  /** What it offers, once that was asked for ({@link offerOf}). */
  offer?: Promise<RTCSessionDescriptionInit>;
}

/** How many unused connections are kept, and how many are made ahead. */
const [spare, ahead] = [8, 6];

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
  #collected = 0;
  #isExhausted = false;
  // The browser counts a closed connection until it is collected; so does this.
  readonly #collection = new FinalizationRegistry<undefined>(() => (this.#collected += 1));

  /** Whether the page has been left: an open connection bars it from the back-forward cache, a spare one too. */
  #isLeft = false;

  constructor(make = (configuration: RTCConfiguration) => new RTCPeerConnection(configuration)) {
    this.#make = make;
    // Tests import this where there is no page.
    if (typeof addEventListener === 'undefined') return;
    addEventListener('pagehide', () => {
      this.#isLeft = true;
      for (const { connection } of this.#unused.splice(0)) connection.close();
    });
    addEventListener('pageshow', () => (this.#isLeft = false));
  }

  /** How many connections this page has constructed so far. */
  get constructed(): number {
    return this.#constructed;
  }

  /** How many of them the browser still counts, closed ones that were not collected yet included. A page plans by this. */
  get living(): number {
    return this.#constructed - this.#collected;
  }

  /** Counts a connection that somebody else has made: they are the page's all the same. */
  countForeign(): void {
    this.#constructed += 1;
  }

  /** Whether the browser's last word was that there may be no more. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /**
   * Makes connections and their offers ahead, up to `count` unused ones but never many: making them takes the browser
   * longer than the answer takes the server. Those that need them would make them anyway.
   */
  prepare(count: number): void {
    if (this.#isLeft) return;
    try {
      while (this.#unused.length < Math.min(count, ahead)) {
        const peer = this.#fresh();
        // Whoever takes it hears why it has no offer.
        offerOf(peer).catch(() => undefined);
        this.#unused.unshift(peer);
      }
    } catch {
      // Nobody needs one yet: whoever does is told why there is none.
    }
  }

  /** A connection with one video to receive, in signalling state `stable`. Throws {@link StreamError} `exhausted`. */
  take(): Peer {
    return this.#unused.pop() ?? this.#fresh();
  }

  #fresh(): Peer {
    const connection = this.#construct();
    const transceiver = connection.addTransceiver('video', { direction: 'recvonly' });
    askCaptureTimes(transceiver);
    return { connection, receiver: transceiver.receiver };
  }

  /** Takes back a connection that never got beyond an offer. Closes it when there are enough. */
  giveBack(peer: Peer): void {
    const { connection } = peer;
    const isFresh =
      connection.signalingState === 'stable' &&
      connection.currentLocalDescription === null &&
      connection.currentRemoteDescription === null;
    if (isFresh && !this.#isLeft && this.#unused.length < spare && !this.#unused.includes(peer))
      this.#unused.push(peer);
    else connection.close();
  }

  #construct(): RTCPeerConnection {
    try {
      // One transport for everything: WHEP demands it, and it halves the sockets.
      const connection = this.#make({ bundlePolicy: 'max-bundle' });
      this.#constructed += 1;
      this.#collection.register(connection, undefined);
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

/**
 * What a connection offers: H.264 first, for it is what cameras send; everything else stays offered, because WHEP has no
 * second negotiation. The same however often it is asked for, as long as nobody has taken it up.
 */
export function offerOf(peer: Peer): Promise<RTCSessionDescriptionInit> {
  if (peer.offer === undefined) preferH264(peer);
  return (peer.offer ??= peer.connection.createOffer());
}

function preferH264({ connection, receiver }: Peer): void {
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const isH264 = ({ mimeType }: { readonly mimeType: string }): boolean => /^video\/h264$/i.test(mimeType);
  const transceiver = connection.getTransceivers().find((one) => one.receiver === receiver);
  if (!codecs.some(isH264)) return;
  transceiver?.setCodecPreferences([...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))]);
}

/** The page's own. */
export const peerConnections = new PeerConnections();
