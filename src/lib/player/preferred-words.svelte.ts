import type { Preferred } from '#lib/media/media-source.ts';
import { t } from '#lib/ui/words/words.svelte.ts';

/** Why a way comes before the usual one, to be read behind its name: in the language in use. */
export function preferredWords({ reason, viewers }: Preferred): string {
  if (reason !== 'many-viewers') return t(`wall.preferred.${reason}`);
  return viewers === undefined ? t('wall.preferred.crowd') : t('wall.preferred.many-viewers', { viewers });
}
