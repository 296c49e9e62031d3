import { WhipError, type WhipTarget } from './target.ts';

/** An endpoint answers within milliseconds; LiveKit waits for nothing but itself. */
const patienceMs = 5000;
/** LiveKit's answer is 2 kB; what is larger than this is none. */
const maxAnswer = 64 * 1024;

/** What an endpoint made of an offer. */
export interface WhipAnswer {
  readonly sdp: string;
  /** Where the session ends with DELETE; undefined when the endpoint named none, or one on another host. */
  readonly session: string | undefined;
}

/** Posts an offer (RFC 9725 4.2). Throws a {@link WhipError}, or the signal's reason. */
export async function postOffer(
  { url, token }: Pick<WhipTarget, 'url' | 'token'>,
  offer: string,
  signal: AbortSignal,
): Promise<WhipAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' },
      body: offer,
      // A redirect would carry the token to wherever it points.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    });
    if (response.status !== 201) {
      await response.body?.cancel();
      throw refusal(response);
    }
    const sdp = await response.text();
    if (sdp.length > maxAnswer || !sdp.startsWith('v=0'))
      throw new WhipError('target-unavailable', 'The endpoint answered with something that is no SDP.');
    return { sdp, session: sessionUrl(url, response.headers.get('location')) };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof WhipError) throw cause;
    throw new WhipError('target-unavailable', 'The endpoint does not answer.', { cause });
  }
}

/** Ends a session; whether that worked does not matter to anybody: silence ends it too. Never rejects. */
export async function deleteSession(session: string, token: string): Promise<void> {
  await fetch(session, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  })
    .then((response) => response.body?.cancel())
    .catch(() => undefined);
}

function refusal(response: Response): WhipError {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(60, Math.max(0, seconds)) * 1000 : 0;
  const status = String(response.status);
  switch (response.status) {
    case 401:
    case 403:
      return new WhipError('target-refused', `The endpoint does not take the token (${status}).`);
    case 404:
      return new WhipError('target-missing', 'The endpoint knows no such room.');
    default:
      return new WhipError('target-unavailable', `The endpoint answered ${status}.`, { retryAfterMs });
  }
}

function sessionUrl(endpoint: string, location: string | null): string | undefined {
  if (location === null || !URL.canParse(location, endpoint)) return undefined;
  const session = new URL(location, endpoint);
  // The token goes there too.
  return session.origin === new URL(endpoint).origin ? session.href : undefined;
}
