import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A bad network between viewers and the media port. */
export interface LossyRelay {
  /** Where viewers have to send to instead of the media port. */
  readonly port: number;
  /** Media packets that did not arrive. */
  readonly dropped: number;
  close(): void;
}

/** Passes datagrams both ways on the loopback address; of the media towards the viewer every `nth` packet is lost. */
export async function startLossyRelay(mediaPort: number, nth: number): Promise<LossyRelay> {
  const front = createSocket('udp4');
  const viewers = new Map<string, Socket>();
  let media = 0;
  let dropped = 0;
  front.on('message', (packet, from) => {
    const key = `${from.address}:${String(from.port)}`;
    let back = viewers.get(key);
    if (back === undefined) {
      back = createSocket('udp4');
      viewers.set(key, back);
      back.on('message', (answer) => {
        // RFC 7983: 128…191 is RTP and RTCP; ICE and DTLS repair themselves, and are not what is tested.
        const first = answer[0] ?? 0;
        if (first >= 128 && first <= 191 && ++media % nth === 0) dropped++;
        else front.send(answer, from.port, from.address);
      });
    }
    back.send(packet, mediaPort, '127.0.0.1');
  });
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    port: front.address().port,
    get dropped() {
      return dropped;
    },
    close() {
      front.close();
      for (const back of viewers.values()) back.close();
    },
  };
}
