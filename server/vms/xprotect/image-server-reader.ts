/** The recorder sent what cannot be ImageServer. */
export class ImageServerFormatError extends Error {
  override readonly name = 'ImageServerFormatError';
}

export interface ImageServerReaderEvents {
  /** A method response or a live status package: one XML element, as text. */
  xml(text: string): void;
  /** An ImageResponse. `headers` have names in lower case; `data` is a view that is valid during the call, empty when there is no picture. */
  image(headers: ReadonlyMap<string, string>, data: Buffer): void;
}

const blank = Buffer.from('\r\n\r\n');
/** Neither headers nor status packages come near this. */
const maxText = 256 * 1024;
/** A 4K JPEG has about 5 MB. */
const maxPicture = 64 * 1024 * 1024;

/**
 * Takes the bytes of an ImageServer connection apart, however TCP cuts them. XML packages and ImageResponses come in any
 * order; both end with an empty line, which may be missing after a response without a picture.
 */
export class ImageServerReader {
  readonly #events: ImageServerReaderEvents;
  #chunks: Buffer[] = [];
  #length = 0;
  #need = 1;

  constructor(events: ImageServerReaderEvents) {
    this.#events = events;
  }

  /** Throws an {@link ImageServerFormatError}. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // A picture comes in many reads; joining them at each one would be quadratic.
    if (this.#length < this.#need) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#length);
    let at = 0;
    for (;;) {
      while (bytes[at] === 0x0d || bytes[at] === 0x0a) at++;
      if (at >= bytes.length) break;
      const used = bytes[at] === 0x3c ? this.#readXml(bytes, at) : this.#readImage(bytes, at);
      if (used === 0) break;
      at += used;
      this.#need = 1;
    }
    this.#chunks = at < bytes.length ? [at === 0 ? bytes : Buffer.from(bytes.subarray(at))] : [];
    this.#length = bytes.length - at;
  }

  #readXml(bytes: Buffer, at: number): number {
    const end = this.#findBlank(bytes, at);
    if (end === undefined) return 0;
    this.#events.xml(bytes.toString('utf8', at, end));
    return end + blank.length - at;
  }

  #readImage(bytes: Buffer, at: number): number {
    if (bytes[at] !== 0x49)
      throw new ImageServerFormatError('The recorder sent something that is not ImageServer.');
    const end = this.#findBlank(bytes, at);
    if (end === undefined) return 0;
    const [first, ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    if (first?.trim() !== 'ImageResponse')
      throw new ImageServerFormatError('The recorder sent something that is not ImageServer.');
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    const length = Number(headers.get('content-length') ?? '0');
    if (!Number.isInteger(length) || length < 0 || length > maxPicture)
      throw new ImageServerFormatError('The recorder announced a picture of an impossible length.');
    const start = end + blank.length;
    if (start + length > bytes.length) {
      this.#need = start - at + length;
      return 0;
    }
    this.#events.image(headers, bytes.subarray(start, start + length));
    return start - at + length;
  }

  #findBlank(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf(blank, at);
    if ((end === -1 ? bytes.length : end) - at > maxText)
      throw new ImageServerFormatError('The recorder sent a header that does not end.');
    return end === -1 ? undefined : end;
  }
}
