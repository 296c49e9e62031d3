import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { IceUdpMuxListener } from 'node-datachannel';

/** The one UDP port of all viewers, held for as long as the engine runs. */
export interface MediaPort {
  readonly port: number;
  /** Address it is bound to; undefined means all. */
  readonly host: string | undefined;
  close(): void;
}

/**
 * Takes the port (0 = any that is free) before the first viewer comes, so that a port somebody else has is found at the
 * start and by name.
 */
export async function takeMediaPort(port: number, host: string | undefined): Promise<MediaPort> {
  const chosen = await probe(port, host);
  const listener = new IceUdpMuxListener(chosen, host);
  return {
    port: chosen,
    host,
    close: () => {
      listener.stop();
    },
  };
}

/** Binds and lets go again: the library says only that it failed, not why. */
async function probe(port: number, host: string | undefined): Promise<number> {
  const socket = createSocket({ type: host?.includes(':') === false ? 'udp4' : 'udp6' });
  try {
    socket.bind({ port, ...(host === undefined ? {} : { address: host }), exclusive: true });
    await once(socket, 'listening');
    return socket.address().port;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === 'EADDRINUSE' ? 'is taken by another program' : 'cannot be opened';
    throw new Error(`The media port ${String(port)}/udp ${reason}.`, { cause });
  } finally {
    socket.close();
  }
}
