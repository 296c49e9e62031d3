/**
 * The first of somebody's languages that is among those to be had, whatever its region and digits.
 * @param wanted BCP 47 tags, the dearest first, as `navigator.languages` has them
 * @param known codes to choose from
 * @returns one of `known`; undefined where none fits
 */
export function preferredLanguage(wanted: readonly string[], known: readonly string[]): string | undefined {
  const primary = (tag: string): string => (tag.split('-')[0] ?? tag).toLowerCase();
  for (const tag of wanted) {
    const found = known.find((code) => primary(code) === primary(tag));
    if (found !== undefined) return found;
  }
  return undefined;
}
