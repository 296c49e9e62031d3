import net from 'node:net';

/** The port somebody asked for is in use, or may not be used by us. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/**
 * Makes sure a TCP port can be listened on, and resolves to it; 0 asks for any free one. Throws {@link PortTaken} with
 * words for the person who chose it.
 */
export async function claimPort(host: string, port: number): Promise<number> {
  const probe = net.createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen({ host, port, exclusive: true }, resolve);
    });
    return (probe.address() as net.AddressInfo).port;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE')
      throw new PortTaken(`Port ${port} on ${host} is taken by another program. Set PORT to a free one.`, {
        cause,
      });
    if (code === 'EACCES')
      throw new PortTaken(`Port ${port} may not be opened by this user. Set PORT to 1024 or above.`, {
        cause,
      });
    if (code === 'EADDRNOTAVAIL')
      throw new PortTaken(`HOST ${host} is not an address of this machine.`, { cause });
    throw cause;
  } finally {
    await new Promise((resolve) => probe.close(resolve));
  }
}
