import { z } from 'zod';

/*
 * The `milestone:` block of the requirements' config.yaml, with its own field names, and what is made of it.
 */

const Port = z.coerce
  .number('is not a port')
  .int('is not a port')
  .min(1, 'is not a port')
  .max(65_535, 'is not a port');

/** Credentials have fields of their own: an address may be logged. */
function address(schemes: readonly string[], words: string) {
  return z
    .string(words)
    .refine((text) => {
      const url = URL.parse(text);
      return url !== null && schemes.includes(url.protocol.slice(0, -1)) && url.hostname !== '';
    }, words)
    .refine((text) => {
      const url = URL.parse(text);
      return url === null || (url.username === '' && url.password === '');
    }, 'has a user or password in it: they go into username and password')
    .transform((text) => text.replace(/\/+$/, ''));
}

const ApiPath = z.string().regex(/^\/[^?#\s]*$/, 'is not a path: it begins with / and has no query');

const placeholders = ['camera_id', 'camera_name', 'camera_guid', 'start', 'end', 'duration'];
function template(allowed: readonly string[]) {
  return z
    .string()
    .regex(/^\/\S*$/, 'is not a path: it begins with /')
    .refine((text) => /\{camera_(id|name|guid)\}/.test(text), 'names no {camera_id}')
    .refine(
      (text) => [...text.matchAll(/\{([^}]*)\}/g)].every((match) => allowed.includes(match[1] ?? '')),
      `has a placeholder other than ${allowed.map((name) => `{${name}}`).join(', ')}`,
    );
}

/** A camera where no server lists them (`rtsp_direct`): the fields of the requirements' camera list that matter. */
const DirectCamera = z.strictObject({
  id: z.string().trim().min(1).max(200),
  name: z.string().trim().min(1).max(200),
  guid: z.string().trim().min(1).max(100).optional(),
  group: z.string().trim().min(1).max(100).optional(),
  /** It is recorded without a break and kept for so long. Absent: nothing is known of recordings, there are none. */
  retention_days: z.coerce.number().positive().max(3660).optional(),
});

/** Cameras of an agency, where the server does not say which they are of. */
const Agency = z.strictObject({
  name: z.string().trim().min(1).max(100),
  /** Ids, `*` standing for anything: `cam-0*`. */
  cameras: z.array(z.string().min(1)).min(1),
});

export const RtaBlock = z
  .strictObject({
    server_url: address(['http', 'https'], 'is not an http or https address').optional(),
    rtsp_base_url: address(['rtsp'], 'is not an rtsp address').optional(),
    /** `host[:port]`. Nothing is asked of it; the doctor looks whether it is there. */
    recording_server: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?$/, 'is not a host or host:port')
      .optional(),
    recording_port: Port.optional(),
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    /** The name of the environment variable that holds the password. */
    passwordEnv: z.string().min(1).optional(),
    /** Of Active Directory; the user is then `DOMAIN\user`. */
    domain: z.string().default(''),
    /** `auto`: tokens where the server gives them, else Basic. */
    auth: z.enum(['auto', 'token', 'basic']).default('auto'),
    api: z
      .strictObject({
        cameras: ApiPath.optional(),
        recordings: ApiPath.optional(),
        /** For where the server plays no recordings: else Parapet exports by itself, from the recorder's frames. */
        export: ApiPath.optional(),
        token: ApiPath.optional(),
      })
      .prefault({}),
    /** Of the Mobile Server. */
    api_port: Port.optional(),
    streaming: z
      .strictObject({
        rtsp_port: Port.optional(),
        rtsp_path_template: template(placeholders.slice(0, 3)).optional(),
        playback_path_template: template(placeholders).optional(),
      })
      .prefault({}),
    method: z.enum(['mip_sdk', 'mobile_server', 'rtsp_direct']).default('mip_sdk'),
    agencies: z.array(Agency).default([]),
    cameras: z.array(DirectCamera).optional(),
    /** PEM file with the authority that signed the server's certificate. */
    caFile: z.string().optional(),
  })
  .superRefine((block, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const isDirect = block.method === 'rtsp_direct';
    if (block.server_url === undefined && !(isDirect && block.rtsp_base_url !== undefined))
      complain('server_url', 'is missing: the address of the Milestone server (MILESTONE_SERVER_URL)');
    if (isDirect && block.cameras === undefined)
      complain('cameras', 'are missing: with method rtsp_direct no server lists them');
    if (!isDirect && block.cameras !== undefined)
      complain('cameras', 'are listed by the server, unless the method is rtsp_direct');
    if (!isDirect && block.username === undefined) complain('username', 'is missing (MILESTONE_USERNAME)');
    if (block.password !== undefined && block.passwordEnv !== undefined)
      complain('passwordEnv', 'cannot stand beside password');
    if (block.username !== undefined && block.password === undefined && block.passwordEnv === undefined)
      complain('password', 'is missing (MILESTONE_PASSWORD)');
    if (block.username === undefined && (block.password ?? block.passwordEnv) !== undefined && isDirect)
      complain('username', 'is missing');
    const ids = (block.cameras ?? []).map(({ id }) => id);
    const twice = ids.find((id, i) => ids.indexOf(id) !== i);
    if (twice !== undefined) complain('cameras', `have two with the id ${twice}`);
  });
