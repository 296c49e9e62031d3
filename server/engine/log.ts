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
