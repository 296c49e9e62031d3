import type { StreamName } from '#contract/camera.ts';
import type { PlaybackFeed } from '#server/vms/playback-feed.ts';
import { type LiveSource, type Vms, type VmsDirectory, VmsError, type VmsStream } from '#server/vms/vms.ts';
import { liveAddress } from './addresses.ts';
import { type CameraAnswer, streamOf } from './answers.ts';
import { cameraIds, groupId, numberOf } from './ids.ts';
import { type ExportPace, RtaExport } from './rta-export.ts';
import { documentedLimits, type RequestLimits, RtaApi, type RtaLog } from './rta-api.ts';
import { type RecordedCamera, RtaRecordings, type RtaRecordingsParts } from './rta-recordings.ts';
import type { RtaSettings } from './settings.ts';
import type { SpanSource } from './span-days.ts';

export interface RtaOptions {
  /** The id it has in the configuration. */
  readonly id: string;
  readonly settings: RtaSettings;
  /** Who plays time-shifted RTSP. Absent: there is a timeline, and no pictures of it. */
  readonly feed?: PlaybackFeed | undefined;
  /** Certificates (PEM) to trust instead of the public ones. */
  readonly ca?: string | undefined;
  /** Default: those of the requirements. */
  readonly limits?: RequestLimits;
  readonly log?: RtaLog | undefined;
  /** How exports are waited for. Tests do not wait so long. */
  readonly exportPace?: ExportPace;
  /** Epoch ms. */
  readonly now?: () => number;
}

/** What agencies without a name are, in the requirements' words. */
const otherAgencies = 'Other Agencies';
/** What the requirements promise, where a camera does not say. */
const usualRetentionDays = 90;
/** Cameras on which it is tried whether recordings can be played. */
const sampleSize = 3;

interface KnownCamera extends RecordedCamera {
  readonly cameraId: string;
  readonly agency: string;
  readonly stream: VmsStream;
  readonly hasPtz: boolean;
  readonly isRecorded: boolean;
}

/**
 * The adapter for Milestone as the requirements describe it: cameras and timelines by REST (`mip_sdk`) or from the Mobile
 * Server (`mobile_server`), or a list of our own (`rtsp_direct`); pictures, live and recorded, always by RTSP.
 */
export function createRtaVms(options: RtaOptions): Vms {
  return new RtaVms(options);
}

class RtaVms implements Vms {
  readonly id: string;
  readonly recordings: RtaRecordings;
  readonly #settings: RtaSettings;
  readonly #api: RtaApi | undefined;
  readonly #closed = new AbortController();
  /** By our ids, as of the last reading. */
  #cameras: ReadonlyMap<string, KnownCamera> | undefined;

