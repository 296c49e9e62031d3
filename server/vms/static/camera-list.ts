import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

/** A stream's address without what signs in there. */
export interface StreamAddress {
  /** `rtsp://host[:port]/path`, no user, no password. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

/** One camera of the list, checked, with its secrets beside its addresses. */
export interface ListedCamera {
  readonly number: number;
  readonly name: string;
  readonly nameAr?: string;
  readonly agency: string;
  readonly hasPtz: boolean;
  readonly main: StreamAddress;
  readonly sub?: StreamAddress;
}

/** Something wrong in the list. `path` as in `cameras[3].main`; `line` counts from 1 where the list is a text. */
export interface ListFault {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

/** All that is wrong with a list at once. Its words quote no value: values may be secrets. */
export class CameraListError extends Error {
  override readonly name = 'CameraListError';
  readonly faults: readonly ListFault[];

  constructor(faults: readonly ListFault[]) {
    const lines = faults.map(({ path, line, message }) =>
      [line === undefined ? '' : `line ${line}`, path, message].filter((part) => part !== '').join(': '),
    );
    super(
      `The camera list has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${lines.join('\n')}`,
    );
    this.faults = faults;
  }
}

const Url = z.string('must be an rtsp:// address').refine(isRtsp, 'must be an rtsp:// address with a host');
const Secret = z.string('must be text: put it in quotes').min(1, 'must not be empty');

/** A camera as people write it. */
export const CameraEntry = z.strictObject({
  number: z.int().min(1).max(999_999),
  name: z.string().trim().min(1).max(200),
  nameAr: z.string().trim().min(1).max(200).optional(),
  agency: z.string().trim().min(1).max(100),
  main: Url,
  sub: Url.optional(),
  username: Secret.optional(),
  password: Secret.optional(),
  /** The environment variable that holds the password, for lists that are shared. */
  passwordEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional(),
  ptz: z.boolean().optional(),
});
export type CameraEntry = z.input<typeof CameraEntry>;

const Entries = z.array(CameraEntry);
const Document = z.strictObject({ cameras: Entries });

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a list from YAML: `cameras:` and below it one entry per camera. Throws {@link CameraListError}. */
export function readCameraList(yaml: string, environment: Environment): readonly ListedCamera[] {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines });
  if (document.errors.length > 0) {
    const lineAt = (offset: number) => lines.linePos(offset).line;
    // The parser's own message quotes the text; its code does not.
    throw new CameraListError(
      document.errors.map(({ code, pos }) => ({
        path: '',
        line: lineAt(pos[0]),
        message: `is not YAML (${code})`,
      })),
    );
  }
  const parsed = Document.safeParse(document.toJS());
  const lineOf = (path: readonly PropertyKey[]): number | undefined => {
    // What is missing has no line: its nearest surrounding has.
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      const start = (node as { range?: readonly number[] | null } | undefined)?.range?.[0];
      if (start !== undefined) return lines.linePos(start).line;
    }
    return undefined;
  };
  if (!parsed.success)
    throw new CameraListError(parsed.error.issues.map((issue) => toFault(issue, [], lineOf)));
  return check(parsed.data.cameras, environment, (path) => lineOf(['cameras', ...path]));
}

/** Checks a list that came as objects. Throws {@link CameraListError}. */
export function checkCameraList(
  entries: readonly CameraEntry[],
  environment: Environment,
): readonly ListedCamera[] {
  const parsed = Entries.safeParse(entries);
  if (!parsed.success)
    throw new CameraListError(parsed.error.issues.map((issue) => toFault(issue, ['cameras'])));
  return check(parsed.data, environment, () => undefined);
}

function check(
  entries: z.output<typeof Entries>,
  environment: Environment,
  lineOf: (path: readonly PropertyKey[]) => number | undefined,
): readonly ListedCamera[] {
  const faults: ListFault[] = [];
  const complain = (path: readonly PropertyKey[], message: string): void => {
    const line = lineOf(path);
    faults.push({ path: spell(['cameras', ...path]), message, ...(line === undefined ? {} : { line }) });
  };
  const firstWith = new Map<number, number>();
  const cameras = entries.map((entry, i): ListedCamera => {
    const first = firstWith.get(entry.number);
    if (first === undefined) firstWith.set(entry.number, i);
    else complain([i, 'number'], `is the number of cameras[${first}] already`);
    if (entry.password !== undefined && entry.passwordEnv !== undefined)
      complain([i, 'passwordEnv'], 'cannot stand beside password');
    const fromEnvironment = entry.passwordEnv === undefined ? undefined : environment[entry.passwordEnv];
    if (entry.passwordEnv !== undefined && !fromEnvironment)
      complain([i, 'passwordEnv'], `names ${entry.passwordEnv}, which is not set`);
    const credentials = { username: entry.username, password: entry.password ?? fromEnvironment };
    const address = (key: 'main' | 'sub', text: string): StreamAddress => {
      const split = splitUrl(text);
      if (
        split.username !== undefined &&
        (credentials.username !== undefined || credentials.password !== undefined)
      )
        complain([i, key], 'names a user of its own; say it in one place');
      const username = credentials.username ?? split.username;
      const password = credentials.password ?? split.password;
      return {
        url: split.url,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      };
    };
    return {
      number: entry.number,
      name: entry.name,
      ...(entry.nameAr === undefined ? {} : { nameAr: entry.nameAr }),
      agency: entry.agency,
      hasPtz: entry.ptz ?? false,
      main: address('main', entry.main),
      ...(entry.sub === undefined ? {} : { sub: address('sub', entry.sub) }),
    };
  });
  if (faults.length > 0) throw new CameraListError(faults);
  return cameras;
}

function isRtsp(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'rtsp:' || protocol === 'rtsps:') && hostname !== '';
}

/** Takes user and password out of an address. Cameras' own pages give addresses with both in them. */
function splitUrl(text: string): StreamAddress {
  const url = new URL(text);
  const username = safeDecode(url.username);
  const password = safeDecode(url.password);
  url.username = '';
  url.password = '';
  return {
    url: url.href,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function toFault(
  issue: z.core.$ZodIssue,
  before: readonly PropertyKey[],
  lineOf?: (path: readonly PropertyKey[]) => number | undefined,
): ListFault {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const message = issue.code === 'unrecognized_keys' ? 'is not a field of a camera' : issue.message;
  const line = lineOf?.(path);
  return { path: spell([...before, ...path]), message, ...(line === undefined ? {} : { line }) };
}

const spell = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
