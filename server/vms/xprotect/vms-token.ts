import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { VmsError } from '#server/vms/vms.ts';
import type { Answer, Calls } from './calls.ts';
import type { GrantedToken } from './fresh-token.ts';

const namespace = 'http://videoos.net/2/XProtectCSServerCommand';
const timeoutMs = 20_000;

const parser = new XMLParser({ removeNSPrefix: true, ignoreAttributes: true, parseTagValue: false });
const LoginResult = z.object({
  Token: z.string().min(1),
  TimeToLive: z.object({ MicroSeconds: z.coerce.number().positive() }),
});
const Reply = z.object({ Envelope: z.object({ Body: z.record(z.string(), z.unknown()) }) });
const LoginReply = z.object({ LoginResponse: z.object({ LoginResult: LoginResult }) });

export interface VmsTokenRequest {
  /** The management server: `https://host`. */
  readonly origin: URL;
  readonly accessToken: string;
  /** Chosen once by the client and kept, so that the server knows a renewal from a new client. */
  readonly instanceId: string;
  /** The token being renewed. */
  readonly currentToken?: string | undefined;
  readonly signal: AbortSignal;
}

/** The management server does not take our access token (any more). */
export class AccessTokenRefused extends Error {}

/** Thrown when this host has no ServerCommandService: gateway and management server may be different ones. */
export class NoServerCommand extends Error {}

/**
 * ServerCommandService `Login`: the token that recording servers accept. Throws {@link VmsError},
 * {@link AccessTokenRefused} or {@link NoServerCommand}.
 */
export async function obtainVmsToken(calls: Calls, request: VmsTokenRequest): Promise<GrantedToken> {
  const answer = await callServerCommand(calls, 'Login', request);
  if (answer.status === 401) throw new AccessTokenRefused();
  if (answer.status === 404) throw new NoServerCommand();
  if (answer.status === 403) throw new VmsError('refused', 'XProtect does not let this user use recorders');
  const body = Reply.safeParse(tryXml(answer.body)).data?.Envelope.Body;
  if (body !== undefined && 'Fault' in body)
    throw new VmsError('refused', 'XProtect refuses a token for its recorders', {
      cause: faultOf(body['Fault']),
    });
  if (answer.status >= 500)
    throw new VmsError('unavailable', `XProtect gives no recorder tokens now (status ${answer.status})`);
  const login = LoginReply.safeParse(body);
  if (answer.status !== 200 || !login.success)
    throw new VmsError(
      'unexpected-answer',
      `XProtect answered Login in an unexpected way (status ${answer.status})`,
    );
  const { Token: value, TimeToLive: life } = login.data.LoginResponse.LoginResult;
  return { value, lifeMs: life.MicroSeconds / 1000 };
}

/** ServerCommandService `Logout`: the token dies at once, and the connections that use it. */
export async function endVmsToken(calls: Calls, request: VmsTokenRequest): Promise<void> {
  await callServerCommand(calls, 'Logout', request);
}

function callServerCommand(
  calls: Calls,
  operation: 'Login' | 'Logout',
  { origin, accessToken, instanceId, currentToken = '', signal }: VmsTokenRequest,
): Promise<Answer> {
  return calls.call({
    method: 'POST',
    url: new URL('/ManagementServer/ServerCommandServiceOAuth.svc', origin),
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `${namespace}/IServerCommandService/${operation}`,
    },
    body:
      '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
      `<${operation} xmlns="${namespace}"><instanceId>${instanceId}</instanceId>` +
      `<currentToken>${escapeXml(currentToken)}</currentToken></${operation}></soap:Body></soap:Envelope>`,
    timeoutMs,
    signal,
  });
}

function tryXml(text: string): unknown {
  try {
    return parser.parse(text);
  } catch {
    return undefined;
  }
}

function faultOf(fault: unknown): Error {
  const { faultstring } = z.object({ faultstring: z.string() }).safeParse(fault).data ?? {};
  return new Error(faultstring ?? 'A SOAP fault without words');
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
