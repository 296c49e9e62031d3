import {
  generateKeyPair,
  randomBytes,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';

const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url');

/** One key pair per process: making it takes longer than everything else at the start. */
let keys: Promise<{ privateKey: KeyObject; publicKey: KeyObject }> | undefined;

/** The access tokens of the identity provider: JWTs signed with RS256, as XProtect's IDP gives them out. */
export class AccessTokens {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #lifeMs: number;
  readonly #issuedAt = new Map<string, number>();
  readonly #refresh = new Map<string, { user: string; expiresAt: number }>();
  #notBefore = 0;
  #lastIssuedAt = 0;

  private constructor(keys: { privateKey: KeyObject; publicKey: KeyObject }, lifeMs: number) {
    this.#privateKey = keys.privateKey;
    this.#publicKey = keys.publicKey;
    this.#lifeMs = lifeMs;
  }

  static async create(lifeMs: number): Promise<AccessTokens> {
    keys ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    return new AccessTokens(await keys, lifeMs);
  }

  get lifeMs(): number {
    return this.#lifeMs;
  }

  /** A token for this user. Claims as seen on real servers; `iatMs` is ours and lets tests end tokens within a second. */
  issue(user: string, clientId: string, issuer: string): string {
    // Never before the instant at which all tokens were ended, nor twice the same.
    const now = Math.max(Date.now(), this.#lastIssuedAt + 1);
    this.#lastIssuedAt = now;
    const claims = {
      iss: issuer,
      nbf: Math.floor(now / 1000),
      iat: Math.floor(now / 1000),
      exp: Math.ceil((now + this.#lifeMs) / 1000),
      aud: ['managementserver', `${issuer}/resources`],
      scope: ['managementserver'],
      amr: ['pwd'],
      client_id: clientId,
      sub: randomUUID(),
      auth_time: Math.floor(now / 1000),
      idp: 'local',
      name: user,
      iatMs: now,
    };
    const head = `${base64url('{"alg":"RS256","kid":"1","typ":"at+jwt"}')}.${base64url(JSON.stringify(claims))}`;
    return `${head}.${base64url(sign('RSA-SHA256', Buffer.from(head), this.#privateKey))}`;
  }

  /** Whether the token is one of ours and alive. */
  isAlive(token: string): boolean {
    const issuedAt = this.#issuedAt.get(token) ?? this.#verify(token);
    return issuedAt !== undefined && issuedAt > this.#notBefore && Date.now() < issuedAt + this.#lifeMs;
  }

  /** When a token with our signature was issued. Remembered: a directory is a thousand calls with one token. */
  #verify(token: string): number | undefined {
    const [head, body, signature] = token.split('.');
    if (head === undefined || body === undefined || signature === undefined) return undefined;
    const signed = Buffer.from(`${head}.${body}`);
    if (!verify('RSA-SHA256', signed, this.#publicKey, Buffer.from(signature, 'base64url'))) return undefined;
    const { iatMs } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { iatMs: number };
    if (this.#issuedAt.size >= 100) this.#issuedAt.clear();
    this.#issuedAt.set(token, iatMs);
    return iatMs;
  }

  issueRefresh(user: string): string {
    const token = randomBytes(32).toString('hex').toUpperCase();
    this.#refresh.set(token, { user, expiresAt: Date.now() + 30 * 24 * 3_600_000 });
    return token;
  }

  /** Uses a refresh token up; gives its user, or undefined when it is unknown or spent. */
  spendRefresh(token: string): string | undefined {
    const known = this.#refresh.get(token);
    this.#refresh.delete(token);
    return known !== undefined && known.expiresAt > Date.now() ? known.user : undefined;
  }

  expireAll(): void {
    this.#notBefore = Math.max(Date.now(), this.#lastIssuedAt);
    this.#lastIssuedAt = this.#notBefore;
    this.#refresh.clear();
  }
}

/** The tokens of ServerCommandService `Login`, the only ones that recorders accept. */
export class VmsTokens {
  readonly #alive = new Map<string, { instanceId: string; expiresAt: number }>();
  readonly #lifeMs: number;

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  get lifeMs(): number {
    return this.#lifeMs;
  }

  /** A new token for this client instance. A token being renewed lives on until its own end. */
  issue(instanceId: string): { token: string; registeredAt: number } {
    const registeredAt = Date.now();
    for (const [token, { expiresAt }] of this.#alive)
      if (expiresAt <= registeredAt) this.#alive.delete(token);
    const token = `TOKEN#${randomUUID()}#demo-xprotect//ServerConnector#`;
    this.#alive.set(token, { instanceId, expiresAt: registeredAt + this.#lifeMs });
    return { token, registeredAt };
  }

  isAlive(token: string): boolean {
    const known = this.#alive.get(token);
    return known !== undefined && known.expiresAt > Date.now();
  }

  /** Ends a token of this client instance; another's is left alone. */
  end(token: string, instanceId: string): void {
    if (this.#alive.get(token)?.instanceId === instanceId) this.#alive.delete(token);
  }

  expireAll(): void {
    this.#alive.clear();
  }
}

/** Whether both texts are equal, in a time that tells nothing about where they differ. */
export function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
