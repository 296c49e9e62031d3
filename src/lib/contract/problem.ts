import { z } from 'zod';

/**
 * Every reason the BFF may give for saying no. Code acts on these; the words that people read come from the
 * app's message catalogue, keyed by the same code. A code never changes its meaning.
 */
export const ProblemCode = z.enum([
  /** The request does not have the form the route asks for; `issues` names each fault. */
  'invalid-request',
  /** The body is larger than the route takes. */
  'too-large',
  /** The body's content type is not the one the route takes. */
  'unsupported-media-type',
  /** Nobody is signed in, or the session has ended. */
  'signed-out',
  /** User name or password is wrong. Deliberately does not say which. */
  'wrong-credentials',
  /** Too many attempts; `retryAfterS` says when to try again. */
  'slow-down',
  /** Signed in, but without the right this route or this camera needs. */
  'not-permitted',
  /** The request came from another site (Origin or Sec-Fetch-Site). */
  'cross-site',
  /** No such thing, or none that this person may know of. */
  'not-found',
  /** The path exists, the method does not. */
  'method-not-allowed',
  /** Somebody else saved a newer version in between. */
  'version-conflict',
  /** The reservation has run out or was released. */
  'reservation-ended',
  /** The camera gives no picture at the moment; `retryAfterS` says when to ask again. */
  'camera-offline',
  /** The camera's codec cannot be shown by this browser. */
  'codec-unsupported',
  /** The camera sends B-frames, which WebRTC cannot carry. */
  'b-frames',
  /** The camera has no such stream. */
  'no-such-stream',
  /** Nothing is recorded at that time, or before it. */
  'no-recording',
  /** The recorder could do this, but not in the edition that is installed. */
  'not-in-edition',
  /** The recorder, or this Parapet, cannot do this at all. */
  'not-supported',
  /** Not in the state it is in now: what is done cannot be paused. */
  'wrong-state',
  /** More than there is room for: streams of an agency or of the site, exports of a person, or the disk. */
  'quota-exceeded',
  /** The media gateway does not answer; pictures come back by themselves. */
  'gateway-unavailable',
  /** The recorder (VMS) does not answer. */
  'vms-unavailable',
  /** The BFF or the gateway is full or shutting down. */
  'overloaded',
  /** A fault of ours. The log has the cause under the request's id. */
  'internal',
]);
export type ProblemCode = z.infer<typeof ProblemCode>;

/** An error answer, `application/problem+json` (RFC 9457), with our stable `code`. */
export const Problem = z.object({
  /** `urn:parapet:problem:<code>`. */
  type: z.string(),
  code: ProblemCode,
  /** A short English sentence for logs and other clients; the app words it itself. */
  title: z.string(),
  status: z.int().min(400).max(599),
  /** What exactly was wrong this time, without upstream text, hosts or secrets. */
  detail: z.string().optional(),
  /** One entry per fault of an invalid request. `path` is dotted, empty for the whole. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** Seconds to wait before the same request may succeed; same value as the Retry-After header. */
  retryAfterS: z.int().nonnegative().optional(),
  /** Names the request in the server's log. */
  requestId: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

/** The HTTP status that goes with each code. */
export const problemStatus: Readonly<Record<ProblemCode, number>> = {
  'invalid-request': 400,
  'too-large': 413,
  'unsupported-media-type': 415,
  'signed-out': 401,
  'wrong-credentials': 401,
  'slow-down': 429,
  'not-permitted': 403,
  'cross-site': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'version-conflict': 409,
  'reservation-ended': 410,
  'camera-offline': 409,
  'codec-unsupported': 422,
  'b-frames': 422,
  'no-such-stream': 404,
  'no-recording': 404,
  'not-in-edition': 409,
  'not-supported': 409,
  'wrong-state': 409,
  'quota-exceeded': 429,
  'gateway-unavailable': 503,
  'vms-unavailable': 503,
  overloaded: 503,
  internal: 500,
};
