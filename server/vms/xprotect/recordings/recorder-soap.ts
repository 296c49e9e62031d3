import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { VmsError } from '#server/vms/vms.ts';
import type { Answer } from '../calls.ts';
import { hasMoved, isSilent, NotOffered, type RecorderParts } from './recorder-parts.ts';
import { TurnsByPlace } from './turns.ts';

const namespace = 'http://videoos.net/2/XProtectCSRecorderCommand';
const path = '/RecorderCommandService/RecorderCommandService.asmx';
/** A page of sequences is answered in less than a second; a busy disk takes its time. */
const timeoutMs = 30_000;
/** Calls under way at one recorder: its disks are for recording first. */
const callsPerRecorder = 3;

const parser = new XMLParser({ removeNSPrefix: true, ignoreAttributes: true, parseTagValue: false });
const Fault = z.object({
  Envelope: z.object({
    Body: z.object({
      Fault: z.object({
        faultstring: z.string().catch(''),
        detail: z.object({ ErrorNumber: z.string().catch(''), SubErrorNumber: z.string().catch('') }).catch({
          ErrorNumber: '',
          SubErrorNumber: '',
        }),
      }),
    }),
  }),
});

interface Question {
  readonly cameraId: string;
  readonly recorder: URL;
  readonly operation: string;
  readonly token: string;
  /** XML. */
  readonly content: string;
}

/** RecorderCommandService of the recorders: SOAP 1.1 with the VMS token. */
export class RecorderSoap {
  readonly #parts: RecorderParts;
  readonly #turns = new TurnsByPlace(callsPerRecorder);

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /**
   * Gives the answer's XML. `content` is what follows the token. A token that is not accepted is replaced once. Throws
   * {@link VmsError}, {@link NotOffered} for an operation the recorder does not have, or the signal's reason. A recorder
   * that does not answer is followed once to wherever the camera is now.
   */
  async call(cameraId: string, operation: string, content: string, signal: AbortSignal): Promise<string> {
    let hasNewToken = false;
    let isElsewhere = false;
    for (;;) {
      const [{ value: token }, recorder] = await Promise.all([
        this.#parts.vmsToken.get(signal),
        this.#parts.recorderOf(cameraId, signal),
      ]);
      let answer: Answer;
      try {
        answer = await this.#send({ cameraId, recorder, operation, token, content }, signal);
      } catch (error) {
        if (!(error instanceof VmsError) || error.code !== 'unavailable') throw error;
        const hasLeft = await hasMoved(this.#parts, cameraId, recorder, signal);
        if (isElsewhere || !hasLeft) throw error;
        isElsewhere = true;
        continue;
      }
      if (answer.status === 200) return answer.body;
      const fault = readFault(answer.body);
      if (fault?.number === '20001' && !hasNewToken) {
        this.#parts.vmsToken.invalidate(token);
        hasNewToken = true;
        continue;
      }
      throw errorOf(answer, fault, operation);
    }
  }

  #send({ cameraId, recorder, operation, token, content }: Question, signal: AbortSignal): Promise<Answer> {
    return this.#turns.take(recorder.href, signal, async () => {
      const from = performance.now();
      try {
        return await this.#parts.calls.call({
          method: 'POST',
          url: new URL(path, recorder),
          headers: {
            'content-type': 'text/xml; charset=utf-8',
            soapaction: `${namespace}/${operation}`,
          },
          // The namespace has to be the default one: prefixes are not understood.
          body:
            '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
            `<${operation} xmlns="${namespace}"><token>${escapeXml(token)}</token>${content}</${operation}></soap:Body></soap:Envelope>`,
          timeoutMs,
          signal,
        });
      } catch (error) {
        if (isSilent(signal, from)) this.#parts.forgetRecorder(cameraId);
        throw error;
      }
    });
  }
}

function errorOf(answer: Answer, fault: ReturnType<typeof readFault>, operation: string): VmsError {
  if (fault === undefined) {
    if (answer.status === 404) return new NotOffered('The recorder has no RecorderCommandService');
    if (answer.status >= 500 || answer.status === 429)
      return new VmsError('unavailable', `The recorder cannot answer now (status ${answer.status})`);
    return new VmsError('unexpected-answer', `The recorder answered with status ${answer.status}`);
  }
  const cause = new Error(`${fault.number}/${fault.sub}: ${fault.text}`);
  if (fault.number === '20001')
    return new VmsError('refused', 'The recorder does not accept its own token', { cause });
  if (fault.number === '40000') return new NotOffered(`The recorder has no ${operation}`, { cause });
  return new VmsError('unexpected-answer', `The recorder refuses ${operation}`, { cause });
}

function readFault(xml: string): { number: string; sub: string; text: string } | undefined {
  let document: unknown;
  try {
    document = parser.parse(xml);
  } catch {
    return undefined;
  }
  const fault = Fault.safeParse(document).data?.Envelope.Body.Fault;
  return fault === undefined
    ? undefined
    : { number: fault.detail.ErrorNumber, sub: fault.detail.SubErrorNumber, text: fault.faultstring };
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
