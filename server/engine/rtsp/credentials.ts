import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

interface Challenge {
  readonly scheme: 'digest' | 'basic';
  readonly parameters: ReadonlyMap<string, string>;
}

const hashes: Readonly<Record<string, string>> = { md5: 'md5', 'sha-256': 'sha256' };

/**
 * Answers the challenges of one camera: Digest with SHA-256 or MD5, with and without `qop` and `-sess`
 * (RFC 7616, RFC 2069), and Basic (RFC 7617). The strongest that is offered is taken; the server's nonce is kept and
 * counted for the requests that follow.
 */
export class Authorizer {
  readonly #credentials: Credentials;
  readonly #newNonce: () => string;
  #challenge: Challenge | undefined;
  #count = 0;

  constructor(credentials: Credentials, newNonce: () => string = () => randomBytes(12).toString('hex')) {
    this.#credentials = credentials;
    this.#newNonce = newNonce;
  }

  /** Takes the `WWW-Authenticate` fields of a 401. Gives whether another attempt can succeed. */
  challenge(fields: readonly string[]): boolean {
    const challenges = fields.flatMap(readChallenges).filter(isSupported);
    const best = challenges.sort((a, b) => strength(b) - strength(a))[0];
    if (best === undefined) return false;
    const before = this.#challenge;
    this.#challenge = best;
    this.#count = 0;
    // The same question after our answer to it means that the answer was wrong.
    if (before === undefined) return true;
    if (best.parameters.get('stale')?.toLowerCase() === 'true') return true;
    return before.scheme === 'basic' && best.scheme === 'digest';
  }

  /** The `Authorization` field for a request, undefined before the first challenge. */
  header(method: string, uri: string): string | undefined {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const { username, password } = this.#credentials;
    if (challenge.scheme === 'basic')
      return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
    const get = (name: string): string => challenge.parameters.get(name) ?? '';
    const algorithm = get('algorithm').toLowerCase() || 'md5';
    const hash = (text: string): string =>
      createHash(hashes[algorithm.replace(/-sess$/, '')] ?? 'md5')
        .update(text, 'utf8')
        .digest('hex');
    const cnonce = this.#newNonce();
    const nc = (++this.#count).toString(16).padStart(8, '0');
    const secret = hash(`${username}:${get('realm')}:${password}`);
    const ha1 = algorithm.endsWith('-sess') ? hash(`${secret}:${get('nonce')}:${cnonce}`) : secret;
    const ha2 = hash(`${method}:${uri}`);
    const hasQop = get('qop')
      .split(',')
      .some((qop) => qop.trim().toLowerCase() === 'auth');
    const response = hasQop
      ? hash(`${ha1}:${get('nonce')}:${nc}:${cnonce}:auth:${ha2}`)
      : hash(`${ha1}:${get('nonce')}:${ha2}`);
    const fields = [
      `username="${quote(username)}"`,
      `realm="${quote(get('realm'))}"`,
      `nonce="${quote(get('nonce'))}"`,
      `uri="${uri}"`,
      `response="${response}"`,
    ];
    if (challenge.parameters.has('algorithm')) fields.push(`algorithm=${get('algorithm')}`);
    if (challenge.parameters.has('opaque')) fields.push(`opaque="${quote(get('opaque'))}"`);
    if (hasQop) fields.push('qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`);
    else if (algorithm.endsWith('-sess')) fields.push(`cnonce="${cnonce}"`);
    return `Digest ${fields.join(', ')}`;
  }
}

const quote = (text: string): string => text.replace(/["\\]/g, '\\$&');

function isSupported(challenge: Challenge): boolean {
  if (challenge.scheme === 'basic') return true;
  const algorithm = (challenge.parameters.get('algorithm') ?? 'md5').toLowerCase().replace(/-sess$/, '');
  const qop = challenge.parameters.get('qop');
  return (
    hashes[algorithm] !== undefined &&
    challenge.parameters.has('nonce') &&
    (qop === undefined ||
      qop
        .toLowerCase()
        .split(',')
        .some((q) => q.trim() === 'auth'))
  );
}

function strength(challenge: Challenge): number {
  if (challenge.scheme === 'basic') return 0;
  return (challenge.parameters.get('algorithm') ?? '').toLowerCase().startsWith('sha-256') ? 2 : 1;
}

/** One field may hold several challenges (RFC 9110 11.6.1). */
function readChallenges(field: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const token = /\s*,?\s*(?:([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([\w-]+))/y;
  for (let match = token.exec(field); match !== null; match = token.exec(field)) {
    const [, name, quoted, bare, scheme] = match;
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    else if (name !== undefined)
      challenges.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
  }
  return challenges.filter((c): c is Challenge & typeof c => c.scheme === 'digest' || c.scheme === 'basic');
}
