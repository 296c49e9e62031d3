import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerPage, readBody } from './http-answer.ts';
import { fault, readEnvelope } from './soap.ts';
import type { VmsTokens } from './tokens.ts';

const xml = 'text/xml; charset=utf-8';

/**
 * RecorderCommandService of a recording server. It checks the token as a real one does; its operations are about
 * recordings, which this site does not have yet, so each one answers that it is not supported.
 */
export async function answerRecorderCommand(
  request: IncomingMessage,
  response: ServerResponse,
  tokens: VmsTokens,
): Promise<void> {
  const path = (request.url ?? '').toLowerCase().replace(/\?.*$/, '');
  if (path !== '/recordercommandservice/recordercommandservice.asmx') {
    answerPage(response, 404);
    return;
  }
  const call = request.method === 'POST' ? readEnvelope((await readBody(request)) ?? '') : undefined;
  if (call === undefined) {
    answerPage(response, request.method === 'POST' ? 400 : 405);
    return;
  }
  const token = call.parameters['token'] ?? '';
  if (token === '') answer(response, 500, xml, fault('Client', 'No token supplied', 20001, 1));
  else if (!tokens.isAlive(token)) answer(response, 500, xml, fault('Client', 'Token invalid', 20001, 2));
  else answer(response, 500, xml, fault('Server', `Method '${call.operation}' not supported`, 40000));
}
