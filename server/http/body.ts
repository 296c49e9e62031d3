import type { z } from 'zod';
import { Refusal } from './refusal.ts';

/** The largest JSON body taken: a wall of 64 tiles is a tenth of it. Bytes. */
export const jsonLimit = 64 * 1024;

/** Whether the content type is the wanted one; parameters such as a charset do not count (RFC 9110 §8.3.1). */
export const isContentType = (request: Request, wanted: string): boolean =>
  (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() === wanted;

/**
 * Reads a text body of the given content type, never more than `limit` bytes of it. Throws a {@link Refusal}:
 * `unsupported-media-type`, `too-large`, or `invalid-request` when it is not UTF-8.
 */
export async function readText(request: Request, contentType: string, limit: number): Promise<string> {
  if (!isContentType(request, contentType))
    throw new Refusal('unsupported-media-type', { detail: `Send ${contentType}.` });
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
  const parts: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null)
    for await (const part of request.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
      length += part.byteLength;
      if (length > limit) throw tooLarge(limit);
      parts.push(part);
    }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch (cause) {
    throw new Refusal('invalid-request', { detail: 'The body is not UTF-8.', cause });
  }
}

const tooLarge = (limit: number): Refusal =>
  new Refusal('too-large', { detail: `At most ${Math.floor(limit / 1024)} KiB.` });

/** Reads a JSON body; `invalid-request` when it is none. */
export async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request, 'application/json', jsonLimit);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Refusal('invalid-request', {
      issues: [{ path: '', message: 'is not JSON' }],
      cause,
    });
  }
}

/** The value in the schema's form, or `invalid-request` naming each fault (at most 20 of them). */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Refusal('invalid-request', {
    issues: result.error.issues
      .slice(0, 20)
      .map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  });
}
