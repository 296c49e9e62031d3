import { randomUUID } from 'node:crypto';
import { VmsError, type Vms, type VmsStream } from '#server/vms/vms.ts';
import { obtainAccessToken } from './access-token.ts';
import {
  CameraAnswer,
  GroupAnswer,
  HardwareAnswer,
  MemberAnswer,
  RecorderAnswer,
  UrisAnswer,
} from './answers.ts';
import { Calls } from './calls.ts';
import { ConfigApi } from './config-api.ts';
import { assembleDirectory, type ReadGroup } from './directory.ts';
import { FreshToken, type GrantedToken } from './fresh-token.ts';
import { readJson } from './json.ts';
import { inLanes } from './lanes.ts';
import {
  usualRecordingsLimits,
  XProtectRecordings,
  type RecordingsLimits,
} from './recordings/xprotect-recordings.ts';
import { StreamBook } from './stream-book.ts';
import type { KnownStream } from './streams.ts';
import { AccessTokenRefused, endVmsToken, NoServerCommand, obtainVmsToken } from './vms-token.ts';

export interface XProtectOptions {
  /** The id it has in the configuration. */
  readonly id: string;
  /** The API gateway, `https://host[:port]`. */
  readonly url: string;
  /** A basic user (XProtect's own kind). It needs to see the cameras and their live pictures. */
  readonly username: string;
  readonly password: string;
  /** Certificates (PEM) to trust instead of the public ones: XProtect sites have their own authority. */
  readonly ca?: string | undefined;
  /** How long `readDirectory` waits for the cameras' streams before it answers without the rest, ms. Default 1000. */
  readonly streamsBudgetMs?: number;
  /** Connections and memory for recordings, where the usual measures do not fit. */
  readonly recordings?: Partial<RecordingsLimits>;
  /** Told what an administrator should know but nothing fails over. pino fits. */
  readonly log?: { warn(fields: object, message: string): void };
}

/** Connections to one gateway; IIS queues what is more. */
const maxSockets = 8;
const groupLanes = 6;
/** Cameras on which it is tried out what recorders can do, until one answers. */
const sampleSize = 3;
/** Logging out is a courtesy; shutting down does not wait longer for it, ms. */
const logoutMs = 1000;

/**
 * The adapter for Milestone XProtect: directory by Config REST, live pictures from the recorders' ImageServer.
 * Throws a `TypeError` for a URL that is none. Facts about the protocols: docs/protocols.md.
 */
export function createXProtectVms(options: XProtectOptions): Vms {
  return new XProtectVms(options);
}

class XProtectVms implements Vms {
  readonly id: string;
  readonly recordings: XProtectRecordings;
  readonly #origin: URL;
  readonly #log: XProtectOptions['log'];
  readonly #streamsBudgetMs: number;
  readonly #ca: string | undefined;
  readonly #calls: Calls;
  readonly #accessToken: FreshToken;
  readonly #vmsToken: FreshToken;
  readonly #api: ConfigApi;
  readonly #streams: StreamBook;
  readonly #closed = new AbortController();
  readonly #instanceId = randomUUID();
  /** Recorder addresses by camera, as of the last reading of the directory or the last look-up. */
  readonly #recorderOf = new Map<string, string>();
  #managementServer: URL | undefined;

