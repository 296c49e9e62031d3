import { captureTimeUri } from '#contract/capture-time.ts';
import { attribute, type Offer, type OfferedFormat } from './offer.ts';

/** What libdatachannel gets to see: only the video section, with only the format that was picked. */
export function narrowOffer(offer: Offer, picked: OfferedFormat): string {
  const pt = String(picked.payloadType);
  const kept = offer.video.lines.filter((line) => {
    if (line.startsWith('m=')) return false;
    if (/^a=(candidate|extmap|extmap-allow-mixed|ssrc|ssrc-group|msid|end-of-candidates|group)\b/.test(line))
      return false;
    const format = /^a=(?:rtpmap|fmtp|rtcp-fb):(\S+)/.exec(line)?.[1];
    return format === undefined || format === pt;
  });
  const session = offer.session.filter((line) => !/^a=(group|extmap|msid-semantic)/.test(line));
  return (
    [...session, `a=group:BUNDLE ${offer.video.mid}`, `m=video 9 UDP/TLS/RTP/SAVPF ${pt}`, ...kept].join(
      '\r\n',
    ) + '\r\n'
  );
}

export interface AnswerParts {
  readonly offer: Offer;
  readonly picked: OfferedFormat;
  readonly ssrc: number;
  readonly cname: string;
  /** libdatachannel's local description: ICE credentials, fingerprint, role and its own candidates come from it. */
  readonly local: string;
  /** `a=candidate` values in the order of preference; none keeps those of the local description. */
  readonly candidates: readonly string[];
  /** What the clock shows by which times of capture are told, epoch ms; said only to a viewer that takes them. */
  readonly clockMs: number;
}

/** Attribute of the session: the clock of the times of capture when the answer was written, epoch ms. */
const clockAttribute = 'x-capture-clock';

/**
 * The answer: video sent in the picked format, every other section refused. Written here and not by the library, so that
 * it says exactly what is true: `profile-level-id` always there (Firefox switches the section off without it), no
 * feedback offered that nobody reads, all candidates in it.
 */
export function writeAnswer(parts: AnswerParts): string {
  const local = parts.local.split(/\r\n|\n/);
  const { mid, captureTimeId } = parts.offer.video;
  const pt = String(parts.picked.payloadType);
  const video = [
    `m=video 9 UDP/TLS/RTP/SAVPF ${pt}`,
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    'a=sendonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    `a=rtpmap:${pt} ${parts.picked.codec}/90000`,
    `a=fmtp:${pt} ${answeredFmtp(parts.picked)}`,
    `a=rtcp-fb:${pt} nack`,
    `a=rtcp-fb:${pt} nack pli`,
    `a=rtcp-fb:${pt} ccm fir`,
    ...(captureTimeId === undefined ? [] : [`a=extmap:${String(captureTimeId)} ${captureTimeUri}`]),
    `a=msid:${parts.cname} ${parts.cname}-video`,
    `a=ssrc:${String(parts.ssrc)} cname:${parts.cname}`,
    `a=ice-ufrag:${attribute(local, 'ice-ufrag') ?? ''}`,
    `a=ice-pwd:${attribute(local, 'ice-pwd') ?? ''}`,
    `a=fingerprint:${attribute(local, 'fingerprint') ?? ''}`,
    `a=setup:${attribute(local, 'setup') ?? 'active'}`,
    ...parts.candidates.map((candidate) => `a=candidate:${candidate}`),
    'a=end-of-candidates',
  ];
  return (
    [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      `a=group:BUNDLE ${mid}`,
      'a=msid-semantic:WMS *',
      ...(captureTimeId === undefined ? [] : [`a=${clockAttribute}:${String(Math.round(parts.clockMs))}`]),
      ...parts.offer.sections.flatMap((section) => (section.mid === mid ? video : refused(section))),
    ].join('\r\n') + '\r\n'
  );
}

function refused(section: Offer['sections'][number]): string[] {
  const line = (section.lines[0] ?? '').replace(/^m=(\S+) \d+/, 'm=$1 0');
  const format = line.split(' ')[3];
  const map = section.lines.filter((l) => format !== undefined && l.startsWith(`a=rtpmap:${format} `));
  return [
    line.split(' ').slice(0, 4).join(' '),
    'c=IN IP4 0.0.0.0',
    `a=mid:${section.mid}`,
    'a=inactive',
    ...map,
  ];
}

function answeredFmtp(picked: OfferedFormat): string {
  if (picked.codec === 'H265') return picked.fmtp === '' ? 'profile-id=1' : picked.fmtp;
  if (picked.parameters.has('profile-level-id')) return picked.fmtp;
  return `${picked.fmtp};profile-level-id=42e01f`;
}

/** The values of `a=candidate:` lines of UDP candidates of that description. */
export function candidatesOf(sdp: string): string[] {
  return sdp
    .split(/\r\n|\n/)
    .filter((line) => line.startsWith('a=candidate:'))
    .map((line) => line.slice('a=candidate:'.length))
    .filter((candidate) => candidate.split(' ')[2]?.toUpperCase() === 'UDP');
}

/**
 * A host candidate for an address that the machine itself does not know, or for TCP (RFC 6544). `preference` orders
 * addresses of one kind, highest first; UDP always comes before TCP.
 */
export function hostCandidate(
  address: string,
  port: number,
  transport: 'udp' | 'tcp',
  preference: number,
): string {
  // RFC 8445 5.1.2.1: type preference 126 for host; TCP far below it, so that it is taken only when UDP fails.
  const type = transport === 'udp' ? 126 : 90;
  const priority = type * 2 ** 24 + Math.min(65_535, preference) * 2 ** 8 + 255;
  const foundation = `${transport === 'udp' ? 'u' : 't'}${String(preference)}`;
  const end = transport === 'tcp' ? ' tcptype passive' : '';
  return `${foundation} 1 ${transport} ${String(priority)} ${address} ${String(port)} typ host${end}`;
}
