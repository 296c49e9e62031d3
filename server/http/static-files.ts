import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};
const compressible = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;
type Encoding = 'br' | 'gzip' | 'identity';

interface BuiltFile {
  readonly file: string;
  readonly type: string;
  readonly size: number;
}

/** The built app, as answers. */
export interface StaticFiles {
  /** The page itself, for its inline scripts' hashes; undefined while nothing is built. */
  readonly page: string | undefined;
  /** A file, the page for any address of the app, or undefined where neither fits. */
  answer(request: Request): Promise<Response | undefined>;
}

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

async function encoded(content: Buffer, encoding: Encoding): Promise<Buffer> {
  // Once per file and process: worth a good compression, not the slowest.
  if (encoding === 'br') return await brotli(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } });
  return encoding === 'gzip' ? await zip(content) : content;
}

function chosenEncoding(request: Request, file: BuiltFile): Encoding {
  if (!compressible.test(file.type) || file.size < 1000) return 'identity';
  const accepted = (request.headers.get('accept-encoding') ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';')[0]);
  return accepted.includes('br') ? 'br' : accepted.includes('gzip') ? 'gzip' : 'identity';
}

/**
 * Serves what is in the directory now; a file added later needs a restart, as it needs one of the policy's hashes
 * anyhow. Only listed files can be asked for, so no address leads out of the directory.
 */
export async function openStaticFiles(directory: string): Promise<StaticFiles> {
  const files = new Map<string, BuiltFile>();
  if (existsSync(directory))
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      const type = mediaTypes[path.extname(entry.name)] ?? 'application/octet-stream';
      files.set(`/${path.relative(directory, file).split(path.sep).join('/')}`, {
        file,
        type,
        size: statSync(file).size,
      });
    }
  const pageFile = files.get('/index.html');
  const page = pageFile === undefined ? undefined : await readFile(pageFile.file, 'utf8');
  const ready = new Map<string, Promise<{ readonly body: Buffer; readonly etag: string }>>();

  const load = async ({ file }: BuiltFile, encoding: Encoding) => {
    const body = await encoded(await readFile(file), encoding);
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
  };

  async function send(request: Request, name: string, file: BuiltFile): Promise<Response> {
    const encoding = chosenEncoding(request, file);
    const key = `${encoding} ${name}`;
    let loading = ready.get(key);
    if (loading === undefined) {
      loading = load(file, encoding);
      ready.set(key, loading);
      loading.catch(() => ready.delete(key));
    }
    const { body, etag } = await loading;
    const headers: Record<string, string> = {
      'content-type': file.type,
      etag,
      vary: 'accept-encoding',
      'cache-control': name.startsWith('/_app/immutable/')
        ? 'public, max-age=31536000, immutable'
        : 'no-cache',
      ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
    };
    if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
    headers['content-length'] = String(body.byteLength);
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), { headers });
  }

  return {
    page,
    async answer(request) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
      const { pathname } = new URL(request.url);
      const file = files.get(pathname);
      if (file !== undefined) return await send(request, pathname, file);
      // What has an ending is a file that is missing; everything else is a page that the app draws.
      if (pageFile === undefined || pathname.startsWith('/_app/') || path.extname(pathname) !== '')
        return undefined;
      return await send(request, '/index.html', pageFile);
    },
  };
}
