import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  type Environment,
  HttpUrl,
  milestoneSettings,
  VmsConfig,
  type VmsSettings,
  vmsSettings,
} from './vms-config.ts';
import { RtaBlock } from './vms/rta/settings.ts';

export type { VmsSettings };

const Port = z.coerce
  .number('is not a port')
  .int('is not a port')
  .min(0, 'is not a port')
  .max(65_535, 'is not a port');
const Secret = z.string().min(8, 'has fewer than 8 characters').max(200);
const BearerToken = z
  .string()
  .regex(/^[\w~+/.=-]+$/, 'has characters that a bearer token cannot have')
  .min(16, 'has fewer than 16 characters')
  .max(200);
const Ip = z.string().refine((text) => isIP(text) > 0, 'is not an IP address');
const Host = z
  .string()
  .refine(
    (text) => isIP(text) > 0 || z.hostname().safeParse(text).success,
    'is neither an IP address nor a host name',
  );
const AddressRange = z.string().refine((text) => {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}, 'is neither an address nor a range like 10.0.0.0/8');

const IceServer = z.strictObject({
  urls: z.array(z.string().regex(/^(stun|turn)s?:/, 'is not a stun: or turn: address')).min(1),
  username: z.string().optional(),
  credential: z.string().optional(),
});
/** A STUN or TURN server that browsers are told of. */
export type IceServer = z.infer<typeof IceServer>;

const noPath = (url: string): boolean => !URL.canParse(url) || new URL(url).pathname === '/';
const Names = z.array(z.string().trim().min(1)).max(1000);

const LiveKit = z
  .strictObject({
    /** Where browsers find it. */
    url: z.url({ protocol: /^wss?$/, error: 'is not a ws or wss address' }),
    /** Where we find it; else derived from `url`. */
    apiUrl: HttpUrl.refine(noPath, 'has a path, and LiveKit’s API is found at the root only').optional(),
    apiKey: z.string().min(1),
    apiSecret: z.string().min(6, 'has fewer than 6 characters').max(200).optional(),
    /** The name of the environment variable that holds the secret. */
    apiSecretEnv: z.string().min(1).optional(),
    /** A camera's room is called this and its id. */
    roomPrefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{0,64}$/, 'has characters that a room’s name should not have')
      .default('camera_'),
    /** When it comes before the other ways of watching; else it comes after WHEP. */
    prefer: z
      .union(
        [
          z.literal('always'),
          z.strictObject({
            /** Ids of VMS: every camera of those. */
            sites: Names.optional(),
            /** Names of agencies: every camera of those. */
            agencies: Names.optional(),
            /** A camera that so many people or more have reserved. */
            viewersFrom: z.coerce.number().int().min(1).max(100_000).optional(),
          }),
        ],
        { error: 'is neither always nor any of sites, agencies and viewersFrom' },
      )
      .default({}),
    /** How long a camera stays published after its last viewer, ms. */
    lingerMs: z.coerce.number().int().min(0).max(600_000).default(10_000),
  })
  .refine((livekit) => livekit.apiSecret !== undefined || livekit.apiSecretEnv !== undefined, {
    message: 'needs either apiSecret or apiSecretEnv',
    path: ['apiSecret'],
  })
  .refine(({ url, apiUrl }) => apiUrl !== undefined || noPath(url), {
    message: 'is needed where url has a path: LiveKit’s API is found at the root only',
    path: ['apiUrl'],
  });

