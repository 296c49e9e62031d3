/** Who may watch: Basic (RFC 7617) and Digest (RFC 7616, and RFC 2069's form without qop that old clients speak). */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export type DigestAlgorithm = 'MD5' | 'SHA-256';

export type CameraAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'digest';
      readonly username: string;
      readonly password: string;
      /** One challenge each, in this order. Cameras know MD5; newer ones offer SHA-256 first. Default MD5. */
      readonly algorithms?: readonly DigestAlgorithm[];
      /** How long a nonce serves before it is called stale. Default 300,000. */
      readonly nonceLifetimeMs?: number;
    };

/** Let in, or the `WWW-Authenticate` values to send with the 401. */
export type Verdict =
  { readonly isWelcome: true } | { readonly isWelcome: false; readonly challenges: string[] };

/** Looks at one request's credentials. */
export type Doorkeeper = (method: string, uri: string, authorization: string | undefined) => Verdict;

const realm = 'Synthetic camera';
const welcome: Verdict = { isWelcome: true };

/** The door of every camera behind one server; nonces of another doorkeeper are not known here. */
export function doorkeeper(auth: CameraAuth): Doorkeeper {
  if (auth.kind === 'none') return () => welcome;
  if (auth.kind === 'basic') {
    const expected = `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
    return (_method, _uri, authorization) =>
      authorization !== undefined && isSame(authorization, expected)
        ? welcome
        : { isWelcome: false, challenges: [`Basic realm="${realm}"`] };
  }
  return digestDoorkeeper(auth);
}

function digestDoorkeeper(auth: Extract<CameraAuth, { kind: 'digest' }>): Doorkeeper {
  const { username, password, algorithms = ['MD5'], nonceLifetimeMs = 300_000 } = auth;
  const secret = randomBytes(32);
  // A nonce proves its own age, so none has to be remembered: however many ask, nothing grows.
  const sign = (made: string) => createHmac('sha256', secret).update(made).digest('hex').slice(0, 32);
  const nonceNow = () => {
    const made = `${Math.floor(performance.now()).toString(16)}.${randomBytes(4).toString('hex')}`;
    return `${made}.${sign(made)}`;
  };
  const ageOf = (nonce: string): number | undefined => {
    const end = nonce.lastIndexOf('.');
    const made = nonce.slice(0, Math.max(0, end));
    if (!isSame(nonce.slice(end + 1), sign(made))) return undefined;
    return performance.now() - Number.parseInt(made, 16);
  };
  const refuse = (isStale: boolean): Verdict => ({
    isWelcome: false,
    challenges: algorithms.map(
      (algorithm) =>
        `Digest realm="${realm}", qop="auth", algorithm=${algorithm}, nonce="${nonceNow()}"${isStale ? ', stale=true' : ''}`,
    ),
  });

  return (method, uri, authorization) => {
    const given = parseDigest(authorization);
    if (given === undefined) return refuse(false);
    const algorithm = algorithms.find((one) => one === (given.get('algorithm') ?? 'MD5').toUpperCase());
    const nonce = given.get('nonce') ?? '';
    if (algorithm === undefined || given.get('username') !== username || given.get('realm') !== realm) {
      return refuse(false);
    }
    // A response made for one URL must not open another.
    if (given.get('uri') !== uri) return refuse(false);
    const hash = (text: string) =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const qop = given.get('qop');
    const middle =
      qop === undefined ? nonce : [nonce, given.get('nc') ?? '', given.get('cnonce') ?? '', qop].join(':');
    const expected = hash(
      [hash(`${username}:${realm}:${password}`), middle, hash(`${method}:${uri}`)].join(':'),
    );
    if (!isSame((given.get('response') ?? '').toLowerCase(), expected)) return refuse(false);
    // Right password: from here on the only fault left is an old or foreign nonce, and saying so saves a prompt.
    const age = ageOf(nonce);
    return age === undefined || age > nonceLifetimeMs ? refuse(true) : welcome;
  };
}

function parseDigest(authorization: string | undefined): Map<string, string> | undefined {
  if (authorization === undefined || !/^digest /i.test(authorization)) return undefined;
  const fields = new Map<string, string>();
  for (const field of authorization.slice(7).matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    fields.set((field[1] ?? '').toLowerCase(), field[2]?.replace(/\\(.)/g, '$1') ?? field[3] ?? '');
  }
  return fields;
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
