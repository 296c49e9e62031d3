import type { SiteCamera, SiteGroup } from '#mocks/site/cameras.ts';
import type { SiteHardware, SiteRecorder } from '#mocks/site/hardware.ts';
import { cameraTasks, getSequences } from './camera-tasks.ts';
import {
  cameraObject,
  groupObject,
  hardwareObject,
  recorderObject,
  settingsObject,
  site,
  storageObject,
  streamsObject,
  type ConfigObject,
} from './config-objects.ts';
import type { CameraMakes } from './camera-makes.ts';
import type { Features } from './features.ts';
import { errorBody, oddJson, xprotectTime } from './odd-json.ts';
import { RunningTasks } from './running-tasks.ts';

/** What stands behind the Config API. */
export interface ConfigSource {
  readonly cameras: readonly SiteCamera[];
  readonly groups: readonly SiteGroup[];
  readonly hardware: readonly SiteHardware[];
  readonly recorders: readonly SiteRecorder[];
  /** `http://host:port/` of a recorder; they listen before the gateway does. */
  webServerUri(recorder: SiteRecorder): string;
  readonly features: Features;
  readonly makes: CameraMakes;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: string;
}

/** Objects that have been written out once; a list of 500 is then only put together. */
interface Written {
  object: ConfigObject;
  text: string;
}

const write = (object: ConfigObject): Written => ({ object, text: oddJson(object) });
const idOf = (reference: unknown): string => (reference as { parent: { id: string } }).parent.id;

const switches = new Set([
  'disabled',
  'resources',
  'tasks',
  'task',
  'nodata',
  'definitions',
  'language',
  'includechildren',
  'page',
  'size',
]);

/** Resources that other systems have been asked for in vain; each with the answer a real gateway gave. */
const refusals: Readonly<Record<string, RestAnswer>> = {
  outputs: { status: 200, body: oddJson({ array: [] }) },
};

/** Children that exist, but not below a camera: asked for there, the gateway names the folder it looked for. */
const folders: Readonly<Record<string, string>> = {
  outputs: 'OutputFolder',
  inputevents: 'InputEventFolder',
  microphones: 'MicrophoneFolder',
  speakers: 'SpeakerFolder',
  hardware: 'HardwareFolder',
  cameras: 'CameraFolder',
};

/** The read side of the Config API over a site. Knows nothing of HTTP beyond method, path and query. */
export class ConfigRest {
  readonly #lists = new Map<string, readonly Written[]>();
  readonly #children = new Map<string, readonly Written[]>();
  readonly #siteCameras: ReadonlyMap<string, SiteCamera>;
  readonly #features: Features;
  readonly #tasks = new RunningTasks();
  readonly #source: ConfigSource;

