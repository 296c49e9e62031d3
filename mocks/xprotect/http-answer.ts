import type { IncomingMessage, ServerResponse } from 'node:http';

const names: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'File or directory not found.',
  405: 'HTTP verb used to access this page is not allowed.',
  500: 'Internal server error.',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** The page that IIS gives for what is not the API's business. */
export function iisPage(status: number): string {
  const title = names[status] ?? 'Error';
  return `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r
<html xmlns="http://www.w3.org/1999/xhtml">\r
<head>\r
<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"/>\r
<title>${status} - ${title}</title>\r
</head>\r
<body>\r
<div id="header"><h1>Server Error</h1></div>\r
<div id="content"><h2>${status} - ${title}</h2></div>\r
</body>\r
</html>\r
`;
}

export function answer(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    server: 'Microsoft-IIS/10.0',
    'x-powered-by': 'ASP.NET',
    ...headers,
  });
  response.end(body);
}

export function answerPage(response: ServerResponse, status: number): void {
  answer(response, status, 'text/html', iisPage(status));
}

/** Reads a body of at most `limit` bytes; undefined when it is longer. */
export async function readBody(request: IncomingMessage, limit = 65_536): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  }
  return length > limit ? undefined : Buffer.concat(chunks).toString('utf8');
}

/** The token of an `Authorization` header of this scheme. */
export function credentialsOf(request: IncomingMessage, scheme: 'Bearer' | 'Basic'): string | undefined {
  const [given, value] = (request.headers.authorization ?? '').split(/\s+/, 2);
  return given?.toLowerCase() === scheme.toLowerCase() && value !== '' ? value : undefined;
}
