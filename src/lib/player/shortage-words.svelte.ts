import type { Shortage } from '#contract/reservation.ts';
import { isolate, t } from '#lib/ui/words/words.svelte.ts';

/** What a used-up quota is, and who holds it as far as one may know, a line each: in the language in use. */
export function shortageWords({
  agency,
  isOthers,
  used,
  limit,
  shares,
  others,
}: Shortage): readonly string[] {
  const values = { used, limit };
  const uses =
    agency !== undefined
      ? t('tile.quota.agency', { ...values, agency: isolate(agency) })
      : t(isOthers === true ? 'tile.quota.others' : 'tile.quota.all', values);
  const who = shares.map(({ name, streams }) => t('tile.quota.share', { name: isolate(name), streams }));
  if (others) who.push(t('tile.quota.more', { ...others }));
  return who.length === 0 ? [uses] : [uses, who.join(' · ')];
}