  constructor(source: ConfigSource) {
    this.#features = source.features;
    this.#siteCameras = new Map(source.cameras.map((camera) => [camera.id, camera]));
    const cameraIds = new Set(source.cameras.map(({ id }) => id));
    const hardware = source.hardware.filter((box) =>
      box.channels.some((camera) => camera === undefined || cameraIds.has(camera.id)),
    );
    const cameras = hardware.flatMap((box) =>
      box.channels.flatMap((camera, channel) =>
        camera === undefined || cameraIds.has(camera.id) ? [write(cameraObject(box, channel, camera))] : [],
      ),
    );
    this.#lists.set('sites', [write(site)]);
    this.#source = source;
    this.readRecorders();
    this.#lists.set(
      'hardware',
      hardware.map((box) => write(hardwareObject(box))),
    );
    this.#lists.set('cameras', cameras);
    this.#lists.set(
      'cameragroups',
      source.groups.map((group) => write(groupObject(group))),
    );
    this.#lists.set(
      'storages',
      source.recorders.flatMap((r) => [storageObject(r, 1), storageObject(r, 2)].map(write)),
    );

    this.#putBelow('recordingservers', 'hardware', this.#list('hardware'));
    this.#putBelow('recordingservers', 'storages', this.#list('storages'));
    this.#putBelow('hardware', 'cameras', cameras);
    const byId = new Map(cameras.map((camera) => [camera.object.id, camera]));
    for (const group of source.groups) {
      const members = source.cameras.filter((camera) => camera.groupId === group.id);
      const below = source.groups.filter(({ parentId }) => parentId === group.id);
      this.#children.set(
        `cameragroups/${group.id}/cameras`,
        members.map((camera) => byId.get(camera.id)!),
      );
      this.#children.set(
        `cameragroups/${group.id}/cameragroups`,
        below.map((g) => this.#one('cameragroups', g.id)!),
      );
    }
  }

  /** This camera's settings are others now; who keeps them knows it by its `lastModified`. */
  readCamera(number: number): void {
    const id = this.#source.cameras.find((camera) => camera.number === number)?.id ?? '';
    const written = this.#one('cameras', id);
    if (written === undefined) return;
    written.object = { ...written.object, lastModified: xprotectTime(Date.now()) };
    written.text = oddJson(written.object);
  }

  /** Tasks that nobody has tidied up. */
  get taskCount(): number {
    return this.#tasks.size;
  }

  /** Recorders have other addresses now. That a failover shows in them is our guess. */
  readRecorders(): void {
    const source = this.#source;
    this.#lists.set(
      'recordingservers',
      source.recorders.map((r) => write(recorderObject(r, source.webServerUri(r)))),
    );
  }

  /** Answers `GET` on the path below `/api/rest/v1/`, already in lower case. */
  get(path: string, query: URLSearchParams): RestAnswer {
    const [type = '', id, child, ...rest] = path.split('/').filter((part) => part !== '');
    if (id === undefined) return this.#collection(type, query);
    if (type === 'streams' || type === 'settings')
      return child === undefined ? this.#detail(type, id) : unknown(child);
    if (type === 'tasks' && child === undefined) return this.#tasks.look(id);
    if (!this.#lists.has(type)) return refusals[type] ?? unknown(type);
    const found = this.#one(type, id);
    if (child === undefined)
      return found === undefined ? notFound(type, id) : this.#single(type, found, query);
    if (rest.length > 0) return unknown(rest[0] ?? '');
    if (found === undefined) return notFound(type, id);
    if (type === 'cameras' && (child === 'streams' || child === 'settings')) return this.#detail(child, id);
    const below = this.#children.get(`${type}/${id}/${child}`);
    if (below !== undefined) return collection(below, query);
    const folder = folders[child];
    return folder === undefined
      ? unknown(child)
      : { status: 400, body: errorBody(400, `Invalid parent. ${type}/${id}/${folder}`) };
  }

  /** Answers `POST /<type>/{id}?task=`. Of the tasks on a camera only `GetSequences` does something here. */
  post(path: string, query: URLSearchParams, body: string): RestAnswer {
    const [type = '', id = ''] = path.split('/').filter((part) => part !== '');
    const task = query.get('task');
    if (type === 'tasks' && id !== '') return this.#tasks.do(id, task);
    if (!this.#lists.has(type)) return unknown(type);
    if (this.#one(type, id) === undefined) return notFound(type, id);
    const camera = type === 'cameras' ? this.#siteCameras.get(id) : undefined;
    if (camera !== undefined && task?.toLowerCase() === 'getsequences' && this.#features.now.getSequences) {
      const found = getSequences(camera, body);
      return 'status' in found ? found : this.#tasks.begin('Get sequences', found, this.#features.now);
    }
    return {
      status: 400,
      body: errorBody(
        400,
        task === null ? 'Bad request: Unknown request' : `Bad request: Unknown task ${task}`,
      ),
    };
  }

  #list(type: string): readonly Written[] {
    return this.#lists.get(type) ?? [];
  }

  #one(type: string, id: string): Written | undefined {
    return this.#list(type).find(({ object }) => object.id === id);
  }

  #putBelow(parentType: string, type: string, children: readonly Written[]): void {
    const byParent = Map.groupBy(children, ({ object }) => idOf(object['relations']));
    for (const { object } of this.#list(parentType))
      this.#children.set(`${parentType}/${object.id}/${type}`, byParent.get(object.id) ?? []);
  }

  #collection(type: string, query: URLSearchParams): RestAnswer {
    const list = this.#lists.get(type);
    if (list === undefined) return refusals[type] ?? unknown(type);
    // Only groups at the top are listed; the others are found below their parents.
    const top =
      type === 'cameragroups'
        ? list.filter(({ object }) => (object['relations'] as { parent?: unknown }).parent === undefined)
        : list;
    if (type !== 'hardware' || query.get('includechildren')?.toLowerCase() !== 'cameras')
      return collection(top, query);
    return collection(
      top.map(({ object }) => {
        const cameras = this.#children.get(`hardware/${object.id}/cameras`) ?? [];
        return write({ ...object, cameras: visible(cameras, query).map((camera) => camera.object) });
      }),
      query,
    );
  }

  #detail(type: 'streams' | 'settings', id: string): RestAnswer {
    const camera = this.#siteCameras.get(id);
    if (camera === undefined) return notFound(type, id);
    const { makes, features } = this.#source;
    const object =
      type === 'streams'
        ? streamsObject(camera, features.now.recordsSubStream)
        : settingsObject(camera, makes.of(camera.number).codec);
    return { status: 200, body: `{  "data" : ${oddJson(object)} }` };
  }

  #single(type: string, { text }: Written, query: URLSearchParams): RestAnswer {
    const parts: string[] = [];
    if (!query.has('nodata')) parts.push(`"data" : ${text}`);
    if (query.has('tasks'))
      parts.push(`"tasks" : ${oddJson(type === 'cameras' ? cameraTasks(this.#features.now) : [])}`);
    if (query.has('resources')) parts.push(`"resources" : ${oddJson([])}`);
    return { status: 200, body: `{  ${parts.join(',  ')} }` };
  }
}

