/** A STUN or TURN server that browsers are told of. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')}"`;

/** Link header values, one for each URL (RFC 9725 §4.6). */
export function iceLinks(servers: readonly IceServer[]): string[] {
  return servers.flatMap(({ urls, username, credential }) =>
    urls.map((url) =>
      [
        `<${url}>`,
        'rel="ice-server"',
        ...(username === undefined ? [] : [`username=${quoted(username)}`]),
        ...(credential === undefined
          ? []
          : [`credential=${quoted(credential)}`, 'credential-type="password"']),
      ].join('; '),
    ),
  );
}
