/**
 * Where to go after signing in: the page that was asked for, when it is one of ours. Anything else, such as an
 * address that would lead to another site, leads to the wall.
 */
export function nextPage(asked: string | null, origin: string): string {
  if (asked === null || !asked.startsWith('/')) return '/';
  // Parsed the way the browser will: `//host` and `/\host` are other sites.
  const url = URL.parse(asked, origin);
  if (url?.origin !== origin || url.pathname === '/sign-in') return '/';
  return url.pathname + url.search + url.hash;
}

/** The sign-in page that leads back to `url`. */
export function signInPage(url: Pick<URL, 'pathname' | 'search'>): string {
  const asked = url.pathname + url.search;
  return asked === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(asked)}`;
}
