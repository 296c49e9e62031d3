import type { Camera, CameraGroup } from '#contract/camera.ts';

/**
 * A text as it is searched: lower case, without accents and Arabic vowel marks, with one form for the letters that
 * writers use interchangeably (أ إ آ ٱ → ا, ى → ي, ة → ه, ؤ → و, ئ → ي), without tatweel, and with European digits.
 */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\u0640]/gu, '')
    .toLowerCase()
    .replace(/[ٱآأإ]/g, 'ا')
    .replace(/ى/g, 'ي')
    .replace(/ة/g, 'ه')
    .replace(/ؤ/g, 'و')
    .replace(/ئ/g, 'ي')
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** What the search knows of one camera, folded once. */
interface Entry {
  readonly camera: Camera;
  readonly number: string;
  readonly names: readonly string[];
  readonly groups: readonly string[];
}

/** Cameras prepared for searching. Building it costs a few milliseconds for 500; asking, well under one. */
export type SearchIndex = readonly Entry[];

/** Prepares cameras for {@link search}. */
export function indexed(cameras: readonly Camera[], groups: readonly CameraGroup[]): SearchIndex {
  const groupNames = new Map(groups.map((group) => [group.id, namesOf(group)]));
  return cameras.map((camera) => ({
    camera,
    number: String(camera.number),
    names: namesOf(camera),
    groups: camera.groupIds.flatMap((id) => groupNames.get(id) ?? []),
  }));
}

function namesOf(named: { readonly name: string; readonly nameAr?: string | undefined }): string[] {
  return [named.name, named.nameAr].filter((name) => name !== undefined).map(folded);
}

/**
 * The cameras that match every word of `query`, best first: the number itself, numbers that begin so, names that
 * begin so, words of a name that begin so, parts of a name, then groups. Equals stand by number. An empty query
 * gives nothing: there is then nothing to rank, and the tree is the better list.
 */
export function search(index: SearchIndex, query: string): Camera[] {
  const whole = folded(query);
  if (whole === '') return [];
  const words = whole.split(' ').map((text) => ({ text, number: withoutZeros(text) }));
  const found: { camera: Camera; rank: number }[] = [];
  for (const entry of index) {
    let rank = entry.names.some((name) => name.startsWith(whole)) ? -1 : 0;
    for (const word of words) {
      const worth = rankOf(entry, word);
      if (worth === undefined) {
        rank = Infinity;
        break;
      }
      rank += worth;
    }
    if (rank !== Infinity) found.push({ camera: entry.camera, rank });
  }
  return found
    .sort((a, b) => a.rank - b.rank || a.camera.number - b.camera.number)
    .map(({ camera }) => camera);
}

function rankOf(entry: Entry, { text, number }: { text: string; number: string }): number | undefined {
  if (entry.number === number) return 0;
  if (number !== '' && entry.number.startsWith(number)) return 2;
  if (entry.names.some((name) => name.startsWith(text))) return 4;
  if (entry.names.some((name) => name.includes(` ${text}`))) return 6;
  if (entry.names.some((name) => name.includes(text))) return 8;
  if (entry.groups.some((name) => name.startsWith(text) || name.includes(` ${text}`))) return 10;
  return undefined;
}

/** `014` means camera 14. Empty for what is not a number. */
function withoutZeros(text: string): string {
  return /^\d+$/.test(text) ? text.replace(/^0+(?=\d)/, '') : '';
}
