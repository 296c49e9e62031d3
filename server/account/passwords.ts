import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { Refusal } from '#server/http/refusal.ts';

// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. 25 ms on this century's cores.
const cost = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Each hash holds a core and 19 MiB: more than this at once serve nobody. */
const mostAtOnce = 2;
const mostWaiting = 30;

let running = 0;
const waiting: (() => void)[] = [];

/** Runs at most {@link mostAtOnce} hashes at once; throws `overloaded` when too many queue already. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= mostAtOnce) {
    if (waiting.length >= mostWaiting) throw new Refusal('overloaded', { retryAfterS: 2 });
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** The text to keep instead of a password. */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password, cost));

let decoy: Promise<string> | undefined;

/**
 * Whether the password is the one that was hashed. Without a hash (no such user) it takes as long and says no, so
 * that the time of an answer does not tell which names exist.
 */
export async function isPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  decoy ??= hashPassword('nobody has this password');
  const against = passwordHash ?? (await decoy);
  const isRight = await inTurn(() => verify(against, password));
  return isRight && passwordHash !== undefined;
}
