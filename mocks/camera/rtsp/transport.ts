/** The `Transport` header, RFC 2326 §12.39: what a client asks for and what this server can give. */

export type TransportKind = 'tcp' | 'udp';

export type TransportWish =
  | { readonly kind: 'tcp'; readonly channels: readonly [number, number] | undefined }
  | { readonly kind: 'udp'; readonly ports: readonly [number, number] };

/**
 * The first alternative of the client's list that can be served, or undefined (461). Multicast, recording and
 * secure profiles cannot; a `destination` is not heeded: media goes only to the address that asks for it.
 */
export function chooseTransport(
  header: string | undefined,
  offered: readonly TransportKind[],
): TransportWish | undefined {
  for (const alternative of header?.split(',') ?? []) {
    const [profile = '', ...parameters] = alternative.split(';').map((part) => part.trim());
    const named = (name: string) =>
      parameters
        .find((parameter) => parameter.toLowerCase().startsWith(`${name}=`))
        ?.slice(name.length + 1)
        .replaceAll('"', '');
    if (parameters.some((parameter) => parameter.toLowerCase() === 'multicast')) continue;
    if ((named('mode') ?? 'play').toLowerCase() !== 'play') continue;

    const kind = kindOf(profile);
    if (kind === undefined || !offered.includes(kind)) continue;
    if (kind === 'tcp') {
      const wanted = named('interleaved');
      const channels = pairOf(wanted, 255);
      if (wanted === undefined || channels !== undefined) return { kind, channels };
      continue;
    }
    const ports = pairOf(named('client_port'), 65_535);
    if (ports !== undefined && ports[0] > 0) return { kind, ports };
  }
  return undefined;
}

function kindOf(profile: string): TransportKind | undefined {
  switch (profile.toUpperCase()) {
    case 'RTP/AVP/TCP':
      return 'tcp';
    case 'RTP/AVP':
    case 'RTP/AVP/UDP':
      return 'udp';
    default:
      return undefined;
  }
}

function pairOf(text: string | undefined, max: number): readonly [number, number] | undefined {
  const [, first, second] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '') ?? [];
  if (first === undefined) return undefined;
  const pair = [Number(first), Number(second ?? Number(first) + 1)] as const;
  return pair[0] <= max && pair[1] <= max && pair[0] !== pair[1] ? pair : undefined;
}
