import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** How the server lets clients in: the document prefers tokens and falls back to Basic. */
export type ApiAuth = 'basic' | 'token' | 'both' | 'windows';

export interface Account {
  readonly username: string;
  readonly password: string;
  /** Where the account is of a domain, its name is `DOMAIN\user`. */
  readonly domain?: string;
}

const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

/** The HTTP side's door. */
export class Door {
  readonly #auth: ApiAuth;
  readonly #account: Account;
  readonly #tokenLifeMs: number;
  readonly #tokens = new Map<string, number>();
  /** Tokens given out so far. */
  granted = 0;

  constructor(auth: ApiAuth, account: Account, tokenLifeMs: number) {
    this.#auth = auth;
    this.#account = account;
    this.#tokenLifeMs = tokenLifeMs;
  }

  /** The account's name as it is spelt in Basic credentials. */
  get loginName(): string {
    const { username, domain } = this.#account;
    return domain === undefined ? username : `${domain}\\${username}`;
  }

  get hasTokens(): boolean {
    return this.#auth === 'token' || this.#auth === 'both';
  }

  /** What a 401 names, one per line. */
  get challenges(): string[] {
    if (this.#auth === 'windows') return ['Negotiate', 'NTLM'];
    return [
      ...(this.hasTokens ? ['Bearer realm="Milestone"'] : []),
      ...(this.#auth === 'token' ? [] : ['Basic realm="Milestone"']),
    ];
  }

  isWelcome(request: IncomingMessage): boolean {
    const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(/\s+/, 2);
    if (scheme.toLowerCase() === 'bearer' && this.hasTokens)
      return (this.#tokens.get(value) ?? 0) > performance.now();
    if (scheme.toLowerCase() !== 'basic' || !['basic', 'both'].includes(this.#auth)) return false;
    return isSame(value, Buffer.from(`${this.loginName}:${this.#account.password}`).toString('base64'));
  }

  /** A token for these credentials; undefined when they are wrong. */
  grant(credentials: { username?: unknown; password?: unknown; domain?: unknown }) {
    const { username, password, domain = '' } = this.#account;
    if (credentials.username !== username || credentials.password !== password) return undefined;
    if ((credentials.domain ?? '') !== domain) return undefined;
    const token = randomBytes(24).toString('base64url');
    this.#tokens.set(token, performance.now() + this.#tokenLifeMs);
    this.granted += 1;
    return { token, token_type: 'Bearer', expires_in: Math.max(1, Math.round(this.#tokenLifeMs / 1000)) };
  }

  /** Ends every token now. */
  expireTokens(): void {
    this.#tokens.clear();
  }
}
