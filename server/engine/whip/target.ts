import { z } from 'zod';

/** What `POST /v3/config/whip/replace/{path}` takes: where a path's pictures are pushed to. */
export const WhipTarget = z.strictObject({
  /** The WHIP endpoint (RFC 9725), without credentials. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => new URL(url).username === '' && new URL(url).search === '',
      'has credentials in the URL',
    ),
  /** Bearer token of the endpoint. A fresh one for the same target is used from the next connection on. */
  token: z.string().min(1).max(8192),
  /** Names what the token opens: another name is another target. Shown in the list and the log. */
  name: z.string().regex(/^[\w.:/ -]{1,400}$/),
});
export type WhipTarget = z.infer<typeof WhipTarget>;

/** Why nothing is pushed at the moment. */
export type WhipErrorCode =
  /** The camera gives no picture, so there is nothing to push. */
  | 'camera-offline'
  /** The camera's codec is not one that is pushed: H.264 only, as it comes. */
  | 'codec-unsupported'
  /** The endpoint does not answer, or its media cannot be reached. */
  | 'target-unavailable'
  /** The endpoint does not take the token. */
  | 'target-refused'
  /** The endpoint knows no such room. */
  | 'target-missing';

/** Messages name no address and no token; those are in the cause, for the log. */
export class WhipError extends Error {
  override readonly name = 'WhipError';
  readonly code: WhipErrorCode;
  /** The endpoint asked not to be asked again before, ms. */
  readonly retryAfterMs: number;

  constructor(code: WhipErrorCode, message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs ?? 0;
  }
}
