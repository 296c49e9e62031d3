import { z } from 'zod';

/** What `POST /v3/config/paths/replace/{name}` takes. Secrets have fields of their own, so that a URL can be logged. */
export const SourceRequest = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('rtsp'),
    /** `rtsp://host[:port]/path`, without user and password. */
    source: z
      .url({ protocol: /^rtsp$/ })
      .refine((url) => new URL(url).username === '', 'has credentials in the URL'),
    username: z.string().max(256).optional(),
    password: z.string().max(256).optional(),
  }),
  z.strictObject({
    type: z.literal('image-server'),
    /** `imageserver://host:port/<device GUID>[/<stream GUID>]`, or `imageservers://` for TLS. */
    source: z.url({ protocol: /^imageservers?$/ }),
    token: z.string().min(1).max(4096),
    /** PEM of the authority that signed the recorder's certificate, where it is not a public one. */
    ca: z.string().max(32_768).optional(),
  }),
]);
export type SourceRequest = z.infer<typeof SourceRequest>;

/** Whether two requests name the same pictures; a token may differ. */
export function isSameSource(a: SourceRequest, b: SourceRequest): boolean {
  if (a.type === 'rtsp' && b.type === 'rtsp')
    return a.source === b.source && a.username === b.username && a.password === b.password;
  if (a.type === 'image-server' && b.type === 'image-server') return a.source === b.source && a.ca === b.ca;
  return false;
}
