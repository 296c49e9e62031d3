import { createHash, timingSafeEqual } from 'node:crypto';
import type { ServiceScope } from '#contract/routes.ts';

/** The tokens that machines come with; a scope without one lets nobody in. */
export type ServiceTokens = Readonly<Partial<Record<ServiceScope, string | undefined>>>;

/** Hashed first, so that the comparison takes the same time whatever the lengths. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Tells whether an `Authorization` header (RFC 6750 §2.1) holds the token of a scope. */
export function serviceGuard(
  tokens: ServiceTokens,
): (scope: ServiceScope, authorization: string | undefined) => boolean {
  const expected = new Map(
    Object.entries(tokens).flatMap(([scope, token]) =>
      token === undefined ? [] : [[scope, digest(token)] as const],
    ),
  );
  return (scope, authorization) => {
    const token = /^Bearer +([\w~+/.=-]+)$/i.exec(authorization ?? '')?.[1];
    const wanted = expected.get(scope);
    return token !== undefined && wanted !== undefined && timingSafeEqual(digest(token), wanted);
  };
}
