import { BlockList, isIP } from 'node:net';

/** Where a request came from, as far as it can be believed. */
export interface RequestOrigin {
  /** The client's IP address; `unknown` where there is no connection (tests). */
  readonly address: string;
  /** Whether the browser spoke TLS, to us or to a trusted proxy. */
  readonly isSecure: boolean;
  /** The host the browser asked for. */
  readonly host: string | undefined;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
// An IPv4 client of a dual-stack socket arrives as ::ffff:192.0.2.1.
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** What the connection itself says. */
export interface Peer {
  readonly address?: string | undefined;
  /** The browser, or the proxy, spoke TLS to us. */
  readonly isEncrypted?: boolean | undefined;
  /** HTTP/2 has this in place of a Host header (RFC 9113 §8.3.1). */
  readonly authority?: string | undefined;
}

/** Reads {@link RequestOrigin}s; X-Forwarded-For, -Proto and -Host count only when a trusted proxy sent them. */
export function originReader(settings: {
  readonly trustedProxies: readonly string[];
  readonly publicUrl: string | undefined;
}): (headers: Headers, peer: string | Peer | undefined) => RequestOrigin {
  const trusted = new BlockList();
  for (const range of settings.trustedProxies) {
    const [address = '', bits] = range.split('/');
    if (bits === undefined) trusted.addAddress(address, familyOf(address));
    else trusted.addSubnet(address, Number(bits), familyOf(address));
  }
  const isTrusted = (address: string): boolean =>
    isIP(address) > 0 && trusted.check(address, familyOf(address));
  const isPublicSecure = settings.publicUrl?.startsWith('https:') ?? false;

  return (headers, given) => {
    const peer: Peer = typeof given === 'string' ? { address: given } : (given ?? {});
    const last = plain(peer.address ?? '');
    const isEncrypted = peer.isEncrypted ?? false;
    const host = peer.authority ?? headers.get('host') ?? undefined;
    if (!isTrusted(last))
      return { address: last || 'unknown', isSecure: isPublicSecure || isEncrypted, host };
    // From the right: the first address that no proxy of ours stands behind is the client's; what is left of it
    // the client may have made up.
    const chain = (headers.get('x-forwarded-for') ?? '').split(',').map((part) => plain(part.trim()));
    const client = chain.findLast((address) => isIP(address) > 0 && !isTrusted(address));
    return {
      address: client ?? last,
      // How a proxy reaches us says nothing of how the browser reached it.
      isSecure:
        isPublicSecure || (headers.get('x-forwarded-proto') ?? (isEncrypted ? 'https' : '')) === 'https',
      host: headers.get('x-forwarded-host') ?? host,
    };
  };
}
