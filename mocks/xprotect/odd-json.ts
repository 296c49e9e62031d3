/**
 * JSON with the blanks that the gateway's serialiser puts in: `{  "array" :  [  ] }`. Lean parsers choke on nothing
 * here, but code that compares error bodies as text does.
 */
export function oddJson(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? ' [  ]' : ` [ ${value.map((item) => oddJson(item).trimStart()).join(', ')} ]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{  ${fields.map(([key, field]) => `${JSON.stringify(key)} : ${oddJson(field)}`).join(',  ')} }`;
  }
  return JSON.stringify(value);
}

/** The body of an error of the Config API. */
export function errorBody(httpCode: number, errorText: string): string {
  return oddJson({ error: { httpCode, details: [{ errorText }] } });
}

/** XProtect's way to write a moment: seven digits of a second, always UTC. */
export function xprotectTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '0000Z');
}