export type RtaBlock = z.output<typeof RtaBlock>;

export type DirectCamera = z.output<typeof DirectCamera>;

/** What an adapter is made of. Holds secrets: never logged. */
export interface RtaSettings {
  readonly method: RtaBlock['method'];
  /** `http://host[:port][/base]` of the API, or of the Mobile Server. Undefined with `rtsp_direct` where there is none. */
  readonly apiUrl: string | undefined;
  /** `rtsp://host:port`. */
  readonly rtspUrl: string;
  /** `host:port`. */
  readonly recordingServer: string | undefined;
  /** With its domain; undefined where nobody signs in. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The same apart, as the token's giver wants it. */
  readonly account: { readonly username: string; readonly domain: string } | undefined;
  readonly auth: RtaBlock['auth'];
  readonly paths: {
    readonly cameras: string;
    readonly recordings: string;
    readonly token: string;
    /** Undefined: the document knows none (Mobile Server). */
    readonly export: string | undefined;
  };
  /** Undefined: as the camera list says, else `/camera/{camera_id}`. */
  readonly livePath: string | undefined;
  readonly playbackPath: string;
  readonly agencies: RtaBlock['agencies'];
  readonly cameras: readonly DirectCamera[];
  readonly caFile: string | undefined;
}

/** Where the Mobile Server listens, from the requirements' "Required Milestone Services & Ports". */
const mobileServerPort = 8081;
const recordingPort = 7563;
const rtspPort = 554;

/** Settings with everything the block leaves out. */
export function rtaSettings(block: RtaBlock, password: string | undefined): RtaSettings {
  const { method, api, streaming } = block;
  const server = URL.parse(block.server_url ?? '');
  const rtsp = URL.parse(block.rtsp_base_url ?? '');
  const isMobile = method === 'mobile_server';
  const apiUrl =
    server === null ? undefined : new URL(isMobile ? `${server.protocol}//${server.host}` : server.href);
  if (isMobile && apiUrl !== undefined) apiUrl.port = String(block.api_port ?? mobileServerPort);
  const host = rtsp?.hostname ?? server?.hostname ?? '';
  const port = rtsp?.port ? rtsp.port : String(streaming.rtsp_port ?? rtspPort);
  const [recorder = host, ownPort] = (block.recording_server ?? '').split(/:(?=\d+$)/);
  const { username, domain } = block;
  const prefix = isMobile ? '' : '/api';
  return {
    method,
    apiUrl: apiUrl?.href.replace(/\/+$/, ''),
    rtspUrl: `rtsp://${host}:${port}`,
    recordingServer: `${recorder === '' ? host : recorder}:${String(block.recording_port ?? ownPort ?? recordingPort)}`,
    username: username === undefined || domain === '' ? username : `${domain}\\${username}`,
    password,
    account: username === undefined ? undefined : { username, domain },
    auth: block.auth,
    // The document's block names the API's paths; under the Mobile Server they are others, whatever the file still says.
    paths: {
      cameras: isMobile ? '/cameras' : (api.cameras ?? `${prefix}/cameras`),
      recordings: isMobile ? '/recordings' : (api.recordings ?? `${prefix}/recordings`),
      token: api.token ?? `${prefix}/token`,
      export: isMobile ? undefined : (api.export ?? '/api/export'),
    },
    livePath: streaming.rtsp_path_template,
    playbackPath: streaming.playback_path_template ?? '/playback/{camera_id}',
    agencies: block.agencies,
    cameras: block.cameras ?? [],
    caFile: block.caFile,
  };
}
