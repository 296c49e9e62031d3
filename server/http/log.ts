import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

export type { Logger } from 'pino';

const secretNames = [
  'password',
  'passwordHash',
  'password_hash',
  'token',
  'secret',
  'credential',
  'cookie',
  'authorization',
  'set-cookie',
  'source',
  'sdp',
];
const censor = '[secret]';

/** Addresses in error texts lose their user and password, bearer and form secrets their value. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${censor}@`)
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${censor}`)
    .replace(/\b(password|token|access_token|secret)=[^\s&;"']+/gi, `$1=${censor}`);

function scrub(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, secretNames.includes(key) ? censor : scrub(inner)]),
  );
}

/** The BFF's log: JSON lines, without anything that opens a door. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { part: 'bff' },
      redact: { paths: secretNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor },
      serializers: { err: (error: unknown) => scrub(stdSerializers.errWithCause(error as Error)) },
    },
    ...(destination === undefined ? [] : [destination]),
  );
}
