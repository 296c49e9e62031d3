import type { SiteCamera, SiteGroup } from '#mocks/site/cameras.ts';
import { guid } from '#mocks/site/guid.ts';
import type { SiteHardware, SiteRecorder } from '#mocks/site/hardware.ts';
import { formats, type Format } from '#mocks/camera/pictures.ts';
import type { CameraCodec } from './camera-makes.ts';
import { xprotectTime } from './odd-json.ts';

/** An object of the Config API, as it stands in an answer's `data` or `array`. */
export interface ConfigObject {
  readonly id: string;
  readonly enabled?: boolean;
  readonly [field: string]: unknown;
}

const unset = '0001-01-01T00:00:00.0000000';
const configured = xprotectTime(Date.UTC(2025, 9, 27, 15, 5, 9, 277));

const relations = (type: string, id: string, parentType: string, parentId: string) => ({
  parent: { type: parentType, id: parentId },
  self: { type, id },
});

/** The id of a camera's stream, as live connections name it. XProtect writes these in capitals. */
export function streamId(cameraNumber: number, format: Format): string {
  return guid(`stream ${cameraNumber} ${format}`).toUpperCase();
}

export const siteId = guid('site');

export const site: ConfigObject = {
  displayName: 'Control Centre',
  id: siteId,
  name: 'CONTROL-CENTRE',
  description: '',
  lastModified: configured,
  timeZone: 'Arabian Standard Time',
  computerName: 'CONTROL-CENTRE',
  domainName: '',
  lastStatusHandshake: configured,
  physicalMemory: 0,
  platform: '[Not Available]',
  processors: 0,
  serviceAccount: 'S-1-5-20',
  synchronizationStatus: 0,
  masterSiteAddress: '',
  version: '25.1.1804.0',
  relations: { self: { type: 'sites', id: siteId } },
};

export function recorderObject(recorder: SiteRecorder, webServerUri: string): ConfigObject {
  return {
    enabled: true,
    displayName: recorder.name,
    id: recorder.id,
    name: recorder.name,
    description: '',
    hostName: '127.0.0.1',
    portNumber: Number(new URL(webServerUri).port),
    webServerUri,
    activeWebServerUri: webServerUri,
    publicAccessEnabled: false,
    publicWebserverHostName: '',
    publicWebserverPort: 0,
    lastModified: configured,
    multicastServerAddress: '0.0.0.0',
    timeZoneName: 'Arabian Standard Time',
    version: '25.1.1804.0',
    relations: { parent: { type: 'sites', id: siteId }, self: { type: 'recordingServers', id: recorder.id } },
  };
}

export function storageObject(recorder: SiteRecorder, number: 1 | 2): ConfigObject {
  const id = guid(`storage ${recorder.number} ${number}`);
  return {
    displayName: number === 1 ? 'Local default' : 'Long retention',
    id,
    name: number === 1 ? 'Local default' : 'Long retention',
    description: '',
    diskPath: `${number === 1 ? 'D' : 'E'}:\\MediaDatabase`,
    encryptionMethod: 'None',
    isDefault: number === 1,
    maxSize: 20_000_000,
    retainMinutes: 90 * 24 * 60,
    signing: false,
    relations: relations('storages', id, 'recordingServers', recorder.id),
  };
}

export function hardwareObject(hardware: SiteHardware): ConfigObject {
  return {
    enabled: true,
    displayName: hardware.name,
    id: hardware.id,
    name: hardware.name,
    description: '',
    address: hardware.address,
    model: hardware.model,
    userName: 'root',
    passwordLastModified: unset,
    lastModified: configured,
    hardwareDriverPath: { type: 'hardwareDrivers', id: guid('driver') },
    relations: relations('hardware', hardware.id, 'recordingServers', hardware.recorderId),
  };
}

