import { z } from 'zod';

/*
 * What the gateway says, read leniently: releases before 2022 R2 write booleans as "True", drivers write numbers as
 * text, ids come in either case. Only what is needed is looked at.
 */

const Guid = z
  .string()
  .regex(/^\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?$/)
  .transform((id) => id.replace(/[{}]/g, '').toLowerCase());
const Text = z.union([z.string(), z.number().transform(String)]).catch('');
const Flag = z
  .union([
    z.boolean(),
    z.string().transform((text) => /^(true|yes|1)$/i.test(text)),
    z.number().transform((n) => n !== 0),
  ])
  .optional()
  .catch(undefined);
const Count = z.union([z.number(), z.string().transform(Number)]).pipe(z.number().positive());
const Parent = z.object({ relations: z.object({ parent: z.object({ id: Guid }).optional() }) });

export const CameraAnswer = z
  .object({
    id: Guid,
    name: Text.optional(),
    displayName: Text.optional(),
    description: Text.optional(),
    shortName: Text.optional(),
    lastModified: Text.optional(),
    enabled: Flag,
    ptzEnabled: Flag,
  })
  .and(Parent);
export type CameraAnswer = z.infer<typeof CameraAnswer>;

export const HardwareAnswer = z.object({ id: Guid }).and(Parent);
export type HardwareAnswer = z.infer<typeof HardwareAnswer>;

export const RecorderAnswer = z.object({ id: Guid, webServerUri: z.url() });
export type RecorderAnswer = z.infer<typeof RecorderAnswer>;

export const GroupAnswer = z.object({
  id: Guid,
  name: Text.optional(),
  displayName: Text.optional(),
  description: Text.optional(),
});
export type GroupAnswer = z.infer<typeof GroupAnswer>;

export const MemberAnswer = z.object({ id: Guid });

/** A list, or what releases make of a list of one. */
const one = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value: unknown): unknown => {
    if (value === undefined || value === null) return [];
    return Array.isArray(value) ? (value as unknown[]) : [value];
  }, z.array(schema));

/** `/streams/{id}`: which streams there are and what they are for. */
export const StreamsAnswer = z.object({
  stream: one(
    z.object({
      displayName: Text.optional(),
      name: Text.optional(),
      streamReferenceId: Guid,
      liveMode: Text.optional(),
      liveDefault: Flag,
      /** The track it is recorded to: a GUID, all zero or empty for none. */
      recordTo: Text.optional(),
    }),
  ),
});
export type StreamsAnswer = z.infer<typeof StreamsAnswer>;

/** `/settings/{id}`: each driver in its own words. */
export const SettingsAnswer = z.object({ stream: one(z.record(z.string(), z.unknown())) });
export type SettingsAnswer = z.infer<typeof SettingsAnswer>;

export const TokenAnswer = z.object({ access_token: z.string().min(1), expires_in: Count });
export const TokenRefusal = z.object({ error: Text.optional(), error_description: Text.optional() });
export const UrisAnswer = z.object({
  SecureManagementServer: Text.optional(),
  UnsecureManagementServer: Text.optional(),
});