  constructor(options: RtaOptions) {
    const { id, settings, feed, ca, limits = documentedLimits, log, now = Date.now } = options;
    this.id = id;
    this.#settings = settings;
    const { apiUrl } = settings;
    if (settings.method !== 'rtsp_direct') {
      if (apiUrl === undefined) throw new TypeError('A Milestone server has an address');
      this.#api = new RtaApi({ ...settings, apiUrl }, { ca, limits, log: log && named(log, id) });
    }
    this.recordings = new RtaRecordings({
      settings,
      feed,
      source: this.#api === undefined ? this.#declared(now) : this.#asked(this.#api),
      film: this.#filmed(options.exportPace),
      find: (cameraId, signal) => this.#find(cameraId, signal),
      peek: (cameraId) => this.#cameras?.get(cameraId.toLowerCase()),
      samples: async (signal) =>
        [...(await this.#read(signal)).values()]
          .filter(({ isRecorded }) => isRecorded)
          .slice(0, sampleSize)
          .map(({ cameraId }) => cameraId),
      closed: this.#closed.signal,
      now,
    });
  }

  async readDirectory(caller: AbortSignal): Promise<VmsDirectory> {
    const cameras = [...(await this.#readAfresh(this.#alive(caller))).values()];
    return {
      cameras: cameras.map(({ cameraId, id, name, agency, stream, hasPtz }) => {
        const number = numberOf(id);
        return {
          id: cameraId,
          ...(number === undefined ? {} : { number }),
          name,
          groupIds: [groupId(this.id, agency)],
          streams: [stream],
          hasPtz,
        };
      }),
      groups: [...new Set(cameras.map(({ agency }) => agency))].map((name) => ({
        id: groupId(this.id, name),
        name,
      })),
    };
  }

  async liveSource(cameraId: string, stream: StreamName, caller: AbortSignal): Promise<LiveSource> {
    const camera = await this.#find(cameraId, this.#alive(caller));
    if (stream !== 'main') throw new VmsError('no-such-stream', `The camera has no ${stream} stream`);
    const { username, password } = this.#settings;
    return {
      kind: 'rtsp',
      url: liveAddress(this.#settings, camera),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    };
  }

  async readStreams(cameraId: string, caller: AbortSignal): Promise<readonly VmsStream[]> {
    const signal = this.#alive(caller);
    const camera = await this.#find(cameraId, signal);
    // The Mobile Server tells of all cameras or none.
    if (this.#api === undefined || this.#settings.method !== 'mip_sdk') return [camera.stream];
    return [streamOf(await this.#api.camera(camera.id, signal))];
  }

  async close(): Promise<void> {
    this.#closed.abort(new VmsError('unavailable', 'Parapet is ending'));
    this.#api?.close();
    await Promise.resolve();
  }

  #alive(caller: AbortSignal): AbortSignal {
    const signal = AbortSignal.any([caller, this.#closed.signal]);
    signal.throwIfAborted();
    return signal;
  }

  async #find(cameraId: string, signal: AbortSignal): Promise<KnownCamera> {
    const camera = (await this.#read(signal)).get(cameraId.toLowerCase());
    if (camera === undefined) throw new VmsError('unknown-camera', 'Milestone has no such camera');
    return camera;
  }

  async #read(signal: AbortSignal): Promise<ReadonlyMap<string, KnownCamera>> {
    return this.#cameras ?? (await this.#readAfresh(signal));
  }

  async #readAfresh(signal: AbortSignal): Promise<ReadonlyMap<string, KnownCamera>> {
    signal.throwIfAborted();
    const listed =
      this.#api === undefined
        ? this.#settings.cameras.map(listedHere)
        : (await this.#api.cameras(signal)).filter(({ enabled }) => enabled);
    const ids = cameraIds(listed.map(({ id }) => id));
    const known = new Map<string, KnownCamera>();
    for (const camera of listed) {
      const cameraId = ids.get(camera.id) ?? '';
      known.set(cameraId, {
        cameraId,
        id: camera.id,
        name: camera.name,
        guid: camera.guid,
        liveUrl: camera.live_stream_url,
        agency: this.#agencyOf(camera),
        stream: streamOf(camera),
        hasPtz: camera.properties?.ptz_capable ?? false,
        isRecorded: camera.recording_enabled,
        retentionDays: camera.recording_enabled ? (camera.retention_days ?? usualRetentionDays) : 0,
        recorder: camera.recording_server ?? this.#settings.recordingServer,
      });
    }
    this.#cameras = known;
    return known;
  }

  #agencyOf({ id, group, agency, category }: CameraAnswer): string {
    const said = group ?? agency ?? category;
    if (said !== undefined) return said;
    const found = this.#settings.agencies.find(({ cameras }) => cameras.some((glob) => fits(glob, id)));
    return found?.name ?? otherAgencies;
  }

  #filmed(pace: ExportPace | undefined): RtaRecordingsParts['film'] {
    const { export: path } = this.#settings.paths;
    if (this.#api === undefined || path === undefined) return undefined;
    const exporter = new RtaExport(this.#api, path, pace);
    return (id, within, signal) => exporter.film(id, within, signal);
  }

  #asked(api: RtaApi): SpanSource {
    return {
      get isAtLeisure() {
        return api.isAtLeisure;
      },
      read: (id, { start, end }, signal) => api.recordings(id, start, end, signal),
    };
  }

  /** Nobody tells a timeline; whoever wrote the list has said for how long cameras are recorded without a break. */
  #declared(now: () => number): SpanSource {
    const kept = new Map(this.#settings.cameras.map(({ id, retention_days = 0 }) => [id, retention_days]));
    return {
      isAtLeisure: true,
      read: (id, { start, end }) => {
        const oldest = now() - (kept.get(id) ?? 0) * 86_400_000;
        return Promise.resolve(oldest < end ? [{ start: Math.max(start, oldest), end }] : []);
      },
    };
  }
}

/** Says of which VMS it is. */
const named = (log: RtaLog, vms: string): RtaLog => ({
  warn: (fields, message) => log.warn({ vms, ...fields }, message),
});

function listedHere({ id, name, guid, group, retention_days }: RtaSettings['cameras'][number]): CameraAnswer {
  return {
    id,
    name,
    enabled: true,
    recording_enabled: retention_days !== undefined,
    ...(guid === undefined ? {} : { guid }),
    ...(group === undefined ? {} : { group }),
    ...(retention_days === undefined ? {} : { retention_days }),
  };
}

/** `*` stands for anything. */
function fits(glob: string, id: string): boolean {
  const pattern = glob.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${pattern.join('.*')}$`, 'i').test(id);
}
