// A single-page app: the BFF serves one fallback page and the browser does the rest.
export const ssr = false;
