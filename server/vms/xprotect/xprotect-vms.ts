import { VmsError, type Vms, type VmsStream } from '#server/vms/vms.ts';
import { obtainAccessToken } from './access-token.ts';
import { CameraAnswer, GroupAnswer, HardwareAnswer, MemberAnswer, RecorderAnswer } from './answers.ts';
import { Calls } from './calls.ts';
import { ConfigApi } from './config-api.ts';
import { assembleDirectory, type ReadGroup } from './directory.ts';
import { EventFeed, usualFeedPace, type FeedPace } from './events/event-feed.ts';
import { FreshToken } from './fresh-token.ts';
import { inLanes } from './lanes.ts';
import { XProtectStills, type LiveStillsParts } from './live-stills.ts';
import { RecorderBook } from './recorder-book.ts';
import { RecorderLogin } from './recorder-login.ts';
import {
  usualRecordingsLimits,
  XProtectRecordings,
  type RecordingsLimits,
} from './recordings/xprotect-recordings.ts';
import { StreamBook } from './stream-book.ts';
import type { KnownStream } from './streams.ts';

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
  /** How soon the events WebSocket is opened again, where the usual pauses do not fit. */
  readonly events?: Partial<FeedPace>;
  /** Told what an administrator should know but nothing fails over. pino fits. */
  readonly log?: { warn(fields: object, message: string): void };
}

/** Connections to one gateway; IIS queues what is more. */
const maxSockets = 8;
const groupLanes = 6;

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
  readonly stills: XProtectStills;
  readonly #log: XProtectOptions['log'];
  readonly #streamsBudgetMs: number;
  readonly #ca: string | undefined;
  readonly #calls: Calls;
  readonly #accessToken: FreshToken;
  readonly #vmsToken: FreshToken;
  readonly #api: ConfigApi;
  readonly #streams: StreamBook;
  readonly #closed = new AbortController();
  readonly #login: RecorderLogin;
  readonly #recorders: RecorderBook;

  constructor(options: XProtectOptions) {
    this.id = options.id;
    const origin = originOf(options.url);
    this.#log = options.log;
    this.#streamsBudgetMs = options.streamsBudgetMs ?? 1000;
    this.#ca = options.ca;
    this.#calls = new Calls({ ca: options.ca, maxSockets });
    const { username, password } = options;
    this.#accessToken = new FreshToken((_previous, signal) =>
      obtainAccessToken(this.#calls, { origin, username, password }, signal),
    );
    this.#login = new RecorderLogin(this.#calls, origin, this.#accessToken);
    this.#vmsToken = new FreshToken((previous, signal) => this.#login.logIn(previous, signal));
    this.#api = new ConfigApi(this.#calls, origin, this.#accessToken);
    this.#recorders = new RecorderBook(this.#api);
    this.#streams = new StreamBook(this.#api);
    const parts: LiveStillsParts = {
      calls: this.#calls,
      api: this.#api,
      vmsToken: this.#vmsToken,
      ca: options.ca,
      closed: this.#closed.signal,
      recorderOf: async (cameraId, signal) => new URL(await this.#recorders.addressOf(cameraId, signal)),
      knownRecorderOf: (cameraId) => this.#recorders.known(cameraId),
      forgetRecorder: (cameraId) => this.#recorders.forget(cameraId),
      streamsOf: (cameraId, signal) => this.#knownStreams(cameraId, signal),
      sampleCameras: (signal) => this.#recorders.sampleCameras(signal),
    };
    const events = new EventFeed({
      origin,
      ca: options.ca,
      accessToken: this.#accessToken,
      log: options.log,
      pace: { ...usualFeedPace, ...options.events },
    });
    this.recordings = new XProtectRecordings(
      { ...parts, events },
      { ...usualRecordingsLimits, ...options.recordings },
    );
    this.stills = new XProtectStills(parts);
  }

  async readDirectory(caller: AbortSignal) {
    const signal = this.#alive(caller);
    const [cameras, hardware, recorders, groups] = await Promise.all([
      this.#list('cameras', CameraAnswer, signal),
      this.#list('hardware', HardwareAnswer, signal),
      this.#list('recordingServers', RecorderAnswer, signal),
      this.#readGroups(signal),
    ]);
    this.#recorders.replace(cameras, hardware, recorders);
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
      this.#recorders.addressOf(deviceId, signal),
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
    if (held !== undefined && access !== undefined) await this.#login.logOut(held.value, access.value);
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

  #knownStreams(cameraId: string, signal: AbortSignal): Promise<readonly KnownStream[]> {
    const known = this.#streams.known(cameraId);
    return known === undefined ? this.#streams.read(cameraId, signal) : Promise.resolve(known);
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
