import { StreamError } from './media-source.ts';

/**
 * What a lazy chunk has in it. Throws a {@link StreamError} when it does not come: the line is down, or the server was
 * updated and has other chunks now.
 */
export async function lazily<T>(chunk: Promise<T>): Promise<T> {
  try {
    return await chunk;
  } catch (cause) {
    throw new StreamError('unreachable', 'A part of the app could not be loaded', { cause });
  }
}
