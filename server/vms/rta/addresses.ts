import { VmsError } from '#server/vms/vms.ts';
import type { RtaSettings } from './settings.ts';

/** What an address can be made of. */
export interface AddressedCamera {
  /** The server's id. */
  readonly id: string;
  readonly name: string;
  readonly guid: string | undefined;
  readonly liveUrl: string | undefined;
}

type Templates = Pick<RtaSettings, 'rtspUrl' | 'livePath' | 'playbackPath'>;

function fill(
  template: string,
  camera: AddressedCamera,
  times: Readonly<Record<string, string>> = {},
): string {
  return template.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value =
      times[name] ?? (name === 'camera_id' ? camera.id : name === 'camera_name' ? camera.name : camera.guid);
    if (value === undefined)
      throw new VmsError('unexpected-answer', 'The Milestone server names no GUID of this camera');
    return encodeURIComponent(value);
  });
}

const portOf = ({ port }: URL): string => (port === '' ? '554' : port);

/** The path that the camera list gives, where it is on the very server that is configured. */
function ownPath(liveUrl: string | undefined, rtspUrl: string): string | undefined {
  const [given, own] = [URL.parse(liveUrl ?? ''), URL.parse(rtspUrl)];
  if (given?.protocol !== 'rtsp:' || own === null) return undefined;
  if (given.hostname !== own.hostname || portOf(given) !== portOf(own)) return undefined;
  return given.pathname + given.search;
}

/** Where a camera's live pictures are, without user and password. */
export function liveAddress({ rtspUrl, livePath }: Templates, camera: AddressedCamera): string {
  if (livePath !== undefined) return rtspUrl + fill(livePath, camera);
  return rtspUrl + (ownPath(camera.liveUrl, rtspUrl) ?? fill('/camera/{camera_id}', camera));
}

/** As the document writes times: to the second, with a fraction only where there is one. */
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** Where its recording from `start` to `end` (epoch ms) is; the duration in whole seconds that reach at least so far. */
export function playbackAddress(
  { rtspUrl, playbackPath }: Templates,
  camera: AddressedCamera,
  start: number,
  end: number,
): string {
  const duration = String(Math.max(1, Math.ceil((end - start) / 1000)));
  const path = fill(playbackPath, camera, { start: iso(start), end: iso(end), duration });
  if (/\{(start|end|duration)\}/.test(playbackPath)) return rtspUrl + path;
  return `${rtspUrl}${path}${path.includes('?') ? '&' : '?'}start=${iso(start)}&duration=${duration}`;
}
