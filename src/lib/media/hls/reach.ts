/** How far a media playlist goes: the segment that is open, and how many parts of it are listed. */
export interface Reach {
  readonly msn: number;
  readonly parts: number;
  /** `EXT-X-PART-INF:PART-TARGET`, ms; undefined where there are no parts. */
  readonly partTargetMs: number | undefined;
}

const numberAfter = (text: string, tag: string): number | undefined => {
  const found = new RegExp(`^#${tag}([\\d.]+)`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** Reads how far a media playlist goes (draft-pantos-hls-rfc8216bis), delta updates too. */
export function reachOf(playlist: string): Reach {
  const first = numberAfter(playlist, 'EXT-X-MEDIA-SEQUENCE:') ?? 0;
  const skipped = numberAfter(playlist, 'EXT-X-SKIP:SKIPPED-SEGMENTS=') ?? 0;
  const complete = playlist.match(/^#EXTINF:/gm)?.length ?? 0;
  const open = playlist.slice(Math.max(0, playlist.lastIndexOf('\n#EXTINF:')));
  const partTargetS = numberAfter(playlist, 'EXT-X-PART-INF:PART-TARGET=');
  return {
    msn: first + skipped + complete,
    parts: open.match(/^#EXT-X-PART:/gm)?.length ?? 0,
    partTargetMs: partTargetS === undefined ? undefined : partTargetS * 1000,
  };
}

/** What a player waits for: that segment, or that part of it. */
export interface Wanted {
  readonly msn: number;
  readonly part: number | undefined;
}

/** Whether what is waited for is listed. */
export const reaches = (reach: Reach, { msn, part }: Wanted): boolean =>
  reach.msn > msn || (reach.msn === msn && part !== undefined && reach.parts > part);

/** Takes the directives that make a server wait (RFC 8216bis 6.2.5) out of an address. */
export function unblocked(url: string): { readonly url: string; readonly wanted: Wanted | undefined } {
  const address = new URL(url, 'http://localhost');
  const { searchParams } = address;
  const [msn, part] = [searchParams.get('_HLS_msn'), searchParams.get('_HLS_part')];
  searchParams.delete('_HLS_msn');
  searchParams.delete('_HLS_part');
  const [base = url] = url.split('?', 1);
  const query = searchParams.toString();
  return {
    url: query === '' ? base : `${base}?${query}`,
    wanted: msn === null ? undefined : { msn: Number(msn), part: part === null ? undefined : Number(part) },
  };
}
