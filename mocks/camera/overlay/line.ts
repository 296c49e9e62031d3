import type { PictureSubject } from '../pictures.ts';
import { plain } from './glyph-sheet.ts';
import { captionText, CLOCK_LENGTH, clockText } from './layout.ts';

/** More cameras than any demo has. */
const MOST_CAPTIONS = 2_000;

/** The line of text under a picture: number and caption on the left, the clock on the right. */
export class OverlayLine {
  readonly #length: number;
  readonly #captions = new Map<string, string>();

  /** For lines of `length` characters. */
  constructor(length: number) {
    this.#length = length;
  }

  at({ number, caption }: PictureSubject, timeMs: number): string {
    const words = `${String(number).padStart(3, '0')}  ${caption}`;
    let text = this.#captions.get(words);
    if (text === undefined) {
      text = captionText(plain(words), this.#length - CLOCK_LENGTH);
      if (this.#captions.size > MOST_CAPTIONS) this.#captions.clear();
      this.#captions.set(words, text);
    }
    return text + clockText(timeMs);
  }
}
