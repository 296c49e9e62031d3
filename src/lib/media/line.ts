/** What the browser says of how the page came, as far as it is asked. */
export interface Arrivals {
  readonly protocol: string;
  /** ALPN names, the page's own first: `h2`, `http/1.1`; empty where it came from a cache. */
  readonly hops: readonly string[];
}

/** Whether such a page shares six connections to its server among everything it asks for, as HTTP/1.1 has it. */
export function isNarrow({ protocol, hops }: Arrivals): boolean {
  // No browser speaks HTTP/2 without TLS.
  if (protocol === 'http:') return true;
  const hop = hops.find((name) => name !== '');
  return hop?.startsWith('http/1') ?? false;
}

/**
 * Whether requests of this page have to queue for six connections (HTTP/1.1): a request that waits at the server then
 * keeps others from being sent at all.
 */
export function isNarrowLine(): boolean {
  const entries = [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource').filter(({ name }) => name.startsWith(location.origin)),
  ] as PerformanceResourceTiming[];
  return isNarrow({
    protocol: location.protocol,
    hops: entries.map(({ nextHopProtocol }) => nextHopProtocol),
  });
}