const Settings = z.strictObject({
  port: Port.default(8080),
  host: Host.default('127.0.0.1'),
  /** PEM files with the certificate (and those between it and its root) and its key: then the BFF speaks TLS itself. */
  tls: z
    .strictObject({
      certFile: z.string('is missing: a key needs its certificate').min(1),
      keyFile: z.string('is missing: a certificate needs its key').min(1),
    })
    .optional(),
  /** How browsers reach Parapet when a reverse proxy stands in front of it. */
  publicUrl: HttpUrl.optional(),
  dataDir: z.string().min(1).default('.parapet'),
  databaseUrl: z.url({ protocol: /^postgres(ql)?$/, error: 'is not a postgres:// address' }).optional(),
  demoPassword: Secret.optional(),
  adminPassword: Secret.optional(),
  /** Bearer tokens that let machines in, each for one thing. */
  tokens: z
    .strictObject({ reservations: BearerToken.optional(), metrics: BearerToken.optional() })
    .prefault({}),
  /** Reverse proxies whose X-Forwarded-* headers are believed. */
  trustedProxies: z.array(AddressRange).default([]),
  media: z
    .strictObject({
      /** The one UDP port of all viewers; 0 takes a free one. */
      port: Port.default(8189),
      /** Where the engine listens for viewers. */
      host: Ip.optional(),
      /** Addresses told to browsers; empty: those of this machine's interfaces. */
      addresses: z.array(Host).default([]),
      /** Largest RTP packet, bytes. */
      mtu: z.coerce.number().int().min(500).max(1460).default(1200),
      /** How long a source stays open after its last viewer, ms. */
      lingerMs: z.coerce.number().int().min(0).max(600_000).default(10_000),
    })
    .prefault({}),
  iceServers: z.array(IceServer).max(8).default([]),
  livekit: LiveKit.optional(),
  /** Streams taken from cameras and recorders at once, see server/live/quota.ts. */
  quotas: z
    .strictObject({
      total: z.coerce.number().int().min(1).max(100_000).default(500),
      /** By the agency's name. The demo has some, and so has a site of the `milestone` block alone. */
      agencies: z.record(z.string().trim().min(1), z.coerce.number().int().min(0).max(100_000)).optional(),
      /** What all agencies that are not named share. Absent: nothing but the total bounds them. */
      others: z.coerce.number().int().min(0).max(100_000).optional(),
    })
    .prefault({}),
  /** Where exports are kept, for how long, and how much. */
  exports: z
    .strictObject({
      /** Else within `dataDir`. BFFs that share it share their exports. */
      dir: z.string().min(1).optional(),
      /** What is done, failed or paused goes after so many days. */
      keepDays: z.coerce.number().int().min(1).max(3650).default(7),
      /** What one person may store, GB. */
      quotaGb: z.coerce.number().min(0.001).max(1_000_000).default(50),
      /** What stays free on the disk, GB. */
      reserveGb: z.coerce.number().min(0).max(1_000_000).default(2),
    })
    .prefault({}),
  /** One more of `vms`, as the requirements' config.yaml has it; its id is `milestone`. */
  milestone: RtaBlock.optional(),
  vms: z
    .array(VmsConfig)
    .default([])
    .superRefine((list, context) => {
      list.forEach(({ id }, index) => {
        if (list.findIndex((other) => other.id === id) !== index)
          context.addIssue({
            code: 'custom',
            message: `is the id of two of them: ${id}`,
            path: [index, 'id'],
          });
      });
    }),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** LiveKit as it is used: with its secret at hand. */
export interface LiveKitSettings {
  readonly url: string;
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly roomPrefix: string;
  readonly prefer: LiveKitPreference;
  readonly lingerMs: number;
}

/** Which cameras are watched by LiveKit rather than by another way. */
export type LiveKitPreference = z.output<typeof LiveKit>['prefer'];

/** Everything that can be configured. Holds secrets: never logged. */
export type Config = Omit<
  z.output<typeof Settings>,
  'vms' | 'milestone' | 'quotas' | 'livekit' | 'exports'
> & {
  /** `dir` is the folder's full path. */
  readonly exports: z.output<typeof Settings>['exports'] & { readonly dir: string };
  readonly livekit: LiveKitSettings | undefined;
  readonly quotas: {
    readonly total: number;
    readonly agencies: Readonly<Record<string, number>>;
    readonly others?: number | undefined;
  };
  readonly vms: readonly VmsSettings[];
  /** No VMS is configured: the demo site stands in. */
  readonly isDemo: boolean;
  /** The app comes from Vite; the BFF serves no static files. */
  readonly isDev: boolean;
};

/** All that is wrong with the configuration, in one message for the person who wrote it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Which variable sets which setting. Lists are separated by commas, `PARAPET_ICE_SERVERS`, `PARAPET_QUOTAS`, `PARAPET_VMS` and `PARAPET_LIVEKIT_PREFER` (unless a word) are JSON. */
const variables: Readonly<
  Record<string, { readonly path: readonly string[]; readonly as?: 'list' | 'json' | 'word or json' }>
> = {
  PORT: { path: ['port'] },
  HOST: { path: ['host'] },
  DATABASE_URL: { path: ['databaseUrl'] },
  PARAPET_TLS_CERT: { path: ['tls', 'certFile'] },
  PARAPET_TLS_KEY: { path: ['tls', 'keyFile'] },
  PARAPET_PUBLIC_URL: { path: ['publicUrl'] },
  PARAPET_DATA_DIR: { path: ['dataDir'] },
  PARAPET_DEMO_PASSWORD: { path: ['demoPassword'] },
  PARAPET_ADMIN_PASSWORD: { path: ['adminPassword'] },
  PARAPET_RESERVATIONS_TOKEN: { path: ['tokens', 'reservations'] },
  PARAPET_METRICS_TOKEN: { path: ['tokens', 'metrics'] },
  PARAPET_TRUSTED_PROXIES: { path: ['trustedProxies'], as: 'list' },
  PARAPET_MEDIA_PORT: { path: ['media', 'port'] },
  PARAPET_MEDIA_HOST: { path: ['media', 'host'] },
  PARAPET_MEDIA_ADDRESSES: { path: ['media', 'addresses'], as: 'list' },
  PARAPET_MEDIA_MTU: { path: ['media', 'mtu'] },
  PARAPET_MEDIA_LINGER_MS: { path: ['media', 'lingerMs'] },
  PARAPET_QUOTAS: { path: ['quotas'], as: 'json' },
  PARAPET_EXPORTS_DIR: { path: ['exports', 'dir'] },
  PARAPET_EXPORTS_KEEP_DAYS: { path: ['exports', 'keepDays'] },
  PARAPET_EXPORTS_QUOTA_GB: { path: ['exports', 'quotaGb'] },
  PARAPET_EXPORTS_RESERVE_GB: { path: ['exports', 'reserveGb'] },
  PARAPET_ICE_SERVERS: { path: ['iceServers'], as: 'json' },
  PARAPET_LIVEKIT_URL: { path: ['livekit', 'url'] },
  PARAPET_LIVEKIT_API_URL: { path: ['livekit', 'apiUrl'] },
  PARAPET_LIVEKIT_API_KEY: { path: ['livekit', 'apiKey'] },
  PARAPET_LIVEKIT_API_SECRET: { path: ['livekit', 'apiSecret'] },
  PARAPET_LIVEKIT_ROOM_PREFIX: { path: ['livekit', 'roomPrefix'] },
  PARAPET_LIVEKIT_PREFER: { path: ['livekit', 'prefer'], as: 'word or json' },
  PARAPET_LIVEKIT_LINGER_MS: { path: ['livekit', 'lingerMs'] },
  PARAPET_VMS: { path: ['vms'], as: 'json' },
  MILESTONE_SERVER_URL: { path: ['milestone', 'server_url'] },
  MILESTONE_RTSP_URL: { path: ['milestone', 'rtsp_base_url'] },
  MILESTONE_USERNAME: { path: ['milestone', 'username'] },
  MILESTONE_PASSWORD: { path: ['milestone', 'password'] },
  MILESTONE_DOMAIN: { path: ['milestone', 'domain'] },
  MILESTONE_API_PORT: { path: ['milestone', 'api_port'] },
  MILESTONE_RECORDING_PORT: { path: ['milestone', 'recording_port'] },
  MILESTONE_METHOD: { path: ['milestone', 'method'] },
  PARAPET_LOG_LEVEL: { path: ['logLevel'] },
};
/** Read elsewhere: what the supervisor tells its children, and what tests tell themselves. */
const otherVariables = /^PARAPET_(CONFIG|DEV|ENGINE_.+|DEMO_.+|TEST_.+)$/;

/** As many streams as the demo's agencies have cameras. */
const demoQuotas = { agencies: { Police: 50, Metro: 30, Bus: 20, Others: 400 } };
/** As many as the requirements give each agency that they name, and all others together. */
const milestoneQuotas = { agencies: { 'Dubai Police': 50, Metro: 30, Bus: 20 }, others: 400 };

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueOf(text: string, as: 'list' | 'json' | 'word or json' | undefined): unknown {
  if (as === 'word or json') return /^\w+$/.test(text) ? text : (JSON.parse(text) as unknown);
  if (as === 'json') return JSON.parse(text) as unknown;
  if (as !== 'list') return text;
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Lays the environment over what the file said. Gives, for each setting that came from a variable, its name. */
function overlay(tree: Tree, env: Environment, faults: string[]): Map<string, string> {
  const origin = new Map<string, string>();
  for (const [name, { path: at, as }] of Object.entries(variables)) {
    const text = env[name];
    // An empty variable is how compose files and shells say "not set".
    if (text === undefined || text === '') continue;
    let value: unknown;
    try {
      value = valueOf(text, as);
    } catch {
      faults.push(`${name} is not valid JSON`);
      continue;
    }
    const [key = '', inner] = at;
    if (inner === undefined) tree[key] = value;
    else tree[key] = { ...(isTree(tree[key]) ? tree[key] : {}), [inner]: value };
    origin.set(at.join('.'), name);
  }
  for (const name of Object.keys(env))
    if (name.startsWith('PARAPET_') && !(name in variables) && !otherVariables.test(name))
      faults.push(`${name} is not a setting of Parapet`);
  return origin;
}

function readTree(file: string | undefined, faults: string[]): Tree {
  if (file === undefined) return {};
  if (!existsSync(file)) {
    faults.push(`PARAPET_CONFIG names ${file}, which does not exist`);
    return {};
  }
  try {
    const tree: unknown = parse(readFileSync(file, 'utf8')) ?? {};
    if (isTree(tree)) return { ...tree };
    faults.push(`${file} is not a list of settings`);
  } catch (cause) {
    faults.push(
      `${file} is not valid YAML: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : ''}`,
    );
  }
  return {};
}

/** Zod's complaint in our words: what is named, where it was written, what is wrong with it. Never the value itself. */
function faultsOf(
  error: z.ZodError,
  origin: ReadonlyMap<string, string>,
  file: string | undefined,
): string[] {
  return error.issues.flatMap((issue) => {
    const at = issue.path.join('.');
    const isFrom = [...origin].find(([setting]) => at === setting || at.startsWith(`${setting}.`));
    const rest = isFrom === undefined ? '' : at.slice(isFrom[0].length).replace(/^\./, '');
    const name =
      isFrom === undefined
        ? `${at === '' ? 'the whole' : at} in ${path.basename(file ?? 'the configuration')}`
        : isFrom[1] + (rest === '' ? '' : ` (${rest})`);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) =>
        at === ''
          ? `${key} in ${path.basename(file ?? 'the configuration')} is not a setting of Parapet`
          : `${name} has ${key}, which is not a setting of Parapet`,
      );
    // Our own words go on after the name, Zod's stand by themselves.
    return [/^[A-Z]/.test(issue.message) ? `${name}: ${issue.message}` : `${name} ${issue.message}`];
  });
}

/** LiveKit with its secret looked up; `undefined` where there is none, or after a fault. */
function liveKitSettings(
  livekit: z.output<typeof LiveKit> | undefined,
  env: Environment,
  faults: string[],
): LiveKitSettings | undefined {
  if (livekit === undefined) return undefined;
  const { url, apiKey, roomPrefix, prefer, lingerMs, apiSecretEnv = '' } = livekit;
  const apiSecret = livekit.apiSecret ?? env[apiSecretEnv];
  if (apiSecret === undefined || apiSecret === '') {
    faults.push(`${apiSecretEnv}, which holds LiveKit’s API secret, is not set`);
    return undefined;
  }
  const apiUrl = new URL(livekit.apiUrl ?? url.replace(/^ws/, 'http')).origin;
  return { url, apiUrl, apiKey, apiSecret, roomPrefix, prefer, lingerMs };
}

/** The files by their full path: what a variable names is looked for where Parapet runs, the rest beside the file. */
function tlsFiles(
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  origin: ReadonlyMap<string, string>,
  base: string,
  faults: string[],
): { certFile: string; keyFile: string } {
  const find = (setting: string, file: string): string => {
    const variable = origin.get(setting);
    const found = path.resolve(variable === undefined ? base : process.cwd(), file);
    if (!existsSync(found)) faults.push(`${variable ?? setting} names ${file}, which does not exist`);
    return found;
  };
  return { certFile: find('tls.certFile', certFile), keyFile: find('tls.keyFile', keyFile) };
}

/**
 * Reads the configuration from the environment and one optional YAML file (`PARAPET_CONFIG`, or `file`); a variable
 * wins over the file. Throws {@link ConfigError} naming everything that is wrong, at once.
 */
export function readConfig(
  env: Environment,
  file: string | undefined = env['PARAPET_CONFIG'] || undefined,
): Config {
  const faults: string[] = [];
  const tree = readTree(file, faults);
  const origin = overlay(tree, env, faults);
  const parsed = Settings.safeParse(tree);
  if (!parsed.success) throw new ConfigError([...faults, ...faultsOf(parsed.error, origin, file)]);
  const base = file === undefined ? process.cwd() : path.dirname(path.resolve(file));
  const { vms: listed, milestone, ...settings } = parsed.data;
  const vms = [
    ...listed.flatMap((one) => vmsSettings(one, env, base, faults) ?? []),
    ...milestoneSettings(milestone, listed, env, base, faults),
  ];
  const livekit = liveKitSettings(parsed.data.livekit, env, faults);
  const tls = parsed.data.tls && tlsFiles(parsed.data.tls, origin, base, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  const isDemo = vms.length === 0;
  const dataDir = path.resolve(parsed.data.dataDir);
  // The demo's key signs nothing of a real site.
  const { dir = path.join(dataDir, isDemo ? 'demo-exports' : 'exports'), ...exports } = parsed.data.exports;
  // Whatever else the site is called after, its agencies are not known here.
  const usual = isDemo
    ? demoQuotas
    : listed.length === 0 && milestone !== undefined
      ? milestoneQuotas
      : { agencies: {} };
  const { total, agencies, others } = parsed.data.quotas;
  return {
    ...settings,
    livekit,
    ...(tls === undefined ? {} : { tls }),
    quotas: {
      total,
      ...(agencies === undefined ? usual : { agencies }),
      ...(others === undefined ? {} : { others }),
    },
    exports: { ...exports, dir: path.resolve(dir) },
    dataDir,
    vms,
    isDemo,
    isDev: env['PARAPET_DEV'] === '1',
  };
}
