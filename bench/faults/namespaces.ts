import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { type FaultNetwork, openBoth, proxied } from './network.ts';
import { clear, FaultProxy, queuedMs } from './proxy.ts';

const run = (...words: [string, ...string[]]): void => {
  const [program, ...rest] = words;
  const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr.trim()}`);
};

const site = 'parapet-faults-site';
const router = 'parapet-faults-nat';
const desk = 'parapet-faults-desk';
/** Of the ranges for documentation (RFC 5737): they can be nobody's. */
const siteAddress = '192.0.2.1';
const publicAddress = '192.0.2.2';
const gatewayAddress = '198.51.100.1';
const deskAddress = '198.51.100.2';

/** Whether this machine lets us make network namespaces with a firewall between them. */
export const canMakeNamespaces = (): boolean =>
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  ['ip', 'nft'].every((tool) => spawnSync(tool, ['-V']).status === 0);

/**
 * Makes three namespaces: one for everything Parapet runs, one for the browser, and between them a router that hides the
 * browser's address behind its own, as the routers of real sites do.
 */
export function makeNamespaces(): { readonly site: string; remove(): void } {
  const remove = (): void => {
    for (const name of [site, router, desk]) spawnSync('ip', ['netns', 'del', name]);
  };
  remove();
  try {
    for (const name of [site, router, desk]) {
      run('ip', 'netns', 'add', name);
      run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
    wire([site, 'pxsite', siteAddress], [router, 'pxpublic', publicAddress]);
    wire([router, 'pxgateway', gatewayAddress], [desk, 'pxdesk', deskAddress]);
    run('ip', '-n', desk, 'route', 'add', 'default', 'via', gatewayAddress);
    run('ip', 'netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    const masquerade = 'type nat hook postrouting priority 100; oifname "pxpublic" masquerade;';
    run('ip', 'netns', 'exec', router, 'nft', `table ip parapet_nat {\nchain out { ${masquerade} }\n}`);
  } catch (cause) {
    remove();
    throw cause;
  }
  return { site, remove };
}

type End = readonly [namespace: string, link: string, address: string];

function wire(one: End, other: End): void {
  const [[from, link], [to, peer]] = [one, other];
  run('ip', ...['link', 'add', link, 'netns', from, 'type', 'veth', 'peer', 'name', peer, 'netns', to]);
  for (const [name, end, address] of [one, other]) {
    run('ip', '-n', name, 'addr', 'add', `${address}/30`, 'dev', end);
    run('ip', '-n', name, 'link', 'set', end, 'up');
  }
}

/** For a process that runs in the site's namespace: loss, blocks and rate by the kernel, delay by the proxy. */
export function namespaceNetwork(): FaultNetwork {
  const proxy = new FaultProxy();
  const table = 'parapet_faults';
  let mediaPort = 0;
  const clearRules = (): void => {
    spawnSync('nft', ['delete', 'table', 'inet', table]);
    spawnSync('tc', ['qdisc', 'del', 'dev', 'pxsite', 'root']);
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
    enter: ['ip', 'netns', 'exec', desk],
    async openMedia(port) {
      mediaPort = port;
      await openBoth(proxy, siteAddress, port);
    },
    blockUdp: () => rules('meta l4proto udp'),
    blockMedia: () => rules('meta l4proto udp', `tcp dport ${mediaPort}`, `tcp sport ${mediaPort}`),
    lose: (percent) => rules(`numgen random mod 1000 < ${Math.round(percent * 10)}`),
    narrow(kilobitsPerSecond) {
      clearRules();
      run(
        ...(['tc', 'qdisc', 'add', 'dev', 'pxsite', 'root', 'tbf', 'rate'] as const),
        ...([`${kilobitsPerSecond}kbit`, 'burst', '16kbit', 'latency', `${queuedMs}ms`] as const),
      );
    },
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
