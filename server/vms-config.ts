import path from 'node:path';
import { z } from 'zod';
import { RtaBlock, rtaSettings, type RtaSettings } from './vms/rta/settings.ts';

/* The part of the configuration that is about video management systems, see config.ts. */

export type Environment = Readonly<Record<string, string | undefined>>;

export const HttpUrl = z.url({ protocol: /^https?$/, error: 'is not an http or https address' });

const VmsId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'is not a short name in lower case');

const XProtectVms = z
  .strictObject({
    id: VmsId,
    kind: z.literal('xprotect'),
    /** The management server, with the API Gateway. */
    url: HttpUrl,
    username: z.string().min(1),
    password: z.string().min(1).optional(),
    /** The name of the environment variable that holds the password. */
    passwordEnv: z.string().min(1).optional(),
    /** PEM file with the authority that signed the servers' certificates. */
    caFile: z.string().optional(),
  })
  .refine((vms) => (vms.password === undefined) !== (vms.passwordEnv === undefined), {
    message: 'needs either password or passwordEnv',
    path: ['password'],
  });

const StaticVms = z
  .strictObject({
    id: VmsId,
    kind: z.literal('static'),
    /** A YAML file with the cameras … */
    file: z.string().optional(),
    /** … or the cameras themselves. Their form is checked by server/vms/static. */
    cameras: z.array(z.unknown()).optional(),
  })
  .refine((vms) => (vms.file === undefined) !== (vms.cameras === undefined), {
    message: 'needs either file or cameras',
    path: ['file'],
  });

/** Milestone as the requirements describe it, with the names of their `milestone:` block. */
const RtaVms = RtaBlock.safeExtend({ id: VmsId, kind: z.literal('rta') });

/** One video management system. */
export const VmsConfig = z.discriminatedUnion('kind', [XProtectVms, StaticVms, RtaVms], {
  error: 'needs a kind: xprotect, rta or static',
});

/** A VMS as it is used: with its password at hand and files by their full path. */
export type VmsSettings =
  | {
      readonly id: string;
      readonly kind: 'xprotect';
      readonly url: string;
      readonly username: string;
      readonly password: string;
      readonly caFile?: string;
    }
  | {
      readonly id: string;
      readonly kind: 'static';
      readonly file?: string;
      readonly cameras?: readonly unknown[];
    }
  | (RtaSettings & { readonly id: string; readonly kind: 'rta' });

function rtaVmsSettings(
  block: RtaBlock,
  id: string,
  env: Environment,
  base: string,
  faults: string[],
): VmsSettings | undefined {
  const password = block.password ?? (env[block.passwordEnv ?? ''] || undefined);
  if (block.passwordEnv !== undefined && password === undefined) {
    faults.push(`${block.passwordEnv}, which holds the password of the VMS ${id}, is not set`);
    return undefined;
  }
  const settings = rtaSettings(block, password);
  const { caFile } = settings;
  return { ...settings, id, kind: 'rta', caFile: caFile && path.resolve(base, caFile) };
}

/** The VMS with its password looked up; `undefined` after a fault. */
export function vmsSettings(
  vms: z.output<typeof VmsConfig>,
  env: Environment,
  base: string,
  faults: string[],
): VmsSettings | undefined {
  if (vms.kind === 'rta') return rtaVmsSettings(vms, vms.id, env, base, faults);
  if (vms.kind === 'static')
    return {
      id: vms.id,
      kind: 'static',
      ...(vms.file === undefined ? {} : { file: path.resolve(base, vms.file) }),
      ...(vms.cameras === undefined ? {} : { cameras: vms.cameras }),
    };
  const password = vms.password ?? env[vms.passwordEnv ?? ''];
  if (password === undefined || password === '') {
    faults.push(`${vms.passwordEnv ?? ''}, which holds the password of the VMS ${vms.id}, is not set`);
    return undefined;
  }
  const { id, kind, url, username, caFile } = vms;
  return {
    id,
    kind,
    url,
    username,
    password,
    ...(caFile === undefined ? {} : { caFile: path.resolve(base, caFile) }),
  };
}

/** The block `milestone`, which stands for one more VMS. */
export function milestoneSettings(
  milestone: RtaBlock | undefined,
  listed: readonly { readonly id: string }[],
  env: Environment,
  base: string,
  faults: string[],
): VmsSettings[] {
  if (milestone === undefined) return [];
  if (listed.some(({ id }) => id === 'milestone'))
    faults.push('milestone stands for a VMS of this id; another one in vms has it, too');
  const settings = rtaVmsSettings(milestone, 'milestone', env, base, faults);
  return settings === undefined ? [] : [settings];
}
