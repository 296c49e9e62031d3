/**
 * Whether a request was made by a page of another site (or a sibling of this one). Browsers say so in
 * Sec-Fetch-Site on trustworthy origins and in Origin elsewhere; a page cannot forge either. Clients that are no
 * browsers send neither and carry nobody's cookie by accident.
 */
export function isCrossSite(
  headers: Headers,
  own: { readonly host: string | undefined; readonly publicUrl: string | undefined },
): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  const origin = headers.get('origin');
  if (origin === null) return false;
  if (!URL.canParse(origin)) return true;
  const { host } = new URL(origin);
  return host !== own.host && (own.publicUrl === undefined || host !== new URL(own.publicUrl).host);
}
