/** One link of a `Link` header: where to, and its parameters by lower-case name (the first of each counts). */
export interface Link {
  readonly target: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Reads a `Link` header (RFC 8288 §3 and appendix B.2): several links apart by commas, values that may be quoted and
 * hold commas, semicolons and escaped quotes. What cannot be read ends the reading; what came before it counts.
 */
export function parseLinks(header: string | null): readonly Link[] {
  const links: Link[] = [];
  const text = header ?? '';
  let at = 0;
  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const quoted = (): string => {
    let value = '';
    at += 1;
    while (at < text.length && text[at] !== '"') {
      if (text[at] === '\\') at += 1;
      value += text[at] ?? '';
      at += 1;
    }
    at += 1;
    return value;
  };

  for (;;) {
    skip(/[\s,]*/y);
    if (text[at] !== '<') return links;
    const end = text.indexOf('>', at);
    if (end < 0) return links;
    const target = text.slice(at + 1, end).trim();
    at = end + 1;
    const parameters = new Map<string, string>();
    while (skip(/\s*;\s*/y) !== '') {
      const name = skip(/[^\s=;,]*/y).toLowerCase();
      skip(/\s*/y);
      let value = '';
      if (text[at] === '=') {
        at += 1;
        skip(/\s*/y);
        value = text[at] === '"' ? quoted() : skip(/[^\s;,]*/y);
      }
      if (name !== '' && !parameters.has(name)) parameters.set(name, value);
    }
    links.push({ target, parameters });
  }
}

/** The STUN and TURN servers among the links (`rel="ice-server"`, RFC 9725 §4.6). Other relations are not ours. */
export function iceServersOf(links: readonly Link[]): RTCIceServer[] {
  return links
    .filter(
      ({ target, parameters }) =>
        (parameters.get('rel') ?? '').toLowerCase().split(/\s+/).includes('ice-server') &&
        /^(stun|turn)s?:/i.test(target),
    )
    .map(({ target, parameters }) => {
      const [username, credential] = [parameters.get('username'), parameters.get('credential')];
      return {
        urls: target,
        ...(username === undefined ? {} : { username }),
        ...(credential === undefined ? {} : { credential }),
      };
    });
}