  constructor(options: XProtectOptions) {
    this.id = options.id;
    this.#origin = originOf(options.url);
    this.#log = options.log;
    this.#streamsBudgetMs = options.streamsBudgetMs ?? 1000;
    this.#ca = options.ca;
    this.#calls = new Calls({ ca: options.ca, maxSockets });
    const { username, password } = options;
    this.#accessToken = new FreshToken((_previous, signal) =>
      obtainAccessToken(this.#calls, { origin: this.#origin, username, password }, signal),
    );
    this.#vmsToken = new FreshToken((previous, signal) => this.#logIn(previous, signal));
    this.#api = new ConfigApi(this.#calls, this.#origin, this.#accessToken);
    this.#streams = new StreamBook(this.#api);
    this.recordings = new XProtectRecordings(
      {
        calls: this.#calls,
        api: this.#api,
        vmsToken: this.#vmsToken,
        ca: options.ca,
        closed: this.#closed.signal,
        recorderOf: async (cameraId, signal) => new URL(await this.#recorderAddress(cameraId, signal)),
        forgetRecorder: (cameraId) => this.#recorderOf.delete(cameraId),
        streamsOf: (cameraId, signal) => this.#knownStreams(cameraId, signal),
        sampleCameras: (signal) => this.#sampleCameras(signal),
      },
      { ...usualRecordingsLimits, ...options.recordings },
    );
  }

  async readDirectory(caller: AbortSignal) {
    const signal = this.#alive(caller);
    const [cameras, hardware, recorders, groups] = await Promise.all([
      this.#list('cameras', CameraAnswer, signal),
      this.#list('hardware', HardwareAnswer, signal),
      this.#list('recordingServers', RecorderAnswer, signal),
      this.#readGroups(signal),
    ]);
    const addresses = new Map(recorders.map(({ id, webServerUri }) => [id, webServerUri]));
    const recorderIds = new Map(hardware.map(({ id, relations }) => [id, relations.parent?.id ?? '']));
    this.#recorderOf.clear();
    for (const { id, relations } of cameras) {
      const address = addresses.get(recorderIds.get(relations.parent?.id ?? '') ?? '');
      if (address !== undefined) this.#recorderOf.set(id, address);
    }
    const versions = new Map(cameras.map(({ id, lastModified = '' }) => [id, lastModified]));
    await this.#streams.catchUp(versions, this.#streamsBudgetMs, signal);
    return assembleDirectory(cameras, groups, (id) => this.#streams.known(id)?.map(withoutId));
  }

  async liveSource(cameraId: string, stream: 'main' | 'sub', caller: AbortSignal) {
    const signal = this.#alive(caller);
    const deviceId = cameraId.toLowerCase();
    // A camera id goes into a path: only a GUID may.
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(deviceId))
      throw new VmsError('unknown-camera', 'XProtect has no such camera');
    const [address, known, token] = await Promise.all([
      this.#recorderAddress(deviceId, signal),
      this.#knownStreams(deviceId, signal),
      this.#vmsToken.get(signal),
    ]);
    const chosen = known.find(({ name }) => name === stream);
    if (chosen === undefined && (stream === 'sub' || known.length > 0))
      throw new VmsError('no-such-stream', `The camera has no ${stream} stream`);
    const recorder = new URL(address);
    const isSecure = recorder.protocol === 'https:';
    return {
      kind: 'image-server' as const,
      host: recorder.hostname.replace(/^\[|\]$/g, ''),
      port: recorder.port === '' ? (isSecure ? 443 : 80) : Number(recorder.port),
      tls: isSecure,
      deviceId,
      ...(chosen === undefined ? {} : { streamId: chosen.id }),
      token: token.value,
      ...(this.#ca === undefined ? {} : { ca: this.#ca }),
      tokenExpiresAt: Math.floor(Date.now() + (token.diesAt - performance.now())),
    };
  }

  async readStreams(cameraId: string, caller: AbortSignal): Promise<readonly VmsStream[]> {
    if (!/^[0-9a-f-]{36}$/i.test(cameraId))
      throw new VmsError('unknown-camera', 'XProtect has no such camera');
    return (await this.#streams.read(cameraId.toLowerCase(), this.#alive(caller))).map(withoutId);
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new VmsError('unavailable', 'The connection to XProtect is closed'));
    this.#streams.close();
    this.recordings.close();
    const [held, access] = [this.#vmsToken.held, this.#accessToken.held];
    if (held !== undefined && access !== undefined)
      await endVmsToken(this.#calls, {
        origin: this.#managementServer ?? this.#origin,
        accessToken: access.value,
        instanceId: this.#instanceId,
        currentToken: held.value,
        signal: AbortSignal.timeout(logoutMs),
      }).catch(() => undefined);
    this.#accessToken.close();
    this.#vmsToken.close();
    this.#calls.close();
  }

  #alive(caller: AbortSignal): AbortSignal {
    const signal = AbortSignal.any([caller, this.#closed.signal]);
    signal.throwIfAborted();
    return signal;
  }

  async #list<T extends Parameters<ConfigApi['all']>[1]>(path: string, schema: T, signal: AbortSignal) {
    const { items, unreadable } = await this.#api.all(path, schema, signal);
    if (unreadable > 0)
      this.#log?.warn({ vms: this.id, list: path, unreadable }, 'XProtect lists objects nobody can read');
    return items;
  }

  /** Level by level from the agencies down; per group one call for the groups below and one for its cameras. */
  async #readGroups(signal: AbortSignal): Promise<readonly ReadGroup[]> {
    const read: ReadGroup[] = [];
    const seen = new Set<string>();
    type Level = readonly { readonly group: GroupAnswer; readonly parentId?: string }[];
    let level: Level = (await this.#list('cameraGroups', GroupAnswer, signal)).map((group) => ({ group }));
    while (level.length > 0) {
      const here = level.filter(({ group }) => !seen.has(group.id));
      for (const { group } of here) seen.add(group.id);
      const found = new Map<
        string,
        { readonly below: readonly GroupAnswer[]; readonly cameraIds: readonly string[] }
      >();
      await inLanes(
        here,
        groupLanes,
        async ({ group }) => {
          const [below, members] = await Promise.all([
            this.#list(`cameraGroups/${group.id}/cameraGroups`, GroupAnswer, signal),
            this.#list(`cameraGroups/${group.id}/cameras`, MemberAnswer, signal),
          ]);
          found.set(group.id, { below, cameraIds: members.map(({ id }) => id) });
        },
        signal,
      );
      read.push(
        ...here.map((entry) => ({ ...entry, cameraIds: found.get(entry.group.id)?.cameraIds ?? [] })),
      );
      level = here.flatMap(({ group }) =>
        (found.get(group.id)?.below ?? []).map((below) => ({ group: below, parentId: group.id })),
      );
    }
    return read;
  }

  async #recorderAddress(cameraId: string, signal: AbortSignal): Promise<string> {
    const known = this.#recorderOf.get(cameraId);
    if (known !== undefined) return known;
    const camera = await this.#api.one(`cameras/${cameraId}`, CameraAnswer, signal);
    const hardwareId = camera?.relations.parent?.id;
    if (camera === undefined || camera.enabled === false || hardwareId === undefined)
      throw new VmsError('unknown-camera', 'XProtect has no such camera');
    const hardware = await this.#api.one(`hardware/${hardwareId}`, HardwareAnswer, signal);
    const recorderId = hardware?.relations.parent?.id;
    const recorder =
      recorderId === undefined
        ? undefined
        : await this.#api.one(`recordingServers/${recorderId}`, RecorderAnswer, signal);
    if (recorder === undefined)
      throw new VmsError('unexpected-answer', 'XProtect does not say which recorder the camera is on');
    this.#recorderOf.set(cameraId, recorder.webServerUri);
    return recorder.webServerUri;
  }

  #knownStreams(cameraId: string, signal: AbortSignal): Promise<readonly KnownStream[]> {
    const known = this.#streams.known(cameraId);
    return known === undefined ? this.#streams.read(cameraId, signal) : Promise.resolve(known);
  }

