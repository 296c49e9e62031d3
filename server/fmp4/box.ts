/**
 * Boxes of the ISO base media file format (ISO/IEC 14496-12 4.2), and the numbers in them: big-endian all of them.
 */

/** A 16-bit number. */
export const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);

/** A 32-bit number. */
export const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** Bytes one behind the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The four letters of a box type. */
export const letters = (text: string): Uint8Array =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);

/** A box of that type around its content. */
export function box(type: string, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 8);
  return join(u32(length), letters(type), ...content);
}

/** A box with version and flags in front of its content. */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...content: readonly Uint8Array[]
): Uint8Array {
  return box(type, u32(version * 2 ** 24 + flags), ...content);
}
