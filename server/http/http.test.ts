import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from './log.ts';
import { originReader } from './origin.ts';
import { isCrossSite } from './same-site.ts';
import { contentSecurityPolicy, inlineScriptHashes, securityHeaders } from './security-headers.ts';
import { openStaticFiles, type StaticFiles } from './static-files.ts';

describe('isCrossSite', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['a page of ours', { 'sec-fetch-site': 'same-origin' }, false],
    ['an address typed in', { 'sec-fetch-site': 'none' }, false],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, true],
    ['a page of a sibling', { 'sec-fetch-site': 'same-site' }, true],
    ['a page of ours, plain text', { origin: 'http://wall.test:8080' }, false],
    ['a page on another port', { origin: 'http://wall.test:9090' }, true],
    ['a page of another host', { origin: 'http://evil.test' }, true],
    ['the public address', { origin: 'https://public.test' }, false],
    ['a sandboxed page', { origin: 'null' }, true],
    ['no browser', {}, false],
    [
      'a browser that knows better than the Host header',
      { 'sec-fetch-site': 'same-origin', origin: 'http://x' },
      false,
    ],
  ])('%s', (_what, headers, expected) => {
    const own = { host: 'wall.test:8080', publicUrl: 'https://public.test/' };
    expect(isCrossSite(new Headers(headers), own)).toBe(expected);
  });
});

describe('originReader', () => {
  const read = originReader({ trustedProxies: ['10.0.0.0/8', '::1'], publicUrl: undefined });
  const forwarded = {
    'x-forwarded-for': '198.51.100.9, 203.0.113.7, 10.0.0.5',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'wall.test',
    host: 'inner:8080',
  };
  it.each<[string, string | undefined, Record<string, string>, unknown]>([
    [
      'a stranger’s headers are not believed',
      '192.0.2.1',
      forwarded,
      { address: '192.0.2.1', isSecure: false, host: 'inner:8080' },
    ],
    [
      'a proxy’s are, up to the first stranger',
      '10.0.0.1',
      forwarded,
      { address: '203.0.113.7', isSecure: true, host: 'wall.test' },
    ],
    [
      'a proxy on a dual-stack socket',
      '::ffff:10.0.0.1',
      forwarded,
      { address: '203.0.113.7', isSecure: true, host: 'wall.test' },
    ],
    ['a proxy that says nothing', '::1', { host: 'h' }, { address: '::1', isSecure: false, host: 'h' }],
    [
      'a proxy passing nonsense on',
      '::1',
      { 'x-forwarded-for': 'x, y' },
      { address: '::1', isSecure: false, host: undefined },
    ],
    ['no connection', undefined, {}, { address: 'unknown', isSecure: false, host: undefined }],
  ])('%s', (_what, peer, headers, expected) => {
    expect(read(new Headers(headers), peer)).toEqual(expected);
  });

  it.each([
    ['TLS of our own', { address: '192.0.2.1', isEncrypted: true }, {}, true],
    ['TLS from a proxy that says nothing', { address: '10.0.0.1', isEncrypted: true }, {}, true],
    [
      'TLS from a proxy, plain to it',
      { address: '10.0.0.1', isEncrypted: true },
      { 'x-forwarded-proto': 'http' },
      false,
    ],
  ])('%s: secure or not', (_what, peer, headers, expected) => {
    expect(read(new Headers(headers), peer).isSecure).toBe(expected);
  });

  it('has its host from the authority where HTTP/2 says one', () => {
    expect(read(new Headers(), { address: '192.0.2.1', authority: 'wall.test:8443' }).host).toBe(
      'wall.test:8443',
    );
  });

  it('is secure when the public address is', () => {
    const publicly = originReader({ trustedProxies: [], publicUrl: 'https://wall.test' });
    expect(publicly(new Headers(), '192.0.2.1').isSecure).toBe(true);
  });
});

