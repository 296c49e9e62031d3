import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clear, FaultProxy, type Place } from './proxy.ts';

/** What can be done to the way between the browser and everything it talks to. */
export interface FaultNetwork {
  readonly kind: 'namespaces' | 'proxy';
  /** The address browsers reach this machine by. */
  readonly host: string;
  /** Starts a program where the browser belongs; undefined: it may run anywhere. */
  readonly enter: readonly string[] | undefined;
  /** Makes a server of this machine reachable from the browser's side, by TCP. */
  openTcp(port: number): Promise<Place>;
  /** The same for media: UDP and TCP, by the same port number. */
  openMedia(port: number): Promise<void>;
  /** No datagram passes. */
  blockUdp(): void;
  /** Neither a datagram nor a connection to the media port passes: only the web port is open. */
  blockMedia(): void;
  /** So many per cent of all packets are lost, each way. */
  lose(percent: number): void;
  /** Late by so much, ms. */
  delay(delayMs: number, jitterMs: number): void;
  /** The line carries so much each way, kbit/s. */
  narrow(kilobitsPerSecond: number): void;
  /** Nothing passes at all. */
  stall(): void;
  /** Nothing is wrong any more. */
  mend(): void;
  close(): void;
}

/** Where there are no namespaces: all faults by the proxy, on a loopback address of its own. */
export function proxyNetwork(): FaultNetwork {
  const proxy = new FaultProxy();
  const host = '127.0.0.2';
  let media: Place | undefined;
  let isBlocked = false;
  return {
    ...proxied(proxy, host),
    kind: 'proxy',
    enter: undefined,
    async openMedia(port) {
      media = { host, port };
      await openBoth(proxy, host, port, () => isBlocked);
    },
    blockUdp: () => proxy.set({ isUdpBlocked: true }),
    blockMedia() {
      isBlocked = true;
      proxy.set({ isUdpBlocked: true });
      if (media !== undefined) proxy.cut(media);
    },
    lose: (percent) => proxy.set({ loss: percent / 100 }),
    narrow: (kilobitsPerSecond) => proxy.set({ bitsPerSecond: kilobitsPerSecond * 1000 }),
    stall: () => proxy.set({ isStalled: true }),
    mend() {
      isBlocked = false;
      proxy.set(clear);
    },
    close: () => proxy.close(),
  };
}

/** What both kinds do by the proxy: reach the web port, and be late. */
export const proxied = (proxy: FaultProxy, host: string) => ({
  host,
  openTcp: (port: number) => proxy.relayTcp({ host, port: 0 }, { host: '127.0.0.1', port }),
  delay: (delayMs: number, jitterMs: number) => proxy.set({ delayMs, jitterMs }),
});

/** Makes a media port of this machine reachable at `host` by the same number, UDP and TCP. */
export async function openBoth(
  proxy: FaultProxy,
  host: string,
  port: number,
  isRefused: () => boolean = () => false,
): Promise<void> {
  const to = { host: '127.0.0.1', port };
  await proxy.relayUdp({ host, port }, to);
  await proxy.relayTcp({ host, port }, to, isRefused);
}

/** A port that is free for UDP and TCP on this machine right now. */
export async function freeMediaPort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Wraps a browser's executable so that it starts where the browser belongs; gives the file to start instead. */
export function wrapBrowser(executable: string, enter: readonly string[] | undefined) {
  if (enter === undefined) return { executable, remove: () => undefined };
  const folder = mkdtempSync(path.join(tmpdir(), 'parapet-browser-'));
  const file = path.join(folder, 'browser');
  // `exec` all the way: Playwright speaks to it over file descriptors 3 and 4.
  writeFileSync(file, `#!/bin/sh\nexec ${enter.join(' ')} ${executable} "$@"\n`);
  chmodSync(file, 0o755);
  return {
    executable: file,
    remove: () => {
      if (existsSync(folder)) rmSync(folder, { recursive: true });
    },
  };
}