const unknown = (name: string): RestAnswer => ({
  status: 404,
  body: errorBody(404, `Unknown resource: ${name}`),
});
// The words for an id that nobody has are not on record anywhere; status and shape are.
const notFound = (type: string, id: string): RestAnswer => ({
  status: 404,
  body: errorBody(404, `Not found: ${type}/${id}`),
});

function visible(list: readonly Written[], query: URLSearchParams): readonly Written[] {
  return query.has('disabled') ? list : list.filter(({ object }) => object.enabled !== false);
}

/** Filters, then cuts out the page. Pages start at 0 and nobody is told how many there are. */
function collection(list: readonly Written[], query: URLSearchParams): RestAnswer {
  const filters = [...query].filter(([key]) => !switches.has(key));
  const matching = visible(list, query).filter(({ object }) =>
    filters.every(([key, test]) => matches(object, key, test)),
  );
  const size = query.has('size') ? Number(query.get('size')) : matching.length;
  const page = Number(query.get('page') ?? 0);
  if (!Number.isInteger(size) || !Number.isInteger(page) || size < 0 || page < 0)
    return { status: 400, body: errorBody(400, 'Bad request: Invalid page or size') };
  const texts = matching.slice(page * size, (page + 1) * size).map(({ text }) => text);
  return { status: 200, body: `{  "array" :  [ ${texts.join(', ')}${texts.length === 0 ? ' ' : ''} ] }` };
}

/** `?model='AXIS'`, `?name=contains:'gate'`; an unknown field matches nothing away. */
function matches(object: ConfigObject, key: string, test: string): boolean {
  const field = Object.keys(object).find((name) => name.toLowerCase() === key);
  if (field === undefined) return true;
  const value = String(object[field]).toLowerCase();
  const { operator = 'equals', wanted = '' } =
    /^(?:(?<operator>\w+):)?'?(?<wanted>.*?)'?$/.exec(test)?.groups ?? {};
  const text = wanted.toLowerCase();
  switch (operator.toLowerCase()) {
    case 'notequals':
      return value !== text;
    case 'startswith':
      return value.startsWith(text);
    case 'contains':
      return value.includes(text);
    case 'gt':
      return value > text;
    case 'lt':
      return value < text;
    default:
      return value === text;
  }
}
