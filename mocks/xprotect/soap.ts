import { XMLParser } from 'fast-xml-parser';

const parser = new XMLParser({ removeNSPrefix: true, ignoreAttributes: true, parseTagValue: false });

export interface SoapCall {
  readonly operation: string;
  /** The plain arguments. */
  readonly parameters: Readonly<Record<string, string>>;
  /** All arguments; those with parts of their own as objects. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** The operation in a SOAP 1.1 envelope with its arguments, or undefined where there is none. */
export function readEnvelope(xml: string): SoapCall | undefined {
  let document: unknown;
  try {
    document = parser.parse(xml);
  } catch {
    return undefined;
  }
  const body = (document as { Envelope?: { Body?: Record<string, unknown> } }).Envelope?.Body;
  const [operation, content] = Object.entries(body ?? {})[0] ?? [];
  if (operation === undefined) return undefined;
  const parameters: Record<string, string> = {};
  const all = typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
  for (const [name, value] of Object.entries(all)) if (typeof value === 'string') parameters[name] = value;
  return { operation, parameters, content: all };
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

export function envelope(body: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">${body}</s:Body></s:Envelope>`;
}

/** A SOAP 1.1 fault with XProtect's two error numbers. Sent with status 500. */
export function fault(
  code: 'Client' | 'Server',
  text: string,
  errorNumber: number,
  subErrorNumber?: number,
): string {
  const sub = subErrorNumber === undefined ? '' : `<SubErrorNumber>${subErrorNumber}</SubErrorNumber>`;
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:${code}</faultcode><faultstring>${escapeXml(text)}</faultstring><detail><ErrorNumber>${errorNumber}</ErrorNumber>${sub}</detail></soap:Fault></soap:Body></soap:Envelope>`;
}
