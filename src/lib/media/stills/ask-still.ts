import { stillHeaders } from '#contract/routes.ts';
import { StreamError } from '../media-source.ts';
import { refusal } from '../whep/refusal.ts';

/** One picture as the server gave it. */
export interface Still {
  readonly jpeg: Blob;
  /** When the camera took it, epoch ms by the recorder's clock; undefined where the server does not say. */
  readonly capturedAt: number | undefined;
  /** The same as the server wrote it, for asking what came after. */
  readonly capturedText: string | undefined;
}

export interface StillQuestion {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Waits at the server for one taken later than this. */
  readonly after: string | undefined;
  /** How long the answer may take, ms. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks for the newest still; undefined when none came later than `after`. Throws a {@link StreamError}, or the signal's
 * reason when aborted.
 */
export async function askStill(question: StillQuestion): Promise<Still | undefined> {
  const { url, after, signal } = question;
  const address = after === undefined ? url : `${url}?${new URLSearchParams({ after }).toString()}`;
  const limit = AbortSignal.timeout(question.patienceMs);
  try {
    const response = await question.fetch(address, {
      signal: AbortSignal.any([signal, limit]),
      cache: 'no-store',
      headers: { accept: 'image/jpeg' },
    });
    if (response.status === 204) return undefined;
    if (!response.ok) throw refusal(response.status, response.headers, await response.text(), Date.now());
    const capturedText = response.headers.get(stillHeaders.captured) ?? undefined;
    const capturedAt = capturedText === undefined ? NaN : Date.parse(capturedText);
    return {
      jpeg: await response.blob(),
      capturedAt: Number.isNaN(capturedAt) ? undefined : capturedAt,
      capturedText,
    };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof StreamError) throw cause;
    throw new StreamError('unreachable', 'No still came', { cause });
  }
}
