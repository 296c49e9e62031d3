import { z } from 'zod';
import { LiveKitEntry } from '#contract/reservation.ts';
import { StreamError } from '../media-source.ts';
import { refusal } from '../whep/refusal.ts';

/** Asks for a ticket into the room. Throws a {@link StreamError}, or the signal's reason when aborted. */
export async function askEntry(
  url: string,
  ask: typeof fetch,
  patienceMs: number,
  signal: AbortSignal,
): Promise<LiveKitEntry> {
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(patienceMs);
  try {
    const response = await ask(url, {
      method: 'POST',
      signal: AbortSignal.any([signal, limit]),
      headers: { accept: 'application/json, application/problem+json' },
    });
    const body = await response.text();
    if (!response.ok) throw refusal(response.status, response.headers, body, Date.now());
    return readEntry(body);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof StreamError) throw cause;
    throw new StreamError('unreachable', 'No ticket into the room came', { cause });
  }
}

function readEntry(body: string): LiveKitEntry {
  try {
    return z.decode(LiveKitEntry, JSON.parse(body) as z.input<typeof LiveKitEntry>);
  } catch {
    // Without what was wrong with it: there is a token inside.
    throw new StreamError('protocol', 'The ticket into the room is not as agreed');
  }
}