  /** One camera of each of a few recorders, or the first ones listed while the directory has not been read. */
  async #sampleCameras(signal: AbortSignal): Promise<readonly string[]> {
    const byRecorder = new Map([...this.#recorderOf].map(([camera, recorder]) => [recorder, camera]));
    if (byRecorder.size > 0) return [...byRecorder.values()].slice(0, sampleSize);
    return (await this.#api.some('cameras', sampleSize, CameraAnswer, signal)).map(({ id }) => id);
  }

  /** SOAP Login with the access token; a dead access token is replaced once. */
  async #logIn(currentToken: string | undefined, signal: AbortSignal): Promise<GrantedToken> {
    for (let attempt = 1; ; attempt++) {
      const { value: accessToken } = await this.#accessToken.get(signal);
      try {
        return await this.#askForVmsToken({
          accessToken,
          instanceId: this.#instanceId,
          currentToken,
          signal,
        });
      } catch (error) {
        if (!(error instanceof AccessTokenRefused)) throw error;
        this.#accessToken.invalidate(accessToken);
        if (attempt > 1) throw new VmsError('refused', 'XProtect does not let this user use recorders');
      }
    }
  }

  /** The management server answers on the gateway's host, or else where the gateway says that it is. */
  async #askForVmsToken(
    request: Omit<Parameters<typeof obtainVmsToken>[1], 'origin'>,
  ): Promise<GrantedToken> {
    try {
      return await obtainVmsToken(this.#calls, {
        ...request,
        origin: this.#managementServer ?? this.#origin,
      });
    } catch (error) {
      if (!(error instanceof NoServerCommand)) throw error;
      const elsewhere = await this.#findManagementServer(request.signal);
      if (elsewhere === undefined || elsewhere.origin === (this.#managementServer ?? this.#origin).origin)
        throw new VmsError('unexpected-answer', 'XProtect has no log-in for its recorders at this address');
      this.#managementServer = elsewhere;
      return obtainVmsToken(this.#calls, { ...request, origin: elsewhere }).catch((again: unknown) => {
        if (again instanceof NoServerCommand)
          throw new VmsError('unexpected-answer', 'XProtect has no log-in for its recorders', {
            cause: again,
          });
        throw again;
      });
    }
  }

  async #findManagementServer(signal: AbortSignal): Promise<URL | undefined> {
    const url = new URL('/api/.well-known/uris', this.#origin);
    const { status, body } = await this.#calls.call({ method: 'GET', url, timeoutMs: 20_000, signal });
    if (status !== 200) return undefined;
    const uris = readJson(body, UrisAnswer);
    // A token that came over TLS is not sent on in clear text.
    const candidates =
      this.#origin.protocol === 'https:'
        ? [uris.SecureManagementServer]
        : [uris.SecureManagementServer, uris.UnsecureManagementServer];
    const found = candidates.find((text) => text !== undefined && URL.canParse(text));
    return found === undefined ? undefined : new URL(found);
  }
}

const withoutId = ({ id: _id, isRecorded: _isRecorded, ...stream }: KnownStream): VmsStream => stream;

function originOf(text: string): URL {
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError('The URL of XProtect must be http or https');
  if (url.username !== '' || url.password !== '')
    throw new TypeError('The URL of XProtect must not hold a user or password');
  return new URL(url.origin);
}
