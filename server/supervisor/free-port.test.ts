import net from 'node:net';
import { expect, it } from 'vitest';
import { claimPort, PortTaken } from './free-port.ts';

it('finds any free port when asked for port 0', async () => {
  const port = await claimPort('127.0.0.1', 0);
  expect(await claimPort('127.0.0.1', port)).toBe(port);
});

it('names a port that is taken', async () => {
  const squatter = net.createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const { port } = squatter.address() as net.AddressInfo;
  const refused = claimPort('127.0.0.1', port);
  await expect(refused).rejects.toThrow(PortTaken);
  await expect(refused).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
  squatter.close();
});

it('names an address that is not ours', async () => {
  await expect(claimPort('198.51.100.7', 0)).rejects.toThrow(
    'HOST 198.51.100.7 is not an address of this machine',
  );
});
