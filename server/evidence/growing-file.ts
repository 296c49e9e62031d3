import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

const readAtOnce = 1024 * 1024;

/** What the operating system calls the failure. */
export const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;

/** A file that only grows, and its SHA-256 so far. */
export class GrowingFile {
  readonly #handle: FileHandle;
  readonly #hash: Hash;
  #bytes: number;

  private constructor(handle: FileHandle, hash: Hash, bytes: number) {
    this.#handle = handle;
    this.#hash = hash;
    this.#bytes = bytes;
  }

  /**
   * Opens the file to go on behind its first `bytes`; what is after them is cut off. Gives undefined when it is shorter
   * than that, or when these bytes have another hash: then it is not the file that was promised. Aborts with the signal.
   * @param sha256 of these bytes, lower-case hex, where it is known
   */
  static async open(
    path: string,
    bytes: number,
    sha256?: string,
    signal?: AbortSignal,
  ): Promise<GrowingFile | undefined> {
    const handle = await open(path, bytes === 0 ? 'w+' : 'r+', 0o600).catch((cause: unknown) => {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw cause;
    });
    if (handle === undefined) return undefined;
    try {
      if ((await handle.stat()).size < bytes) {
        await handle.close();
        return undefined;
      }
      await handle.truncate(bytes);
      const hash = createHash('sha256');
      const buffer = Buffer.alloc(Math.min(bytes, readAtOnce));
      for (let at = 0; at < bytes;) {
        signal?.throwIfAborted();
        const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
        if (bytesRead === 0) throw new Error('the file has become shorter while it was read');
        hash.update(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
      const file = new GrowingFile(handle, hash, bytes);
      if (sha256 === undefined || file.sha256() === sha256) return file;
      await handle.close();
      return undefined;
    } catch (cause) {
      await handle.close();
      throw cause;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        written,
        bytes.length - written,
        this.#bytes + written,
      );
      written += bytesWritten;
    }
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** Resolves when all of it survives a power cut. */
  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  /** Of everything in it, lower-case hex. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
