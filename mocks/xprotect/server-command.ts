import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerPage, credentialsOf, readBody } from './http-answer.ts';
import type { Account } from './oauth.ts';
import { xprotectTime } from './odd-json.ts';
import { envelope, escapeXml, fault, readEnvelope } from './soap.ts';
import { isSame, type AccessTokens, type VmsTokens } from './tokens.ts';

const namespace = 'http://videoos.net/2/XProtectCSServerCommand';
const xml = 'text/xml; charset=utf-8';
const guidForm = /^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

/**
 * ServerCommandService: `Login` and `Logout`. `ServerCommandServiceOAuth.svc` takes the access token as Bearer,
 * `ServerCommandService.svc` user and password as HTTP Basic. Neither takes a VMS token for the other kind.
 */
export async function answerServerCommand(
  request: IncomingMessage,
  response: ServerResponse,
  {
    account,
    accessTokens,
    vmsTokens,
    isOAuth,
  }: { account: Account; accessTokens: AccessTokens; vmsTokens: VmsTokens; isOAuth: boolean },
): Promise<void> {
  if (request.method !== 'POST') {
    answerPage(response, 405);
    return;
  }
  const body = await readBody(request);
  if (!isAllowed(request, account, accessTokens, isOAuth)) {
    answer(response, 401, 'text/html', '', {
      'www-authenticate': isOAuth ? 'Bearer' : 'Basic realm="demo-xprotect"',
    });
    return;
  }
  const call = body === undefined ? undefined : readEnvelope(body);
  if (call === undefined) {
    answerPage(response, 400);
    return;
  }
  const action = String(request.headers['soapaction'] ?? '').replaceAll('"', '');
  if (action !== `${namespace}/IServerCommandService/${call.operation}`) {
    answer(
      response,
      500,
      xml,
      fault('Client', `The SOAPAction '${action}' does not match the message`, 20000),
    );
    return;
  }

  const { instanceId = '', currentToken = '' } = call.parameters;
  switch (call.operation) {
    case 'Login': {
      if (!guidForm.test(instanceId)) {
        answer(response, 500, xml, fault('Client', 'The instance id is not a GUID', 20000));
        return;
      }
      const { token, registeredAt } = vmsTokens.issue(instanceId.toLowerCase());
      answer(response, 200, xml, envelope(loginResponse(token, registeredAt, vmsTokens.lifeMs)));
      return;
    }
    case 'Logout':
      vmsTokens.end(currentToken, instanceId.toLowerCase());
      {
        answer(response, 200, xml, envelope(`<LogoutResponse xmlns="${namespace}"/>`));
        return;
      }
    default: {
      answer(response, 500, xml, fault('Server', `Method '${call.operation}' not supported`, 40000));
      return;
    }
  }
}

function isAllowed(
  request: IncomingMessage,
  account: Account,
  tokens: AccessTokens,
  isOAuth: boolean,
): boolean {
  if (isOAuth) return tokens.isAlive(credentialsOf(request, 'Bearer') ?? '');
  const given = Buffer.from(credentialsOf(request, 'Basic') ?? '', 'base64').toString('utf8');
  // Basic users log in here as [BASIC]\name on real servers; the plain name is taken too.
  return isSame(given.replace(/^\[BASIC\]\\/i, ''), `${account.username}:${account.password}`);
}

function loginResponse(token: string, registeredAt: number, lifeMs: number): string {
  return (
    `<LoginResponse xmlns="${namespace}"><LoginResult>` +
    `<RegistrationTime>${xprotectTime(registeredAt)}</RegistrationTime>` +
    `<TimeToLive><MicroSeconds>${lifeMs * 1000}</MicroSeconds></TimeToLive>` +
    '<TimeToLiveLimited>false</TimeToLiveLimited>' +
    `<Token>${escapeXml(token)}</Token></LoginResult></LoginResponse>`
  );
}
