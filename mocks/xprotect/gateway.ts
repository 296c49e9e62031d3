import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigRest } from './config-rest.ts';
import type { EvidenceStore } from './evidence-store.ts';
import type { Faults, Surface } from './faults.ts';
import type { Features } from './features.ts';
import { answer, answerPage, credentialsOf, readBody } from './http-answer.ts';
import { answerToken, type Account } from './oauth.ts';
import { answerServerCommand } from './server-command.ts';
import type { AccessTokens, VmsTokens } from './tokens.ts';
import { answerWebRtc } from './webrtc/rest.ts';
import type { WebRtcSessions } from './webrtc/sessions.ts';

export interface GatewayParts {
  readonly account: Account;
  readonly accessTokens: AccessTokens;
  readonly vmsTokens: VmsTokens;
  readonly rest: ConfigRest;
  readonly evidence: EvidenceStore;
  readonly webRtc: WebRtcSessions;
  readonly features: Features;
  readonly faults: Faults;
  /** Where clients reach it, `http://host:port`. Known once it listens. */
  origin(): string;
}

const json = 'application/json; charset=utf-8';
const restRoot = '/api/rest/v1/';
const webRtcRoot = `${restRoot}webrtc/`;
const soapRoot = '/managementserver/servercommandservice';

/** The management server and its API gateway on one port, as IIS presents them. Paths are case-insensitive. */
export function createGateway(parts: GatewayParts): Server {
  const closed = new AbortController();
  const server = createServer((request, response) => {
    route(request, response, parts, closed.signal).catch((error: unknown) => {
      if (closed.signal.aborted) response.destroy();
      else if (response.headersSent) response.destroy(error instanceof Error ? error : undefined);
      else answerPage(response, 500);
    });
  });
  server.on('close', () => closed.abort());
  server.keepAliveTimeout = 120_000;
  return server;
}

function surfaceOf(path: string): Surface | undefined {
  if (path.startsWith(`${restRoot}bookmarks`)) return 'bookmarks';
  if (path.startsWith(`${restRoot}evidencelocks`)) return 'evidence-locks';
  if (path.startsWith(webRtcRoot)) return 'webrtc';
  if (path.startsWith('/api/rest/')) return 'rest';
  if (path.startsWith('/idp/') || path.startsWith('/api/idp/')) return 'idp';
  return path.startsWith('/managementserver/') ? 'soap' : undefined;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  parts: GatewayParts,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://gateway');
  const path = url.pathname.toLowerCase();
  const surface = surfaceOf(path);
  const { latencyMs = 0, failWith } = surface === undefined ? {} : parts.faults.surface(surface);
  // A slow WebRTC is slow in making sessions: more of them overlap.
  if (latencyMs > 0 && surface !== 'webrtc') await sleep(latencyMs, undefined, { signal });
  if (failWith !== undefined) {
    answerPage(response, failWith);
    return;
  }

  if (path === '/api/.well-known/uris') {
    answerUris(request, response, parts.origin());
    return;
  }
  if (path === '/idp/.well-known/openid-configuration') {
    answerOpenId(request, response, parts.origin());
    return;
  }
  if (path === '/idp/connect/token' || path === '/api/idp/connect/token') {
    if (request.method !== 'POST') {
      answerPage(response, 405);
      return;
    }
    return answerToken(request, response, {
      account: parts.account,
      tokens: parts.accessTokens,
      issuer: `${parts.origin()}/IDP`,
      throughGateway: path.startsWith('/api/'),
    });
  }
  if (path === `${soapRoot}oauth.svc` || path === `${soapRoot}.svc`)
    return answerServerCommand(request, response, { ...parts, isOAuth: path.endsWith('oauth.svc') });
  if (path.startsWith(restRoot))
    return answerRest(request, response, parts, path.slice(restRoot.length), url.searchParams, signal);
  answerPage(response, 404);
}

async function answerRest(
  request: IncomingMessage,
  response: ServerResponse,
  { accessTokens, rest, evidence, webRtc, features, faults }: GatewayParts,
  path: string,
  given: URLSearchParams,
  signal: AbortSignal,
): Promise<void> {
  // A token of the recorders' kind is as good as none.
  const token = credentialsOf(request, 'Bearer') ?? '';
  if (!accessTokens.isAlive(token)) {
    answer(response, 401, json, '', { 'www-authenticate': 'Bearer error="invalid_token"' });
    return;
  }
  const query = new URLSearchParams([...given].map(([key, value]) => [key.toLowerCase(), value]));
  if (isInventory(path, query) && faults.inventoryLatencyMs > 0)
    await sleep(faults.inventoryLatencyMs, undefined, { signal });
  const { method = 'GET' } = request;
  const text = method === 'GET' ? '' : ((await readBody(request)) ?? '');
  request.resume();
  const [root, id] = path.split('/').filter(Boolean);
  if (root === 'bookmarks' || root === 'evidencelocks') {
    const task = query.get('task')?.toLowerCase();
    const stored = evidence[root === 'bookmarks' ? 'bookmarks' : 'evidenceLocks'](
      { method, id, task, body: text },
      features.now,
    );
    answer(response, stored.status, json, stored.body);
    return;
  }
  if (root === 'webrtc' && features.now.webRtc !== 'none') {
    const call = { method, path: path.slice('webrtc/'.length), body: text, token };
    const said = await answerWebRtc(webRtc, features, call, (fresh) => accessTokens.isAlive(fresh));
    if (said.status === 405) answerPage(response, 405);
    else answer(response, said.status, said.status === 200 ? json : 'text/plain; charset=utf-8', said.body);
    return;
  }
  if (method !== 'GET' && method !== 'POST') {
    answerPage(response, 405);
    return;
  }
  const { status, body } = method === 'GET' ? rest.get(path, query) : rest.post(path, query, text);
  answer(response, status, json, body);
}

/** Lists that grow with the site, whole or page by page: `includeChildren`, and cameras and hardware of all recorders. */
const isInventory = (path: string, query: URLSearchParams): boolean =>
  query.has('includechildren') || /^(?:cameras|hardware)\/?$/.test(path);

function answerUris(request: IncomingMessage, response: ServerResponse, origin: string): void {
  if (request.method !== 'GET') {
    answerPage(response, 405);
    return;
  }
  const isSecure = origin.startsWith('https:');
  const uris = {
    ProductVersion: '25.1.1804.0',
    UnsecureManagementServer: isSecure ? '' : `${origin}/`,
    SecureManagementServer: isSecure ? `${origin}/` : '',
    IdentityProvider: `${origin}/IDP`,
    ApiGateways: [`${origin}/API/`],
  };
  answer(response, 200, json, JSON.stringify(uris));
}

function answerOpenId(request: IncomingMessage, response: ServerResponse, origin: string): void {
  if (request.method !== 'GET') {
    answerPage(response, 405);
    return;
  }
  const configuration = {
    issuer: `${origin}/IDP`,
    token_endpoint: `${origin}/IDP/connect/token`,
    grant_types_supported: ['password', 'refresh_token', 'windows_credentials'],
    server_version: '25.1.1804.0',
  };
  answer(response, 200, json, JSON.stringify(configuration));
}
