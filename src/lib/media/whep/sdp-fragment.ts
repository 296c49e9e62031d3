/** What an SDP fragment says about one ICE session (RFC 8840 §9, `application/trickle-ice-sdpfrag`). */
export interface IceFragment {
  readonly usernameFragment: string;
  readonly password: string;
  /** Values of the candidate lines, without `a=`: `candidate:1 1 udp …`. */
  readonly candidates: readonly string[];
  /** Other lines about ICE that have to be repeated: `ice-options:…`, `ice-lite`, `ice-pacing:…`. */
  readonly options: readonly string[];
}

/** Where the candidates of a bundle belong: its first m-line, the offerer-tagged one. */
export interface TaggedMedia {
  /** The m-line itself, without `m=`: `video 9 UDP/TLS/RTP/SAVPF 96`. */
  readonly media: string;
  readonly mid: string;
}

const lines = (sdp: string): string[] => sdp.split(/\r?\n/).filter((line) => line !== '');
const valueOf = (text: readonly string[], name: string): string | undefined =>
  text.find((line) => line.startsWith(name))?.slice(name.length);
const isOption = (line: string): boolean => /^a=ice-(options:|lite$|pacing:)/.test(line);

/** Reads the ICE session out of a description or a fragment. Undefined when it names no credentials. */
export function readIce(sdp: string): IceFragment | undefined {
  const text = lines(sdp);
  const usernameFragment = valueOf(text, 'a=ice-ufrag:');
  const password = valueOf(text, 'a=ice-pwd:');
  if (usernameFragment === undefined || password === undefined) return undefined;
  const found = (wanted: (line: string) => boolean): string[] => [
    ...new Set(text.filter(wanted).map((line) => line.slice(2))),
  ];
  return {
    usernameFragment,
    password,
    candidates: found((line) => line.startsWith('a=candidate:')),
    options: found(isOption),
  };
}

/** The first m-line of a description. Undefined for one without media. */
export function firstMedia(sdp: string): TaggedMedia | undefined {
  const text = lines(sdp);
  const start = text.findIndex((line) => line.startsWith('m='));
  const media = text[start]?.slice(2);
  const mid = valueOf(text.slice(start + 1), 'a=mid:');
  return media === undefined || mid === undefined ? undefined : { media, mid };
}

/** Writes the fragment that tells the far end our ICE session and candidates. `isComplete`: no more will follow. */
export function writeFragment(ice: IceFragment, tagged: TaggedMedia, isComplete: boolean): string {
  return [
    `a=ice-ufrag:${ice.usernameFragment}`,
    `a=ice-pwd:${ice.password}`,
    ...ice.options.map((option) => `a=${option}`),
    `m=${tagged.media}`,
    `a=mid:${tagged.mid}`,
    ...ice.candidates.map((candidate) => `a=${candidate}`),
    ...(isComplete ? ['a=end-of-candidates'] : []),
    '',
  ].join('\r\n');
}

/**
 * The far end's description with its ICE session replaced by the one in `ice`: what an ICE restart agreed on. The old
 * candidates go with the old session. Candidates stand in the first section only: there is one transport.
 */
export function withIce(sdp: string, ice: IceFragment): string {
  const isOfIce = (line: string): boolean =>
    /^a=(ice-ufrag|ice-pwd|candidate|remote-candidates):/.test(line) ||
    line === 'a=end-of-candidates' ||
    isOption(line);
  const [head = [], ...media] = sections(lines(sdp).filter((line) => !isOfIce(line)));
  const isLite = ice.options.includes('ice-lite');
  const written = media.map((section, index) => [
    ...section,
    `a=ice-ufrag:${ice.usernameFragment}`,
    `a=ice-pwd:${ice.password}`,
    ...ice.options.filter((option) => option !== 'ice-lite').map((option) => `a=${option}`),
    ...(index === 0 ? ice.candidates.map((candidate) => `a=${candidate}`) : []),
    ...(index === 0 && ice.candidates.length > 0 ? ['a=end-of-candidates'] : []),
  ]);
  return `${[...head, ...(isLite ? ['a=ice-lite'] : []), ...written.flat()].join('\r\n')}\r\n`;
}

/** The lines before the first m-line, then one list for each m-section. */
function sections(text: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const line of text) {
    if (line.startsWith('m=')) parts.push([]);
    parts.at(-1)?.push(line);
  }
  return parts;
}

/** Whether an answer takes up the (one) video that was offered: not with port 0, not inactive, not the wrong way. */
export function sendsVideo(sdp: string): boolean {
  const section = sections(lines(sdp)).find(([first]) => first?.startsWith('m=video '));
  if (!section) return false;
  if (/^m=video 0 /.test(section[0] ?? '') && !section.includes('a=bundle-only')) return false;
  return !section.includes('a=inactive') && !section.includes('a=recvonly');
}
