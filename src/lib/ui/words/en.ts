/**
 * Every word the app says, in English: the catalogue that translations follow. ICU MessageFormat
 * (https://unicode-org.github.io/icu/userguide/format_parse/messages/). Keys are `part.what`; a message is a whole
 * sentence or label, never a piece to be glued, because languages order their words differently. Names of cameras,
 * walls and people come in as values and are isolated (U+2068 … U+2069) where they may differ in direction.
 */
export const en = {
  // The app as a whole
  'app.name': 'Parapet',
  'app.title': '{page} · Parapet',
  'app.loading': 'Loading',
  'app.retry': 'Try again',
  'app.close': 'Close',
  'app.cancel': 'Cancel',
  'app.undo': 'Undo',
  'app.skip-to-wall': 'Skip to the wall',

  // The pictures: words of one tile (player)
  'tile.live': 'Live',
} as const satisfies Record<string, string>;

/** What can be said. */
export type WordKey = keyof typeof en;

/** A catalogue in another language: every key, so that nothing can be forgotten. */
export type Words = Readonly<Record<WordKey, string>>;
