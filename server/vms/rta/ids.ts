import { createHash } from 'node:crypto';

/** What a camera id of ours may look like: it goes into paths, file names and other systems' names. */
const usable = /^[0-9a-z][0-9a-z_-]{0,63}$/;
const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/**
 * A camera id of ours for each of the server's, always the same. Ids that can be used stay as they are, in lower case:
 * other systems of the site know the cameras by them. Others become readable and get a fingerprint, and so do those
 * that only differ in case.
 */
export function cameraIds(originals: readonly string[]): Map<string, string> {
  const seen = new Map<string, number>();
  for (const original of originals)
    seen.set(original.toLowerCase(), (seen.get(original.toLowerCase()) ?? 0) + 1);
  return new Map(
    originals.map((original) => {
      const lower = original.toLowerCase();
      const isOwn = usable.test(lower) && (original === lower || seen.get(lower) === 1);
      if (isOwn) return [original, lower];
      const readable = lower
        .replaceAll(/[^0-9a-z_-]+/g, '-')
        .replace(/^[^0-9a-z]+/, '')
        .slice(0, 50);
      return [original, `${readable === '' ? 'camera' : readable.replace(/-$/, '')}-${shortHash(original)}`];
    }),
  );
}

/** The number in ids like `cam-001` and `cam-001-sheikh-zayed`: operators know cameras by it. */
export function numberOf(original: string): number | undefined {
  const match = /^[a-z]+[-_ ]?0*([1-9]\d{0,5})(?![0-9a-z])/i.exec(original);
  return match === null ? undefined : Number(match[1]);
}

/** An id for an agency; names may be in any script, ids may not. */
export const groupId = (vmsId: string, agency: string): string =>
  `${vmsId}-${shortHash(agency)}`.toLowerCase();
