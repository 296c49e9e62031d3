import { captureTimeUri } from '#contract/capture-time.ts';
import type { CodecName, PictureFormat } from '../h26x/codec.ts';
import { EngineError } from '../error.ts';

/** One way of sending video that the offer allows. */
export interface OfferedFormat {
  readonly payloadType: number;
  readonly codec: CodecName;
  /** The offered `a=fmtp` parameters as they stand, empty when there are none. */
  readonly fmtp: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The video section that will be answered. */
export interface OfferedVideo {
  readonly mid: string;
  readonly formats: readonly OfferedFormat[];
  /** By which number the viewer takes the time of capture with each packet; undefined: it does not. */
  readonly captureTimeId: number | undefined;
  /** The section as it came. */
  readonly lines: readonly string[];
}

/** A WHEP player's offer, as far as the answer depends on it. */
export interface Offer {
  /** The lines in front of the first media section. */
  readonly session: readonly string[];
  /** Every media section, in order. */
  readonly sections: readonly {
    readonly kind: string;
    readonly mid: string;
    readonly lines: readonly string[];
  }[];
  readonly video: OfferedVideo;
  readonly iceUfrag: string;
  /** Candidates that came with the offer, without names that only mDNS can resolve. */
  readonly candidates: readonly string[];
}

const codecNames: Readonly<Record<string, CodecName>> = { H264: 'H264', H265: 'H265', HEVC: 'H265' };

/** Reads an offer. Throws `bad-offer` when it is not one that can be answered. */
export function readOffer(sdp: string): Offer {
  const lines = sdp.split(/\r\n|\r|\n/).filter((line) => line !== '');
  if (lines[0] !== 'v=0' || lines.some((line) => !/^[a-z]=/.test(line)))
    throw new EngineError('bad-offer', 'The offer is not a session description.');
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
  const session = lines.slice(0, starts[0]);
  const sections = starts.map((start, i) => {
    const part = lines.slice(start, starts[i + 1]);
    return {
      kind: /^m=(\S+)/.exec(part[0] ?? '')?.[1] ?? '',
      mid: attribute(part, 'mid') ?? '',
      lines: part,
    };
  });
  const section = sections.find(
    (s) => s.kind === 'video' && receives(s.lines) && !/^m=video 0 /.test(s.lines[0] ?? ''),
  );
  if (section === undefined)
    throw new EngineError('bad-offer', 'The offer has no video section that receives.');
  if (section.mid === '' || !/^[\w.-]{1,64}$/.test(section.mid))
    throw new EngineError('bad-offer', 'The video section of the offer has no usable mid.');
  const iceUfrag = attribute(section.lines, 'ice-ufrag') ?? attribute(session, 'ice-ufrag');
  const icePwd = attribute(section.lines, 'ice-pwd') ?? attribute(session, 'ice-pwd');
  const fingerprint = attribute(section.lines, 'fingerprint') ?? attribute(session, 'fingerprint');
  if (iceUfrag === undefined || icePwd === undefined || fingerprint === undefined)
    throw new EngineError('bad-offer', 'The offer has no ICE credentials or no fingerprint.');
  return {
    session,
    sections,
    video: {
      mid: section.mid,
      formats: readFormats(section.lines),
      captureTimeId: captureTimeId(section.lines),
      lines: section.lines,
    },
    iceUfrag,
    candidates: sections
      .flatMap((s) => s.lines.filter((line) => line.startsWith('a=candidate:')).map((line) => line.slice(2)))
      .filter(isUsableCandidate),
  };
}

/** Candidates whose address is a name would need a look-up, and those of mDNS cannot be looked up from here; checks from such viewers find us anyway. */
export function isUsableCandidate(candidate: string): boolean {
  const address = candidate.split(' ')[4] ?? '';
  return /^[\d.]+$/.test(address) || /^[\da-fA-F:.]+$/.test(address);
}

/** The value of `a=<name>:<value>`, the first one. */
export function attribute(lines: readonly string[], name: string): string | undefined {
  const prefix = `a=${name}:`;
  return lines.find((line) => line.startsWith(prefix))?.slice(prefix.length);
}

/** Of the short form of header extensions, which knows 1 to 14 (RFC 8285 4.2). */
function captureTimeId(lines: readonly string[]): number | undefined {
  const line = lines.find((one) => one.startsWith('a=extmap:') && one.endsWith(` ${captureTimeUri}`));
  const id = Number(/^a=extmap:(\d{1,2})(?:\/(?:recvonly|sendrecv))? /.exec(line ?? '')?.[1]);
  return id >= 1 && id <= 14 ? id : undefined;
}

function receives(lines: readonly string[]): boolean {
  return !lines.includes('a=sendonly') && !lines.includes('a=inactive');
}

function readFormats(lines: readonly string[]): OfferedFormat[] {
  const formats: OfferedFormat[] = [];
  for (const line of lines) {
    const match = /^a=rtpmap:(\d{1,3}) ([\w-]+)\/90000/.exec(line);
    const codec = codecNames[(match?.[2] ?? '').toUpperCase()];
    if (match === null || codec === undefined) continue;
    const prefix = `a=fmtp:${match[1] ?? ''} `;
    const fmtp =
      lines
        .find((l) => l.startsWith(prefix))
        ?.slice(prefix.length)
        .trim() ?? '';
    formats.push({
      payloadType: Number(match[1]),
      codec,
      fmtp,
      parameters: new Map(
        fmtp.split(';').map((pair) => {
          const [key = '', value = ''] = pair.trim().split('=');
          return [key.toLowerCase(), value] as const;
        }),
      ),
    });
  }
  return formats;
}

/**
 * Picks the payload type to send as. H.264 needs packetization-mode 1 and takes the profile nearest to the camera's; the
 * level is left aside, because decoders follow the stream, and some browsers offer levels that no camera matches.
 * Undefined when the offer has no place for this codec.
 */
export function pickFormat(
  formats: readonly OfferedFormat[],
  codec: CodecName,
  format: PictureFormat | undefined,
): OfferedFormat | undefined {
  const candidates = formats.filter(
    (f) => f.codec === codec && (codec === 'H265' || f.parameters.get('packetization-mode') === '1'),
  );
  const rank = codec === 'H264' ? rankH264 : rankH265;
  return candidates
    .map((candidate, order) => ({ candidate, order, rank: rank(candidate, format) }))
    .sort((a, b) => a.rank - b.rank || a.order - b.order)[0]?.candidate;
}

/** `profile_idc` values, RFC 6184 8.1. */
const baseline = 0x42;
const main = 0x4d;
const high = 0x64;

function rankH264(offered: OfferedFormat, format: PictureFormat | undefined): number {
  const id = /^[\da-f]{6}$/i.exec(offered.parameters.get('profile-level-id') ?? '')?.[0];
  // Without the parameter it is baseline (RFC 6184 8.1).
  const profile = id === undefined ? baseline : Number.parseInt(id.slice(0, 2), 16);
  const constrained = id !== undefined && (Number.parseInt(id.slice(2, 4), 16) & 0x40) !== 0;
  const wanted = format?.profile ?? baseline;
  if (profile === wanted) {
    if (profile !== baseline) return 0;
    const isConstrained = format === undefined || (format.constraints & 0x40) !== 0;
    return constrained === isConstrained ? 0 : 1;
  }
  // Another profile is decoded as well; the richer ones first, and constrained baseline, which everyone decodes.
  if (profile === high) return wanted === baseline ? 4 : 2;
  if (profile === main) return 3;
  if (profile === baseline) return constrained ? 4 : 5;
  return 6;
}

function rankH265(offered: OfferedFormat, format: PictureFormat | undefined): number {
  // Profile 1 (Main) unless named (RFC 7798 7.1).
  return Number(offered.parameters.get('profile-id') ?? '1') === (format?.profile ?? 1) ? 0 : 1;
}
