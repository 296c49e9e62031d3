import { z } from 'zod';
import { VmsError, type VmsStream } from '#server/vms/vms.ts';

/*
 * What the requirements' server answers, in the shapes of its "Expected Data Formats". What is only descriptive may be
 * missing or odd; what names a camera or a time may not.
 */

const odd = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** As it should be, or as text. */
const Flag = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(?:true|false)$/i)
    .transform((text) => text.toLowerCase() === 'true'),
]);

/** What of a list could be read, and how many of its entries could not. */
export interface ReadList<T> {
  readonly items: readonly T[];
  readonly unreadable: number;
}

/** A list of these; one odd entry is left out and counted. One in which nothing can be read is no such list. */
function listOf<T extends z.ZodType>(entry: T) {
  return z.array(z.unknown()).transform((entries, context): ReadList<z.output<T>> => {
    const items: z.output<T>[] = [];
    const faults: PropertyKey[][] = [];
    for (const [i, one] of entries.entries()) {
      const parsed = entry.safeParse(one);
      if (parsed.success) items.push(parsed.data);
      else faults.push(...parsed.error.issues.map(({ path }) => [i, ...path]));
    }
    const unreadable = entries.length - items.length;
    if (items.length > 0 || unreadable === 0) return { items, unreadable };
    for (const path of faults) context.addIssue({ code: 'custom', path, message: 'is not usable' });
    return z.NEVER;
  });
}

const Properties = z.object({
  resolution: odd(z.string()),
  fps: odd(z.coerce.number().positive()),
  codec: odd(z.string()),
  ptz_capable: odd(Flag),
});

const described = {
  enabled: Flag.default(true),
  recording_enabled: Flag.default(true),
  live_stream_url: odd(z.string()),
  properties: odd(Properties),
  recording_server: odd(z.string()),
  retention_days: odd(z.number().positive()),
  guid: odd(z.string().min(1)),
  // The document wants cameras organised by agency and does not say in which field.
  group: odd(z.string().trim().min(1)),
  agency: odd(z.string().trim().min(1)),
  category: odd(z.string().trim().min(1)),
};

/** An entry of the camera list … */
const Listed = z.object({ id: z.string().min(1), name: z.string().min(1), ...described });
/** … and the camera's metadata, which has other names for the same. */
const Metadata = z
  .object({ camera_id: z.string().min(1), camera_name: z.string().min(1), ...described })
  .transform(({ camera_id, camera_name, ...rest }) => ({ id: camera_id, name: camera_name, ...rest }));

const isMetadata = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !('id' in value) && 'camera_id' in value;

/** Either of the two; a fault names the field of the one that it looks like. */
export const CameraAnswer = z.unknown().transform((value, context): z.output<typeof Listed> => {
  const parsed = (isMetadata(value) ? Metadata : Listed).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    context.addIssue({ code: 'custom', path: issue.path, message: 'is not usable' });
  return z.NEVER;
});
export type CameraAnswer = z.output<typeof CameraAnswer>;

/** `{"cameras": […]}`, or the list alone. */
export const CameraListAnswer = z.preprocess(
  (value) => (Array.isArray(value) ? { cameras: value as unknown[] } : value),
  z.object({ cameras: listOf(CameraAnswer) }).transform(({ cameras }) => cameras),
);

/** UTC where no offset is given, as everywhere in the document. */
const Time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/)
  .transform((text) => Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`))
  .refine((time) => !Number.isNaN(time));

const Gap = z.union([
  z.object({ start_time: Time, end_time: Time }),
  z.object({ start: Time, end: Time }).transform(({ start, end }) => ({ start_time: start, end_time: end })),
]);

const Sequence = z.object({
  start_time: Time,
  end_time: Time,
  has_video: Flag.default(true),
  // One that cannot be read is played through: hours of recordings are not given up for it.
  gaps: z
    .array(odd(Gap))
    .default([])
    .transform((gaps) => gaps.filter((gap) => gap !== undefined)),
});

/** The timeline; recording segments alone are the same without gaps. */
export const RecordingsAnswer = z.preprocess(
  (value) => {
    if (Array.isArray(value)) return { timeline: value as unknown[] };
    const given = value as { timeline?: unknown; recordings?: unknown } | null | undefined;
    return given?.timeline === undefined && given?.recordings !== undefined
      ? { timeline: given.recordings }
      : value;
  },
  z.object({ timeline: listOf(Sequence) }).transform(({ timeline }) => timeline),
);

export const TokenAnswer = z
  .object({
    token: z.string().min(1).optional(),
    access_token: z.string().min(1).optional(),
    expires_in: z.coerce.number().positive().optional(),
  })
  .transform(({ token, access_token, expires_in }, context) => {
    const value = token ?? access_token;
    if (value !== undefined) return { value, lifeMs: (expires_in ?? 300) * 1000 };
    context.addIssue({ code: 'custom', path: ['token'], message: 'is missing' });
    return z.NEVER;
  });

/**
 * Reads an answer. Throws `unexpected-answer` that names what was asked for and the fields that are wrong; what was in
 * them stays out of it.
 */
export function readAnswer<T extends z.ZodType>(text: string, schema: T, what: string): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new VmsError('unexpected-answer', `The Milestone server’s ${what} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map(({ path }) => path.join('.') || 'the whole'))];
  const shown = fields.slice(0, 3).join(', ') + (fields.length > 3 ? ' and more' : '');
  throw new VmsError('unexpected-answer', `The Milestone server’s ${what} is not as agreed: ${shown}`);
}

const codecs: Readonly<Record<string, NonNullable<VmsStream['codec']>>> = {
  h264: 'H264',
  avc: 'H264',
  h265: 'H265',
  hevc: 'H265',
  mjpeg: 'MJPEG',
};

/** The one stream that a camera has. */
export function streamOf({ properties }: Pick<CameraAnswer, 'properties'>): VmsStream {
  const codec = codecs[(properties?.codec ?? '').toLowerCase().replaceAll(/[^a-z0-9]/g, '')];
  const [, width, height] = /^\s*(\d{2,5})\s*[x×]\s*(\d{2,5})\s*$/i.exec(properties?.resolution ?? '') ?? [];
  return {
    name: 'main',
    ...(codec === undefined ? {} : { codec }),
    ...(width === undefined ? {} : { width: Number(width), height: Number(height) }),
    ...(properties?.fps === undefined ? {} : { framesPerSecond: properties.fps }),
  };
}
