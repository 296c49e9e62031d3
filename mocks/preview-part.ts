import type { z } from 'zod';
import type { PreviewHead } from '#contract/recording-previews.ts';

/** The head as it is on the wire: times as texts. */
export type SentHead = z.input<typeof PreviewHead>;

/** One part of an answer with previews, as contract/recording-previews.ts has it. A head that lacks something is sent so. */
export function previewPart(
  head: Partial<SentHead>,
  picture: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const part = new Uint8Array(8 + text.length + picture.length);
  const view = new DataView(part.buffer);
  view.setUint32(0, text.length);
  part.set(text, 4);
  view.setUint32(4 + text.length, picture.length);
  part.set(picture, 8 + text.length);
  return part;
}