/** A camera as `GET /cameras/{id}` gives it; without a site camera, the disabled one of a spare channel. */
export function cameraObject(
  hardware: SiteHardware,
  channel: number,
  camera: SiteCamera | undefined,
): ConfigObject {
  const id = camera?.id ?? guid(`spare ${hardware.id} ${channel}`);
  const name = camera?.name ?? `${hardware.name} - Camera ${channel + 1}`;
  return {
    displayName: name,
    enabled: camera !== undefined,
    id,
    name,
    channel,
    // Where the site keeps its Arabic names: XProtect has no second language.
    description: camera?.nameAr ?? '',
    createdDate: unset,
    lastModified: configured,
    gisPoint: 'POINT EMPTY',
    shortName: camera === undefined ? '' : String(camera.number).padStart(3, '0'),
    icon: 0,
    coverageDirection: 0,
    coverageDepth: 0,
    coverageFieldOfView: 0,
    recordingFramerate: 5,
    recordKeyframesOnly: false,
    recordOnRelatedDevices: true,
    ptzEnabled: camera?.hasPtz ?? false,
    recordingEnabled: true,
    prebufferEnabled: true,
    prebufferInMemory: true,
    prebufferSeconds: 3,
    edgeStorageEnabled: false,
    edgeStoragePlaybackEnabled: false,
    manualRecordingTimeoutEnabled: true,
    manualRecordingTimeoutMinutes: 15,
    recordingStorage: { type: 'storages', id: guid(`storage ${recorderOf(hardware)} 1`) },
    failoverSetting: 'FullSupport',
    relations: relations('cameras', id, 'hardware', hardware.id),
  };
}

const recorderNumbers = new Map([1, 2, 3, 4, 5, 6].map((number) => [guid(`recorder ${number}`), number]));
const recorderOf = (hardware: SiteHardware): number => recorderNumbers.get(hardware.recorderId) ?? 1;

const streamNames = { main: 'Video stream 1', sub: 'Video stream 2' } as const;

/** The tracks a camera's streams can be recorded to: the ids are the same on every system. */
const tracks = {
  primary: '16ce3aa1-5f93-458a-abe5-5c95d9ed1372',
  secondary: '84fff8b9-8cd1-46b2-a451-c4a87d4cbbb0',
  none: '00000000-0000-0000-0000-000000000000',
} as const;

/** What `GET /streams/{cameraId}` says. It has no id of its own: it is found under the camera's. */
export function streamsObject(camera: SiteCamera, recordsSubStream: boolean): object {
  const usage = (format: Format) => ({
    displayName: streamNames[format],
    name: streamNames[format],
    streamReferenceId: streamId(camera.number, format),
    liveMode: 'WhenNeeded',
    liveDefault: format === 'main',
    defaultPlayback: format === 'main',
    recordTo: format === 'main' ? tracks.primary : recordsSubStream ? tracks.secondary : tracks.none,
    useEdge: format === 'main',
    edgeTrackId: tracks.none,
  });
  return {
    displayName: 'Streams',
    stream: [usage('main'), usage('sub')],
    relations: relations('streams', camera.id, 'cameras', camera.id),
  };
}

/** Driver settings. Drivers write numbers as text, and each in its own words: one in three says `FPS` as a number. */
export function settingsObject(camera: SiteCamera, codec: CameraCodec): object {
  const settings = (format: Format) => {
    const { framesPerSecond } = formats[format];
    // There are JPEGs of the small picture only.
    const { width, height } = formats[codec === 'MJPEG' ? 'sub' : format];
    return {
      displayName: streamNames[format],
      codec,
      FPS: camera.number % 3 === 0 ? framesPerSecond : String(framesPerSecond),
      resolution: `${width}x${height}`,
    };
  };
  return {
    displayName: 'Settings',
    general: { displayName: 'General', brightness: '50', rotation: '0' },
    stream: [settings('main'), settings('sub')],
    relations: relations('settings', camera.id, 'cameras', camera.id),
  };
}

export function groupObject(group: SiteGroup): ConfigObject {
  return {
    displayName: group.name,
    id: group.id,
    name: group.name,
    description: group.nameAr,
    builtIn: false,
    lastModified: configured,
    relations:
      group.parentId === undefined
        ? { self: { type: 'cameraGroups', id: group.id } }
        : relations('cameraGroups', group.id, 'cameraGroups', group.parentId),
  };
}
