import type { CodecName } from '../h26x/codec.ts';

/** The video a camera describes. */
export interface VideoTrack {
  readonly codec: CodecName;
  readonly payloadType: number;
  readonly clockRate: number;
  /** Parameter sets named in the description (`sprop-…`), often none. */
  readonly parameterSets: readonly Buffer[];
  /** `a=control` of the section; undefined means the presentation's own URL. */
  readonly control: string | undefined;
}

export interface CameraDescription {
  /** The first video section in a codec of ours. */
  readonly video: VideoTrack | undefined;
  /** Names of all video codecs described, for the words of an error. */
  readonly videoCodecs: readonly string[];
  /** `a=control` of the session. */
  readonly control: string | undefined;
}

const names: Readonly<Record<string, CodecName>> = { H264: 'H264', H265: 'H265', HEVC: 'H265' };

/** Reads the SDP of a DESCRIBE answer (RFC 8866, RFC 2326 C.1, RFC 6184 8.2, RFC 7798 7.2). Cameras break it in many ways; only what is needed is read. */
export function readDescription(sdp: string): CameraDescription {
  const lines = sdp.split(/\r\n|\r|\n/).map((line) => line.trim());
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
  const sections = starts.map((start, i) => lines.slice(start, starts[i + 1]));
  const videos = sections.filter((section) => section[0]?.startsWith('m=video '));
  const described = videos.flatMap((section) => {
    const maps = section.flatMap((line) => {
      const match = /^a=rtpmap:\s*(\d+)\s+([\w.-]+)\/(\d+)/i.exec(line);
      return match === null ? [] : [{ pt: Number(match[1]), name: match[2] ?? '', rate: Number(match[3]) }];
    });
    return maps.map((map) => ({ section, ...map }));
  });
  const found = described.find(({ name }) => names[name.toUpperCase()] !== undefined);
  const codec = names[(found?.name ?? '').toUpperCase()];
  const session = lines.slice(0, starts[0]);
  return {
    control: control(session),
    videoCodecs: described.length > 0 ? described.map(({ name }) => name) : videos.map(staticCodec),
    video:
      found === undefined || codec === undefined
        ? undefined
        : {
            codec,
            payloadType: found.pt,
            clockRate: found.rate > 0 ? found.rate : 90_000,
            parameterSets: parameterSets(found.section, found.pt),
            control: control(found.section),
          },
  };
}

/** RFC 3551 table 5: a section without a map uses a payload type everyone knows. */
function staticCodec(section: readonly string[]): string {
  const format = section[0]?.split(' ')[3];
  return format === '26' ? 'JPEG' : format === '32' ? 'MPV' : 'unknown';
}

function control(lines: readonly string[]): string | undefined {
  const value = lines
    .find((line) => line.startsWith('a=control:'))
    ?.slice('a=control:'.length)
    .trim();
  return value === undefined || value === '' || value === '*' ? undefined : value;
}

function parameterSets(section: readonly string[], payloadType: number): Buffer[] {
  const prefix = `a=fmtp:${String(payloadType)} `;
  const fmtp = section.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? '';
  return fmtp.split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim().toLowerCase();
    if (!/^sprop-(parameter-sets|vps|sps|pps)$/.test(name)) return [];
    return pair
      .slice(at + 1)
      .split(',')
      .map((text) => Buffer.from(text.trim(), 'base64'))
      .filter((set) => set.length > 2);
  });
}
