/** Secure cookies carry the prefix that no sibling site and no plain-text page can set (RFC 6265bis §4.1.3.2). */
const nameOf = (isSecure: boolean): string => (isSecure ? '__Host-parapet' : 'parapet');

/** The session token a Cookie header carries, if any. Behind TLS only the prefixed cookie counts. */
export function readSessionCookie(header: string | undefined, isSecure: boolean): string | undefined {
  const name = nameOf(isSecure);
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/**
 * The Set-Cookie header of a session. Strict: the app is one page that fetches for itself, so links from elsewhere
 * still find the person signed in. Without `maxAgeS` it ends with the browser.
 */
export function sessionCookie(token: string, isSecure: boolean, maxAgeS: number | undefined): string {
  return [
    `${nameOf(isSecure)}=${token}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
    ...(maxAgeS === undefined ? [] : [`Max-Age=${maxAgeS}`]),
  ].join('; ');
}

/** The Set-Cookie header that removes it. */
export const removedCookie = (isSecure: boolean): string => sessionCookie('', isSecure, 0);
