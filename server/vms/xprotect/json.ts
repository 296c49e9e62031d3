import type { z } from 'zod';
import { VmsError } from '#server/vms/vms.ts';

/** Reads an answer's body. Throws `unexpected-answer`; the body stays out of it, for it may hold a token. */
export function readJson<T extends z.ZodType>(text: string, schema: T): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new VmsError('unexpected-answer', 'XProtect gave an answer that is not JSON');
  }
  return readValue(value, schema);
}

/** The same of what is JSON no more. */
export function readValue<T extends z.ZodType>(value: unknown, schema: T): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new VmsError('unexpected-answer', 'XProtect gave an answer of another shape than expected', {
    cause: parsed.error,
  });
}