describe('the policy', () => {
  it('names the hash of each inline script, and of no other', () => {
    const hashes = inlineScriptHashes(
      '<script>a()</script><script src="/b.js"></script><script type="module">\nc()\n</script>',
    );
    // printf 'a()' | openssl dgst -sha256 -binary | base64
    expect(hashes).toEqual([
      "'sha256-qVpDBgj7bpq5hMAcGp3AOc79J3Y1Z4HvySTwKrWDoy4='",
      expect.stringMatching(/^'sha256-.{44}'$/),
    ]);
    expect(contentSecurityPolicy(hashes)).toContain(`script-src 'self' ${hashes.join(' ')};`);
    expect(contentSecurityPolicy(hashes)).toContain("connect-src 'self';");
    expect(contentSecurityPolicy([], 'wss://rooms.test:7443/here')).toContain(
      "connect-src 'self' wss://rooms.test:7443 https://rooms.test:7443;",
    );
  });

  it('asks for TLS only where there is TLS', () => {
    expect(securityHeaders('', true)).toHaveProperty('strict-transport-security');
    expect(securityHeaders('', false)).not.toHaveProperty('strict-transport-security');
  });
});

describe('the log', () => {
  it('crosses out secrets by name, and those within words', () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    const cause = Object.assign(new Error('GET https://user:hunter2@vms.test/x?token=hunter2 said no'), {
      password: 'hunter2',
      response: { headers: { authorization: 'Bearer hunter2' } },
    });
    log.warn({ password: 'hunter2', vms: { token: 'hunter2' }, cookie: 'hunter2' }, 'one');
    log.warn({ err: new Error('Authorization: Bearer hunter2 was refused', { cause }) }, 'two');
    expect(lines).toHaveLength(2);
    expect(lines.join('')).toContain('vms.test');
    expect(lines.join('')).not.toContain('hunter2');
  });
});

describe('static files', () => {
  let directory: string;
  let files: StaticFiles;
  const script = `export const long = '${'x'.repeat(5000)}';`;
  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'parapet-build-'));
    mkdirSync(path.join(directory, '_app/immutable'), { recursive: true });
    writeFileSync(path.join(directory, 'index.html'), '<html><script>start()</script></html>');
    writeFileSync(path.join(directory, '_app/immutable/a.js'), script);
    writeFileSync(path.join(directory, 'icon.png'), 'png');
    writeFileSync(path.join(directory, '../parapet-outside.txt'), 'no');
    files = await openStaticFiles(directory);
  });
  afterAll(() => {
    rmSync(path.join(directory, '../parapet-outside.txt'));
    rmSync(directory, { recursive: true });
  });
  const get = (name: string, headers: Record<string, string> = {}, method = 'GET') =>
    files.answer(new Request(`http://wall.test${name}`, { method, headers }));

  it('serves what never changes for a year, compressed as the browser likes', async () => {
    const response = await get('/_app/immutable/a.js', { 'accept-encoding': 'gzip, br' });
    expect(response?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response?.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response?.headers.get('content-encoding')).toBe('br');
    const body = Buffer.from(await (response as Response).arrayBuffer());
    expect(brotliDecompressSync(body).toString()).toBe(script);
  });

  it.each([
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', null],
    ['', null],
  ])('accept-encoding: %s gives %s', async (accepted, encoding) => {
    const response = await get('/_app/immutable/a.js', { 'accept-encoding': accepted });
    expect(response?.headers.get('content-encoding')).toBe(encoding);
  });

  it.each(['/', '/walls/7', '/kiosk'])('%s is the page, which is asked for anew each time', async (name) => {
    const response = await get(name);
    expect(response?.headers.get('cache-control')).toBe('no-cache');
    expect(await response?.text()).toContain('start()');
  });

  it('answers 304 to who has it, and HEAD without content', async () => {
    const etag = (await get('/icon.png'))?.headers.get('etag') ?? '';
    expect((await get('/icon.png', { 'if-none-match': etag }))?.status).toBe(304);
    const head = await get('/icon.png', {}, 'HEAD');
    expect([head?.status, head?.headers.get('content-length'), await head?.text()]).toEqual([200, '3', '']);
  });

  it.each([
    '/missing.js',
    '/_app/immutable/b',
    '/../parapet-outside.txt',
    '/%2e%2e/parapet-outside.txt',
    '/..%2fparapet-outside.txt',
  ])('%s is not there', async (name) => {
    expect(await get(name)).toBeUndefined();
  });

  it('takes no other method', async () => {
    expect(await get('/', {}, 'POST')).toBeUndefined();
  });

  it('has no page where nothing is built', async () => {
    const empty = await openStaticFiles(path.join(directory, 'nowhere'));
    expect(empty.page).toBeUndefined();
  });
});
