import { VmsError } from '#server/vms/vms.ts';
import { TokenAnswer, TokenRefusal } from './answers.ts';
import type { Calls } from './calls.ts';
import type { GrantedToken } from './fresh-token.ts';
import { readJson } from './json.ts';

/** Logging in takes a directory look-up at the far end, not more, ms. */
const timeoutMs = 20_000;

export interface Login {
  /** The gateway: `https://host`. */
  readonly origin: URL;
  readonly username: string;
  readonly password: string;
}

/**
 * Logs a basic user in at the identity provider. The client of the documented samples gives no refresh token; its
 * way to renew is to log in again. Throws {@link VmsError}.
 */
export async function obtainAccessToken(
  calls: Calls,
  login: Login,
  signal: AbortSignal,
): Promise<GrantedToken> {
  const body = new URLSearchParams({
    grant_type: 'password',
    username: login.username,
    password: login.password,
    client_id: 'GrantValidatorClient',
  }).toString();
  const ask = (path: string) =>
    calls.call({
      method: 'POST',
      url: new URL(path, login.origin),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body,
      timeoutMs,
      signal,
    });
  let answer = await ask('/API/IDP/connect/token');
  // Gateways that do not pass the identity provider on leave it to the management server.
  if (answer.status === 404) answer = await ask('/IDP/connect/token');

  if (answer.status === 200) {
    const { access_token: value, expires_in: seconds } = readJson(answer.body, TokenAnswer);
    return { value, lifeMs: seconds * 1000 };
  }
  if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
    const why = TokenRefusal.safeParse(tryJson(answer.body)).data?.error_description ?? '';
    throw new VmsError(
      'refused',
      /locked/i.test(why)
        ? 'XProtect has locked this user out'
        : 'XProtect refuses this user name or password',
      { cause: new Error(`The identity provider answered ${answer.status}`) },
    );
  }
  if (answer.status >= 500)
    throw new VmsError('unavailable', `XProtect cannot log anybody in now (status ${answer.status})`);
  throw new VmsError('unexpected-answer', `XProtect answered the log-in with status ${answer.status}`);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
