import { VmsError } from '#server/vms/vms.ts';
import { abortable } from './abortable.ts';
import { readAnswer, TokenAnswer } from './answers.ts';
import type { Answer, HttpExchanger } from './http-exchange.ts';
import type { RtaSettings } from './settings.ts';

export type SignInParts = Pick<RtaSettings, 'auth' | 'username' | 'password' | 'account'> & {
  readonly tokenUrl: URL;
};

/** A refusal is not put to the test again for so long, ms: guessing on would lock the account. */
const refusalMs = 60_000;
/** Whether the server gives tokens is asked again after this, ms. */
const noTokensMs = 600_000;

interface Held {
  readonly value: string;
  /** On the monotonic clock. */
  readonly renewAt: number;
  readonly diesAt: number;
}

/**
 * The `Authorization` of requests: a token where the server gives them (the document prefers that), else Basic. A token
 * is renewed when three quarters of its life are over, once for all who wait.
 */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #http: HttpExchanger;
  readonly #now: () => number;
  readonly #closed = new AbortController();
  #held: Held | undefined;
  #flight: Promise<Held | undefined> | undefined;
  #hasNoTokensUntil = 0;
  #refusal: { readonly error: VmsError; readonly until: number } | undefined;

  constructor(parts: SignInParts, http: HttpExchanger, now: () => number = () => performance.now()) {
    this.#parts = parts;
    this.#http = http;
    this.#now = now;
  }

  /** The header's value; undefined where nobody signs in. Throws {@link VmsError}. */
  async authorization(signal: AbortSignal): Promise<string | undefined> {
    const { auth, username, password = '' } = this.#parts;
    if (username === undefined) return undefined;
    if (this.#refusal !== undefined && this.#now() < this.#refusal.until) throw this.#refusal.error;
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (auth === 'basic' || (auth === 'auto' && this.#now() < this.#hasNoTokensUntil)) return basic;
    const held = this.#held;
    if (held !== undefined && this.#now() < held.renewAt) return `Bearer ${held.value}`;
    try {
      const fresh = await abortable(this.#renew(), signal);
      return fresh === undefined ? basic : `Bearer ${fresh.value}`;
    } catch (error) {
      signal.throwIfAborted();
      if (held !== undefined && held === this.#held && this.#now() < held.diesAt)
        return `Bearer ${held.value}`;
      throw error;
    }
  }

  /** The server did not take this. Gives whether another try with a fresh token makes sense. */
  rejected(authorization: string | undefined, answer: Pick<Answer, 'schemes'>): boolean {
    if (authorization?.startsWith('Bearer ') === true) {
      if (this.#held !== undefined && authorization === `Bearer ${this.#held.value}`) this.#held = undefined;
      return true;
    }
    // What it offers besides decides; a wrong password is one that Basic, offered, did not open.
    const isWindowsOnly =
      answer.schemes.length > 0 &&
      answer.schemes.every((scheme) => scheme === 'ntlm' || scheme === 'negotiate' || scheme === 'kerberos');
    this.#refuse(
      isWindowsOnly
        ? 'The Milestone server only takes Windows authentication: let this user in with Basic or a token'
        : 'The Milestone server refuses this user name or password',
    );
    return false;
  }

  /** What {@link authorization} throws from now on for a minute. */
  get refusal(): VmsError {
    return (
      this.#refusal?.error ??
      new VmsError('refused', 'The Milestone server refuses this user name or password')
    );
  }

  close(): void {
    this.#closed.abort();
  }

  #refuse(words: string): VmsError {
    const error = new VmsError('refused', words);
    this.#refusal = { error, until: this.#now() + refusalMs };
    return error;
  }

  #renew(): Promise<Held | undefined> {
    this.#flight ??= this.#obtain().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** Undefined: this server gives no tokens. */
  async #obtain(): Promise<Held | undefined> {
    const { auth, account, password = '', tokenUrl } = this.#parts;
    const asked = this.#now();
    const answer = await this.#http.exchange(
      {
        method: 'POST',
        url: tokenUrl,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          username: account?.username,
          password,
          ...(account?.domain ? { domain: account.domain } : {}),
        }),
      },
      this.#closed.signal,
    );
    if (answer.status >= 200 && answer.status < 300) {
      const { value, lifeMs } = readAnswer(answer.body, TokenAnswer, 'token');
      // Counted from the question: the answer may have been long under way.
      this.#held = { value, renewAt: asked + lifeMs * 0.75, diesAt: asked + lifeMs };
      return this.#held;
    }
    if (answer.status === 401 || answer.status === 403)
      throw this.#refuse('The Milestone server refuses this user name or password');
    const isAbsent = answer.status === 404 || answer.status === 405 || answer.status === 501;
    if (isAbsent && auth === 'auto') {
      this.#hasNoTokensUntil = this.#now() + noTokensMs;
      return undefined;
    }
    if (answer.status >= 500 || answer.status === 429)
      throw new VmsError(
        'unavailable',
        `The Milestone server gives no token now (status ${String(answer.status)})`,
      );
    throw new VmsError(
      'unexpected-answer',
      `The Milestone server answers the request for a token with status ${String(answer.status)}`,
    );
  }
}
