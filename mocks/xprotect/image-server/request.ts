import { XMLParser } from 'fast-xml-parser';

/** One `methodcall` of the ImageServer protocol. */
export interface MethodCall {
  readonly requestId: string;
  readonly method: string;
  /** The elements below `methodcall`; nested ones, and those with attributes, as objects. */
  readonly elements: Readonly<Record<string, unknown>>;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
});

/** Reads one request, without the blank line that ends it. Undefined for what is not a method call. */
export function readMethodCall(xml: string): MethodCall | undefined {
  let document: unknown;
  try {
    document = parser.parse(xml);
  } catch {
    return undefined;
  }
  const call = (document as { methodcall?: unknown }).methodcall;
  if (typeof call !== 'object' || call === null) return undefined;
  const elements = call as Record<string, unknown>;
  const method = elements['methodname'];
  const requestId = elements['requestid'];
  if (typeof method !== 'string') return undefined;
  return { method, requestId: typeof requestId === 'string' ? requestId : '0', elements };
}

/** The parts of `connectparam`: `id=…&connectiontoken=…&streamid=…`, names in lower case. Tokens hold `#` and `/`. */
export function readConnectParameters(text: unknown): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  if (typeof text !== 'string') return parts;
  for (const part of text.split('&')) {
    const at = part.indexOf('=');
    if (at > 0) parts.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  return parts;
}

/** Cuts requests out of a TCP stream: each ends with CR LF CR LF. Throws when one is longer than `limit` bytes. */
export class RequestSplitter {
  #rest: Buffer = Buffer.alloc(0);
  readonly #limit: number;

  constructor(limit = 65_536) {
    this.#limit = limit;
  }

  push(chunk: Buffer): string[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const requests: string[] = [];
    for (let end = this.#rest.indexOf('\r\n\r\n'); end >= 0; end = this.#rest.indexOf('\r\n\r\n')) {
      const request = this.#rest.subarray(0, end).toString('utf8').trim();
      if (request !== '') requests.push(request);
      this.#rest = this.#rest.subarray(end + 4);
    }
    if (this.#rest.length > this.#limit)
      throw new RangeError(`A request is longer than ${this.#limit} bytes`);
    return requests;
  }
}

/** The text of an element of a call; empty where there is none. */
export function textOf(call: MethodCall, name: string): string {
  const value = call.elements[name];
  return typeof value === 'string' ? value : '';
}

/** The text of an element, or an attribute, within an element of a call. */
export function innerTextOf(call: MethodCall, outer: string, name: string): string {
  const parts = call.elements[outer];
  if (typeof parts !== 'object' || parts === null) return '';
  const value = (parts as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}
