import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { Faults } from './faults.ts';
import type { Features } from './features.ts';
import { answer, answerPage, readBody } from './http-answer.ts';
import type { LivePictures } from './image-server/live-feed.ts';
import { recorderOperations, RecorderFault } from './recorder-operations.ts';
import { envelope, fault, readEnvelope } from './soap.ts';
import type { Stills } from './stills.ts';
import type { VmsTokens } from './tokens.ts';

const xml = 'text/xml; charset=utf-8';

export interface RecorderCommandParts {
  /** The cameras recorded here, by id in lower case. */
  readonly cameras: ReadonlyMap<string, SiteCamera>;
  readonly tokens: VmsTokens;
  readonly faults: Faults;
  readonly features: Features;
  readonly stills: Stills;
  readonly pictures: LivePictures;
  /** Told of every operation that a valid token asked for. */
  onCall?(operation: string): void;
}

/** RecorderCommandService of a recording server: what it says about recordings, and its faults for the rest. */
export async function answerRecorderCommand(
  request: IncomingMessage,
  response: ServerResponse,
  parts: RecorderCommandParts,
): Promise<void> {
  const path = (request.url ?? '').toLowerCase().replace(/\?.*$/, '');
  const { latencyMs = 0, failWith } = parts.faults.surface('recorder-command');
  const body = request.method === 'POST' ? ((await readBody(request)) ?? '') : '';
  if (latencyMs > 0) await sleep(latencyMs);
  if (failWith !== undefined) {
    answerPage(response, failWith);
    return;
  }
  if (path !== '/recordercommandservice/recordercommandservice.asmx') {
    answerPage(response, 404);
    return;
  }
  const call = request.method === 'POST' ? readEnvelope(body) : undefined;
  if (call === undefined) {
    answerPage(response, request.method === 'POST' ? 400 : 405);
    return;
  }
  const token = call.parameters['token'] ?? '';
  if (token === '') {
    answer(response, 500, xml, fault('Client', 'No token supplied', 20001, 1));
    return;
  }
  if (!parts.tokens.isAlive(token)) {
    answer(response, 500, xml, fault('Client', 'Token invalid', 20001, 2));
    return;
  }
  parts.onCall?.(call.operation);
  const operation = recorderOperations[call.operation];
  if (operation === undefined) {
    answer(response, 500, xml, fault('Server', `Method '${call.operation}' not supported`, 40000));
    return;
  }
  try {
    answer(response, 200, xml, envelope(operation(call, parts)));
  } catch (error) {
    if (!(error instanceof RecorderFault)) throw error;
    answer(response, 500, xml, fault(error.side, error.message, error.number));
  }
}
