import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const address = z.union([z.ipv4(), z.ipv6()]);

const Environment = z.object({
  /** Loopback HTTP port; 0 = any. */
  PARAPET_ENGINE_PORT: port.default(0),
  /** Bearer secret of every request. */
  PARAPET_ENGINE_SECRET: z.string().min(16),
  /** The one UDP port (and TCP port) of all viewers; 0 = any. */
  PARAPET_MEDIA_PORT: port.default(0),
  /** Address to bind the media port to; absent = all. */
  PARAPET_MEDIA_HOST: address.optional(),
  /** Addresses named in answers instead of the machine's own. */
  PARAPET_MEDIA_ADDRESSES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(address)),
  /** The most bytes an RTP packet may have. 1,200 passes every tunnel; 1,400 suits a LAN. */
  PARAPET_MEDIA_MTU: z.coerce.number().int().min(500).max(1460).default(1200),
  PARAPET_LINGER_MS: z.coerce.number().int().min(0).max(3_600_000).default(10_000),
  PARAPET_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
});

export type Settings = z.output<typeof Environment>;

/** Reads the engine's settings from the environment. Names every wrong one at once, never its value. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  // An empty variable is one that is not set.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (parsed.success) return parsed.data;
  const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))];
  throw new Error(`The engine cannot use: ${names.join(', ')}.`);
}
