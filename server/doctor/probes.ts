import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { access, constants, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import pg from 'pg';
import { readFingerprint } from '#server/evidence/signing-key.ts';
import type { RoomApi } from '#server/livekit/api.ts';
import { LiveKitError } from '#server/livekit/error.ts';
import { type Vms, VmsError } from '#server/vms/vms.ts';
import { askedGently, type Rest } from './gently.ts';

/** What a probe found. `fix` says what the administrator can do about it. */
export type Finding =
  | { readonly subject: string; readonly isFine: true; readonly words: string }
  | { readonly subject: string; readonly isFine: false; readonly words: string; readonly fix: string };

const fine = (subject: string, words: string): Finding => ({ subject, isFine: true, words });
const broken = (subject: string, words: string, fix: string): Finding => ({
  subject,
  isFine: false,
  words,
  fix,
});
const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? 'unknown';

/** The Node that runs us: TypeScript without a build needs 24.12 (package.json `engines`). */
export function probeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 12)
    ? fine('Node', version)
    : broken(
        'Node',
        `${version} is too old`,
        'Run it through npm, which brings its own, or install Node 24.12 or newer.',
      );
}

/** The data directory can be made and written. */
export async function probeDataDir(dataDir: string): Promise<Finding> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.X_OK);
    return fine('Data directory', dataDir);
  } catch (cause) {
    return broken(
      'Data directory',
      `${dataDir} cannot be written (${codeOf(cause)})`,
      'Give it to the user that runs Parapet, or set PARAPET_DATA_DIR.',
    );
  }
}

/** The folder of exports can be made and written; tells the fingerprint of the key that signs them, where there is one. */
export async function probeExports(directory: string): Promise<Finding> {
  const subject = 'Exports';
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK | constants.X_OK);
    const fingerprint = await readFingerprint(directory);
    return fine(
      subject,
      fingerprint === undefined
        ? `${directory}; the key that signs them is made at the first start`
        : `${directory}; signed with the key ${fingerprint}`,
    );
  } catch (cause) {
    return broken(
      subject,
      `${directory} cannot be used (${codeOf(cause)})`,
      'Give it and evidence-key.pem in it to the user that runs Parapet, or set PARAPET_EXPORTS_DIR.',
    );
  }
}

/** The native WebRTC library loads on this platform. */
export function probeWebRtc(): Finding {
  try {
    createRequire(import.meta.url)('node-datachannel');
    return fine('WebRTC library', 'loads');
  } catch (cause) {
    return broken(
      'WebRTC library',
      `does not load (${codeOf(cause)})`,
      'Run npm ci again on this machine; its platform may have no prebuilt library.',
    );
  }
}

/** The media port is free, or held by the Parapet that runs already (`isRunning`). */
export async function probeMediaPort(
  port: number,
  host: string | undefined,
  isRunning: boolean,
): Promise<Finding> {
  const subject = 'Media port';
  if (port === 0) return fine(subject, 'any free one (set PARAPET_MEDIA_PORT to open a firewall for it)');
  const socket = createSocket(host?.includes(':') === false ? 'udp4' : 'udp6');
  try {
    socket.bind({ port, exclusive: true, ...(host === undefined ? {} : { address: host }) });
    await once(socket, 'listening');
    return fine(subject, `${port}/udp is free`);
  } catch (cause) {
    if (isRunning && codeOf(cause) === 'EADDRINUSE')
      return fine(subject, `${port}/udp is held by the running Parapet`);
    return broken(
      subject,
      `${port}/udp cannot be opened (${codeOf(cause)})`,
      'Stop the program that holds it, or set PARAPET_MEDIA_PORT.',
    );
  } finally {
    socket.close();
  }
}

/** Whether a Parapet answers where this configuration would listen, and whether it is ready. */
export async function probeRunning(
  url: string,
  signal: AbortSignal,
): Promise<{ isRunning: boolean; finding: Finding }> {
  const subject = 'Running';
  try {
    const answer = await fetch(new URL('/readyz', url), { signal });
    const { parts } = (await answer.json()) as { parts: { part: string; isUp: boolean }[] };
    const down = parts.filter((part) => !part.isUp).map((part) => part.part);
    return {
      isRunning: true,
      finding:
        answer.ok && down.length === 0
          ? fine(subject, `ready at ${url}`)
          : broken(
              subject,
              `at ${url}, but these are down: ${down.join(', ') || 'the database'}`,
              'See the lines below and its log.',
            ),
    };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof SyntaxError)
      return {
        isRunning: false,
        finding: broken(subject, `another program answers at ${url}`, 'Set PORT to a free one.'),
      };
    return { isRunning: false, finding: fine(subject, 'no (npm start starts it)') };
  }
}

/** Postgres answers and takes our name and password. Only when DATABASE_URL is set. */
export async function probeDatabase(databaseUrl: string): Promise<Finding> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>('show server_version');
    return fine('Database', `Postgres ${rows[0]?.version ?? ''} answers`);
  } catch (cause) {
    return broken(
      'Database',
      `Postgres does not let us in (${codeOf(cause)})`,
      'Check DATABASE_URL: host, port, name, password, and that this machine may connect.',
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * The VMS answers, lets us in and has cameras; the first of them has somewhere to get pictures from. `rest`: how to wait
 * where it was asked too often, by a Parapet that runs beside us, say.
 */
export async function probeVms(vms: Vms, signal: AbortSignal, rest?: Rest): Promise<Finding> {
  const subject = `VMS ${vms.id}`;
  try {
    const { cameras, groups } = await askedGently(() => vms.readDirectory(signal), signal, rest);
    const [first] = cameras;
    if (first === undefined)
      return broken(
        subject,
        'answers, but shows no camera',
        'Give the integration user the right to see the cameras.',
      );
    await vms.liveSource(first.id, first.streams.some(({ name }) => name === 'sub') ? 'sub' : 'main', signal);
    const agencies = groups.filter((group) => group.parentId === undefined).length;
    return fine(subject, `${cameras.length} cameras in ${agencies} agencies`);
  } catch (cause) {
    signal.throwIfAborted();
    const words = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof VmsError && cause.retryAfterMs !== undefined)
      return broken(subject, words, 'Something else asks it as well: find out what, or try again later.');
    return broken(subject, words, 'Check its address, user, password and certificate in the configuration.');
  }
}

/** LiveKit answers where we look for it and takes our key. Browsers look at `url`, which only they can try. */
export async function probeLiveKit(
  { url, apiUrl }: { readonly url: string; readonly apiUrl: string },
  rooms: Pick<RoomApi, 'participants'>,
  signal: AbortSignal,
): Promise<Finding> {
  const subject = 'LiveKit';
  try {
    // A room that is not there: any answer but a refusal means that the key is right.
    await rooms.participants('parapet-doctor', signal);
    return fine(subject, `answers at ${apiUrl} and takes the key; browsers are sent to ${url}`);
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof LiveKitError)) throw cause;
    if (cause.code === 'denied')
      return broken(
        subject,
        `answers at ${apiUrl}, and does not take the key`,
        'Check PARAPET_LIVEKIT_API_KEY and PARAPET_LIVEKIT_API_SECRET against the keys in LiveKit’s configuration, and both clocks.',
      );
    return broken(
      subject,
      `${apiUrl}: ${cause.message}`,
      'Check PARAPET_LIVEKIT_URL or PARAPET_LIVEKIT_API_URL, and that this machine may connect there.',
    );
  }
}
