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
  'tile.connecting': 'Connecting',
  'tile.delayed': 'Delayed {seconds, number, ::.0} s',
  'tile.live': 'Live',
  'tile.lost': 'No picture since {since, time, ::HHmm}',
  'tile.lost-days': 'No picture since {since, date, ::dMMM} {since, time, ::HHmm}',
  'tile.never': 'No picture',
  'tile.queued': 'Queued, {place, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}',
  'tile.reconnecting': 'Reconnecting',
  'tile.retry': 'Trying again in {seconds, number, ::precision-integer} s',
  'tile.retry-now': 'Trying again now',
  'tile.retry-queued': 'Trying again soon',
  'tile.stalled': 'No new picture for {seconds, number, ::precision-integer} s',
  // Why a tile has no picture: a code each (media-source.ts)
  'tile.why.b-frames': 'The camera sends B-frames, which live viewing cannot carry',
  'tile.why.camera-offline': 'The camera gives no picture',
  'tile.why.codec-unsupported': 'This browser cannot show the camera’s video format',
  'tile.why.exhausted': 'This page has opened too many connections. Reload it',
  'tile.why.not-permitted': 'Not permitted',
  'tile.why.overloaded': 'The server is busy',
  'tile.why.protocol': 'The server answered in a way this page does not understand',
  'tile.why.reservation-ended': 'The reservation has ended',
  'tile.why.signed-out': 'Signed out',
  'tile.why.unreachable': 'The video server cannot be reached',
} as const satisfies Record<string, string>;

/** What can be said. */
export type WordKey = keyof typeof en;

/** A catalogue in another language: every key, so that nothing can be forgotten. */
export type Words = Readonly<Record<WordKey, string>>;
