import type { KnownCamera, Snapshot } from '#server/cameras/directory.ts';

/** A name as machines write it: lower case, words joined by hyphens. */
export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '');

/**
 * The camera that a machine means: by our id; by its number, as `17`, `cam-017` or `cam-017-sheikh-zayed` (what follows
 * the number is words for people); or by its name as {@link slugOf} writes it, or the end of an id that a VMS gave.
 * Undefined where there is none, or where there are several. Pure.
 */
export function findCamera(text: string, { cameras }: Snapshot): KnownCamera | undefined {
  const byId = cameras.get(text);
  if (byId !== undefined) return byId;
  const all = [...cameras.values()];
  const lower = text.toLowerCase();
  const slug = slugOf(text);
  const named = all.filter(({ id, name }) => id.toLowerCase().endsWith(`_${lower}`) || slugOf(name) === slug);
  if (named.length > 0) return named.length === 1 ? named[0] : undefined;
  const number = /^(?:cam(?:era)?[-_ ]?)?0*(\d{1,9})(?:[-_ ].*)?$/i.exec(text)?.[1];
  return number === undefined ? undefined : all.find((camera) => camera.number === Number(number));
}
