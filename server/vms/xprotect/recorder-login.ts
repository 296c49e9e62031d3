import { randomUUID } from 'node:crypto';
import { VmsError } from '#server/vms/vms.ts';
import { UrisAnswer } from './answers.ts';
import type { Calls } from './calls.ts';
import type { FreshToken, GrantedToken } from './fresh-token.ts';
import { readJson } from './json.ts';
import { AccessTokenRefused, endVmsToken, NoServerCommand, obtainVmsToken } from './vms-token.ts';

/** Logging out is a courtesy; shutting down does not wait longer for it, ms. */
const logoutMs = 1000;

/** The log-in at the management server that recorders believe. All methods throw {@link VmsError}. */
export class RecorderLogin {
  readonly #calls: Calls;
  readonly #origin: URL;
  readonly #accessToken: FreshToken;
  readonly #instanceId = randomUUID();
  #managementServer: URL | undefined;

  constructor(calls: Calls, origin: URL, accessToken: FreshToken) {
    this.#calls = calls;
    this.#origin = origin;
    this.#accessToken = accessToken;
  }

  /** SOAP Login with the access token; a dead access token is replaced once. */
  async logIn(currentToken: string | undefined, signal: AbortSignal): Promise<GrantedToken> {
    for (let attempt = 1; ; attempt++) {
      const { value: accessToken } = await this.#accessToken.get(signal);
      try {
        return await this.#ask({ accessToken, instanceId: this.#instanceId, currentToken, signal });
      } catch (error) {
        if (!(error instanceof AccessTokenRefused)) throw error;
        this.#accessToken.invalidate(accessToken);
        if (attempt > 1) throw new VmsError('refused', 'XProtect does not let this user use recorders');
      }
    }
  }

  /** Ends the token at the server, if that answers soon. Never rejects. */
  async logOut(currentToken: string, accessToken: string): Promise<void> {
    await endVmsToken(this.#calls, {
      origin: this.#managementServer ?? this.#origin,
      accessToken,
      instanceId: this.#instanceId,
      currentToken,
      signal: AbortSignal.timeout(logoutMs),
    }).catch(() => undefined);
  }

  /** The management server answers on the gateway's host, or else where the gateway says that it is. */
  async #ask(request: Omit<Parameters<typeof obtainVmsToken>[1], 'origin'>): Promise<GrantedToken> {
    const origin = this.#managementServer ?? this.#origin;
    try {
      return await obtainVmsToken(this.#calls, { ...request, origin });
    } catch (error) {
      if (!(error instanceof NoServerCommand)) throw error;
      const elsewhere = await this.#findManagementServer(request.signal);
      if (elsewhere === undefined || elsewhere.origin === origin.origin)
        throw new VmsError('unexpected-answer', 'XProtect has no log-in for its recorders at this address');
      this.#managementServer = elsewhere;
      return obtainVmsToken(this.#calls, { ...request, origin: elsewhere }).catch((again: unknown) => {
        if (again instanceof NoServerCommand)
          throw new VmsError('unexpected-answer', 'XProtect has no log-in for its recorders', {
            cause: again,
          });
        throw again;
      });
    }
  }

  async #findManagementServer(signal: AbortSignal): Promise<URL | undefined> {
    const url = new URL('/api/.well-known/uris', this.#origin);
    const { status, body } = await this.#calls.call({ method: 'GET', url, timeoutMs: 20_000, signal });
    if (status !== 200) return undefined;
    const uris = readJson(body, UrisAnswer);
    // A token that came over TLS is not sent on in clear text.
    const candidates =
      this.#origin.protocol === 'https:'
        ? [uris.SecureManagementServer]
        : [uris.SecureManagementServer, uris.UnsecureManagementServer];
    const found = candidates.find((text) => text !== undefined && URL.canParse(text));
    return found === undefined ? undefined : new URL(found);
  }
}
