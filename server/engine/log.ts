import { pino, type Logger } from 'pino';

export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;

/** JSON lines on stdout. Sources, tokens and passwords have no business here, and would be cut out. */
export function createLog(level: string): Logger {
  return pino({
    name: 'engine',
    level,
    base: null,
    redact: ['source', 'token', 'password', 'username', '*.source', '*.token', '*.password', '*.username'],
  });
}

/** The chain of causes in words, for the log. Recorders repeat tokens in what they say; those are cut out. */
export function causeOf(error: Error): string | undefined {
  const words: string[] = [];
  for (let cause = error.cause; cause instanceof Error && words.length < 4; cause = cause.cause)
    words.push(cause.message);
  return words.length === 0 ? undefined : words.join(': ').replaceAll(/TOKEN#[^\s&"<]*/g, 'TOKEN#…');
}
