import { StreamError } from '../media-source.ts';
import { iceServersOf, parseLinks } from './links.ts';
import { refusal } from './refusal.ts';

/** How WHEP's HTTP is spoken. */
export interface SignallingOptions {
  readonly fetch?: typeof fetch;
  /** Bearer token (RFC 6750) for endpoints that want one; ours go by the session cookie. */
  readonly bearer?: string;
  /** How long one request may take. */
  readonly timeoutMs?: number;
}

/** What came of an offer: an answer, or an offer of the server's own that wants one (406). */
export interface Posted {
  readonly kind: 'answer' | 'counter-offer';
  readonly sdp: string;
  /** When it had come, monotonic ms. */
  readonly at: number;
  /** STUN and TURN servers the far end names. */
  readonly iceServers: readonly RTCIceServer[];
  /** Until when a counter-offer may be answered, epoch ms. */
  readonly validUntil: number;
  readonly resource: Resource;
}

/** How the far end took a fragment. `unsupported`: it takes none; `stale`: our entity tag is not the current one. */
export type Patched =
  | { readonly kind: 'taken'; readonly fragment: string | undefined }
  | { readonly kind: 'unsupported' | 'stale' | 'gone' | 'failed' };

/** A counter-offer without `valid-until` lives this long (draft-ietf-wish-whep-04). */
const counterOfferMs = 30_000;

/**
 * POSTs an offer. Deliberately without a signal: the session that a lost answer would have named could not be closed.
 * Throws {@link StreamError}.
 */
export async function postOffer(endpoint: string, sdp: string, options: SignallingOptions): Promise<Posted> {
  const response = await send(endpoint, 'POST', options, { 'content-type': 'application/sdp' }, sdp);
  const body = await bodyOf(response);
  const at = performance.now();
  if (response.status !== 201 && response.status !== 406)
    throw refusal(response.status, response.headers, body, Date.now());

  const { headers } = response;
  const type = headers.get('content-type') ?? '';
  const location = headers.get('location');
  const resource = new Resource(
    // Relative to where the answer really came from: a redirect may have led elsewhere.
    location === null
      ? undefined
      : new URL(location, new URL(response.url || endpoint, document.baseURI)).href,
    headers.get('etag') ?? undefined,
    options,
  );
  if (!/^application\/sdp\b/i.test(type) || !body.startsWith('v=')) {
    resource.delete();
    throw response.status === 406
      ? refusal(406, headers, body, Date.now())
      : new StreamError('protocol', `The offer was answered with ${type || 'nothing'} instead of SDP`);
  }
  const named = /valid-until="([^"]*)"/i.exec(type)?.[1];
  const validUntil = named === undefined ? NaN : Date.parse(named);
  return {
    kind: response.status === 201 ? 'answer' : 'counter-offer',
    sdp: body,
    at,
    iceServers: iceServersOf(parseLinks(headers.get('link'))),
    validUntil: Number.isFinite(validUntil) ? validUntil : Date.now() + counterOfferMs,
    resource,
  };
}

/** The far end's side of one session, as HTTP knows it. Servers that name none (no `Location`) take neither PATCH nor DELETE. */
export class Resource {
  readonly #url: string | undefined;
  readonly #options: SignallingOptions;
  #etag: string | undefined;
  #isDeleted = false;
  #takesFragments = true;

  constructor(url: string | undefined, etag: string | undefined, options: SignallingOptions) {
    this.#url = url;
    this.#etag = etag;
    this.#options = options;
  }

  /** Whether candidates may be sent. */
  get takesFragments(): boolean {
    return this.#url !== undefined && this.#takesFragments && !this.#isDeleted;
  }

  /** Whether ICE may be restarted: only with an entity tag is there an ICE session to name. */
  get canRestart(): boolean {
    return this.takesFragments && this.#etag !== undefined;
  }

  /** Tells candidates of the ICE session that stands. */
  async trickle(fragment: string, signal: AbortSignal): Promise<Patched> {
    return this.#patch(fragment, this.#etag, signal);
  }

  /** Begins another ICE session; `taken` carries the far end's fragment. A bare `*`, as RFC 9110 spells it. */
  async restart(fragment: string, signal: AbortSignal): Promise<Patched> {
    return this.#patch(fragment, '*', signal);
  }

  /** Answers a counter-offer. Throws {@link StreamError} when it is not taken. */
  async answer(sdp: string, signal: AbortSignal): Promise<void> {
    if (this.#url === undefined)
      throw new StreamError('protocol', 'A counter-offer came without a place to answer it');
    const headers = { 'content-type': 'application/sdp' };
    const response = await send(this.#url, 'PATCH', this.#options, headers, sdp, signal);
    const body = await bodyOf(response);
    if (!response.ok) throw refusal(response.status, response.headers, body, Date.now());
    this.#etag = response.headers.get('etag') ?? this.#etag;
  }

  /** Ends the session at the far end. Does not wait, survives the page, does no harm twice or when it is gone already. */
  delete(): void {
    if (this.#isDeleted || this.#url === undefined) return;
    this.#isDeleted = true;
    send(this.#url, 'DELETE', this.#options, {}).then(
      (response) => response.body?.cancel(),
      () => undefined,
    );
  }

  async #patch(fragment: string, ifMatch: string | undefined, signal: AbortSignal): Promise<Patched> {
    if (!this.takesFragments || this.#url === undefined) return { kind: 'unsupported' };
    const headers = {
      'content-type': 'application/trickle-ice-sdpfrag',
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    };
    let response: Response;
    let body: string;
    try {
      response = await send(this.#url, 'PATCH', this.#options, headers, fragment, signal);
      body = await bodyOf(response);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StreamError) return { kind: 'failed' };
      throw error;
    }
    if (response.ok) {
      this.#etag = response.headers.get('etag') ?? this.#etag;
      return { kind: 'taken', fragment: body.includes('a=ice-ufrag:') ? body : undefined };
    }
    switch (response.status) {
      // Older and simpler servers: PATCH is optional, not having it is no fault.
      case 405:
      case 415:
      case 422:
      case 501:
        this.#takesFragments = false;
        return { kind: 'unsupported' };
      case 412:
        return { kind: 'stale' };
      case 404:
      case 410:
        return { kind: 'gone' };
      default:
        return { kind: 'failed' };
    }
  }
}

async function send(
  url: string,
  method: 'POST' | 'PATCH' | 'DELETE',
  options: SignallingOptions,
  headers: Record<string, string>,
  body?: string,
  signal?: AbortSignal,
): Promise<Response> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  try {
    return await (options.fetch ?? fetch)(url, {
      method,
      headers: {
        ...headers,
        ...(options.bearer === undefined ? {} : { authorization: `Bearer ${options.bearer}` }),
      },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body }),
      // keepalive: a goodbye has to outlive the page that says it.
      ...(method === 'DELETE' ? { keepalive: true } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new StreamError('unreachable', `No answer to ${method}`, { cause });
  }
}

async function bodyOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw new StreamError('unreachable', 'The answer broke off', { cause });
  }
}
