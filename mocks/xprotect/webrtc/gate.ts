import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A UDP port on the loopback address that lets nothing through before it is opened. */
export interface Gate {
  readonly port: number;
  /** From now on packets go through, both ways. What came before is gone. */
  open(): void;
  /** The last words still go out. Safe to call twice. */
  close(): void;
}

const host = '127.0.0.1';
/** How long the last words may take, ms. */
const lastWordsMs = 200;
/** A client comes from each of its addresses; more than so many are not one. */
const mostCallers = 16;

/**
 * Takes a free port in front of this one. A client that finds our candidates in the offer calls before its answer is here,
 * and the library under us is not always ready for that.
 */
export async function takeGate(port: number): Promise<Gate> {
  const outside = createSocket('udp4');
  const callers = new Map<string, Socket>();
  let isOpen = false;
  let isClosed = false;
  outside.on('message', (packet, from) => {
    if (!isOpen) return;
    const name = `${from.address}:${from.port}`;
    let inside = callers.get(name);
    if (inside === undefined) {
      if (callers.size >= mostCallers) return;
      inside = createSocket('udp4');
      inside.on('error', () => undefined);
      inside.on('message', (answer) => {
        outside.send(answer, from.port, from.address, () => undefined);
      });
      inside.bind(0, host);
      callers.set(name, inside);
    }
    inside.send(packet, port, host, () => undefined);
  });
  outside.bind(0, host);
  await once(outside, 'listening');
  outside.on('error', () => undefined);
  return {
    port: outside.address().port,
    open: () => {
      isOpen = true;
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      isOpen = false;
      for (const socket of [outside, ...callers.values()]) {
        socket.unref();
        setTimeout(() => socket.close(), lastWordsMs).unref();
      }
    },
  };
}
