import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { EngineError } from '../error.ts';
import type { Path, Reader } from '../source/path.ts';
import { Playback } from '../webrtc/playback.ts';
import { pickFormat, type Offer } from '../webrtc/offer.ts';
import { openPeer, type MediaAddress, type Peer } from '../webrtc/peer.ts';
import { readFragment } from './fragment.ts';

/** A viewer that has not connected after this long is taken down. */
const connectMs = 10_000;
/** Browsers report about once a second. One that fell silent has lost its network, or its page was killed; ICE would notice after 30 s. */
const silenceMs = 15_000;

let count = 0;

/** One WHEP session: a viewer's peer connection and its way through the path's reel. */
export interface Session {
  /** Unguessable, names the session in its URL. */
  readonly id: string;
  readonly path: string;
  readonly answer: string;
  /** Strong and quoted. */
  readonly etag: string;
  readonly isConnected: boolean;
  readonly counters: Playback['counters'];
  /** Adds trickled candidates. Throws `bad-offer` for an ICE restart, which libdatachannel does not know. */
  trickle(fragment: string): void;
  /** Sends a sender report, and notices a viewer that fell silent; call about every two seconds. */
  report(): void;
  close(): void;
}

/**
 * Opens a session for an offer. `ended` is called once when it is over for a reason of its own.
 * Throws `codec-unsupported` when the offer has no place for the path's codec.
 */
export async function openSession(
  offer: Offer,
  path: Path,
  codec: NonNullable<Path['codec']>,
  where: MediaAddress,
  ended: (session: Session) => void,
): Promise<Session> {
  const picked = pickFormat(offer.video.formats, codec, path.format);
  if (picked === undefined)
    throw new EngineError('codec-unsupported', `The browser does not take ${codec} as the camera sends it.`);
  const sender = { ssrc: randomInt(1, 2 ** 32), cname: `parapet-${String(++count)}` };
  let isOver = false;
  let wasOpen = false;
  let heardAt: number | undefined;
  // Not set again while the session lasts: to the viewer a clock that is put back looks like pictures that are late.
  const epochOffsetMs = Date.now() - performance.now();
  const { captureTimeId } = offer.video;
  const player = new Playback({
    reel: path.reel,
    ...sender,
    payloadType: picked.payloadType,
    firstSequence: randomInt(0, 2 ** 15),
    firstTimestamp: randomInt(2 ** 20, 2 ** 31),
    thins: true,
    ...(captureTimeId === undefined ? {} : { captureTime: { id: captureTimeId, epochOffsetMs } }),
    send: (packet) => {
      peer.send(packet);
    },
  });
  const peer: Peer = await openPeer(offer, picked, sender, where, () => performance.now() + epochOffsetMs, {
    open() {
      wasOpen = true;
      player.pump();
      player.report(Date.now());
    },
    gone: () => {
      finish();
    },
    rtcp(packet) {
      heardAt = performance.now();
      player.feedback(packet);
    },
  });
  const pump = (): void => {
    if (peer.isOpen) player.pump();
  };
  const reader: Reader = {
    pump,
    hold: () => {
      player.hold();
    },
    end: () => {
      finish();
    },
  };
  const unconnected = setTimeout(() => {
    if (!wasOpen) finish();
  }, connectMs);
  unconnected.unref();
  const close = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(unconnected);
    path.detach(reader);
    player.close();
    peer.close();
  };
  const session: Session = {
    id: randomUUID(),
    path: path.name,
    answer: peer.answer,
    etag: `"${randomBytes(9).toString('base64url')}"`,
    get isConnected() {
      return peer.isOpen;
    },
    get counters() {
      return player.counters;
    },
    trickle(fragment) {
      const { iceUfrag, candidates } = readFragment(fragment);
      if (iceUfrag !== undefined && iceUfrag !== peer.iceUfrag)
        throw new EngineError('bad-offer', 'ICE cannot be restarted here: open a new session.');
      for (const candidate of candidates) peer.addCandidate(candidate);
    },
    report() {
      if (heardAt !== undefined && performance.now() - heardAt > silenceMs) finish();
      else if (peer.isOpen) player.report(Date.now());
    },
    close,
  };
  function finish(): void {
    if (isOver) return;
    close();
    ended(session);
  }
  path.attach(reader);
  return session;
}
