import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
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
  /** Nothing passes at all. */
  stall(): void;
  /** Nothing is wrong any more. */
  mend(): void;
  close(): void;
}

const run = (...words: [string, ...string[]]): void => {
  const [program, ...rest] = words;
  const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr.trim()}`);
};

const inside = 'parapet-faults-site';
const outside = 'parapet-faults-desk';
/** Of the ranges for documentation (RFC 5737): it can be nobody's. */
const siteAddress = '192.0.2.1';
const deskAddress = '192.0.2.2';

/** Whether this machine lets us make network namespaces with a firewall between them. */
export const canMakeNamespaces = (): boolean =>
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  ['ip', 'nft'].every((tool) => spawnSync(tool, ['-V']).status === 0);

/** Makes two namespaces: one for everything Parapet runs, one for the browser, and a wire between them. */
export function makeNamespaces(): { readonly site: string; remove(): void } {
  const remove = (): void => {
    for (const name of [inside, outside]) spawnSync('ip', ['netns', 'del', name]);
  };
  remove();
  try {
    for (const name of [inside, outside]) {
      run('ip', 'netns', 'add', name);
      run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
    run(
      'ip',
      'link',
      'add',
      'pxsite',
      'netns',
      inside,
      'type',
      'veth',
      'peer',
      'name',
      'pxdesk',
      'netns',
      outside,
    );
    for (const [name, link, address] of [
      [inside, 'pxsite', siteAddress],
      [outside, 'pxdesk', deskAddress],
    ] as const) {
      run('ip', '-n', name, 'addr', 'add', `${address}/30`, 'dev', link);
      run('ip', '-n', name, 'link', 'set', link, 'up');
    }
  } catch (cause) {
    remove();
    throw cause;
  }
  return { site: inside, remove };
}

/** For a process that runs in the site's namespace: loss and blocks by its firewall, delay by the proxy. */
export function namespaceNetwork(): FaultNetwork {
  const proxy = new FaultProxy();
  const table = 'parapet_faults';
  let mediaPort = 0;
  const clearRules = (): void => {
    spawnSync('nft', ['delete', 'table', 'inet', table]);
  };
  const rules = (...drops: string[]): void => {
    clearRules();
    const chain = (hook: string, side: string) =>
      `chain ${hook} { type filter hook ${hook} priority 0; ${drops
        .map((drop) => `${side} "pxsite" ${drop} drop;`)
        .join(' ')} }`;
    run('nft', `table inet ${table} {\n${chain('input', 'iifname')}\n${chain('output', 'oifname')}\n}`);
  };
  return {
    ...proxied(proxy, siteAddress),
    kind: 'namespaces',
    enter: ['ip', 'netns', 'exec', outside],
    async openMedia(port) {
      mediaPort = port;
      await openBoth(proxy, siteAddress, port);
    },
    blockUdp: () => rules('meta l4proto udp'),
    blockMedia: () => rules('meta l4proto udp', `tcp dport ${mediaPort}`, `tcp sport ${mediaPort}`),
    lose: (percent) => rules(`numgen random mod 1000 < ${Math.round(percent * 10)}`),
    stall: () => rules('meta l4proto { udp, tcp }'),
    mend() {
      clearRules();
      proxy.set(clear);
    },
    close() {
      clearRules();
      proxy.close();
    },
  };
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
    stall: () => proxy.set({ isStalled: true }),
    mend() {
      isBlocked = false;
      proxy.set(clear);
    },
    close: () => proxy.close(),
  };
}

const proxied = (proxy: FaultProxy, host: string) => ({
  host,
  openTcp: (port: number) => proxy.relayTcp({ host, port: 0 }, { host: '127.0.0.1', port }),
  delay: (delayMs: number, jitterMs: number) => proxy.set({ delayMs, jitterMs }),
});

async function openBoth(
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
