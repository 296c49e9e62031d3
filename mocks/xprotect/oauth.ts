import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, readBody } from './http-answer.ts';
import { isSame, type AccessTokens } from './tokens.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** The client whose tokens can be refreshed; the other one logs in again. */
const refreshable = 'VmsClient';
const clients = new Set([refreshable, 'GrantValidatorClient']);

/**
 * The identity provider's token endpoint. `throughGateway` is the path below `/API`, which passes no NTLM on; the
 * management server's own asks Windows users for it.
 */
export async function answerToken(
  request: IncomingMessage,
  response: ServerResponse,
  {
    account,
    tokens,
    issuer,
    throughGateway,
  }: { account: Account; tokens: AccessTokens; issuer: string; throughGateway: boolean },
): Promise<void> {
  const json = (status: number, body: object) =>
    answer(response, status, 'application/json; charset=UTF-8', JSON.stringify(body), {
      'cache-control': 'no-store, no-cache, max-age=0',
    });
  const refuse = (error: string, description?: string) =>
    json(400, description === undefined ? { error } : { error, error_description: description });

  const body = await readBody(request);
  const isForm =
    request.headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true;
  if (body === undefined || !isForm) {
    refuse('invalid_request');
    return;
  }
  const form = new URLSearchParams(body);
  const clientId = form.get('client_id') ?? '';
  if (!clients.has(clientId)) {
    refuse('invalid_client');
    return;
  }

  const grant = (user: string) =>
    json(200, {
      access_token: tokens.issue(user, clientId, issuer),
      expires_in: Math.floor(tokens.lifeMs / 1000),
      token_type: 'Bearer',
      ...(clientId === refreshable ? { refresh_token: tokens.issueRefresh(user) } : {}),
      scope: clientId === refreshable ? 'managementserver offline_access' : 'managementserver',
    });

  switch (form.get('grant_type')) {
    case 'password': {
      const isKnown = isSame(form.get('username') ?? '', account.username);
      const isRight = isSame(form.get('password') ?? '', account.password);
      if (isKnown && isRight) grant(account.username);
      else refuse('invalid_grant', 'invalid_username_or_password');
      return;
    }
    case 'refresh_token': {
      const user =
        clientId === refreshable ? tokens.spendRefresh(form.get('refresh_token') ?? '') : undefined;
      if (user === undefined) refuse('invalid_grant');
      else grant(user);
      return;
    }
    case 'windows_credentials': {
      answer(
        response,
        401,
        'text/html',
        '',
        throughGateway ? {} : { 'www-authenticate': ['Negotiate', 'NTLM'] },
      );
      return;
    }
    default: {
      refuse('unsupported_grant_type');
      return;
    }
  }
}
