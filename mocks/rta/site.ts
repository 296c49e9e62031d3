import { formats } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { oldestKept, recordedSpans, retentionMs, type SiteSpan } from '#mocks/site/recordings.ts';
import type { RtaFaults } from './faults.ts';

/*
 * The pretend site in the words of the requirements: ids like `cam-001-sheikh-zayed`, four agencies, and the JSON of the
 * camera list, the camera's metadata and the recording timeline with exactly their field names.
 */

/** The agencies as the requirements name them. */
export const agencyNames: Readonly<Record<SiteCamera['agency'], string>> = {
  police: 'Dubai Police',
  metro: 'Metro',
  bus: 'Bus',
  other: 'Other Agencies',
};

/** Camera `n` of the site as this server calls it. */
export function rtaId({ number, name }: Pick<SiteCamera, 'number' | 'name'>): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `cam-${String(number).padStart(3, '0')}-${slug}`.slice(0, 60).replace(/-$/, '');
}

/** What is recorded of `within`: what the site recorded, without the gaps that were switched on. */
export function recordedOf(camera: SiteCamera, within: SiteSpan, faults: RtaFaults, now: number): SiteSpan[] {
  let spans = recordedSpans(camera, within, now);
  for (const gap of faults.camera(camera.number).gaps ?? [])
    spans = spans.flatMap(({ start, end }) =>
      [
        { start, end: Math.min(end, gap.start) },
        { start: Math.max(start, gap.end), end },
      ].filter((part) => part.start < part.end),
    );
  return spans;
}

/** As the requirements write times: UTC to the second, with milliseconds only where there are some. */
export const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

export interface Addresses {
  /** `rtsp://host:port`. */
  readonly rtsp: string;
  /** What cameras name as their recording server. */
  readonly recordingServer: string;
}

const { width, height, framesPerSecond: fps } = formats.main;
const resolution = `${String(width)}x${String(height)}`;
const retentionDays = retentionMs / 86_400_000;

const properties = (camera: SiteCamera) => ({
  manufacturer: 'Parapet',
  model: camera.hasPtz ? 'Dome' : 'Bullet',
  ip_address: `198.51.100.${String(1 + (camera.number % 250))}`,
  resolution,
  fps,
  ptz_capable: camera.hasPtz,
});

/** What real servers add to the documented fields: which agency a camera belongs to, and its GUID. */
const additions = (camera: SiteCamera, isBare: boolean) =>
  isBare ? {} : { group: agencyNames[camera.agency], guid: camera.id };

/** An entry of the camera list. `isBare`: only what the document's example shows. */
export function listed(camera: SiteCamera, addresses: Addresses, isBare: boolean) {
  const [building = '', area = camera.name] = camera.name.split(', ');
  return {
    id: rtaId(camera),
    name: camera.name,
    enabled: true,
    recording_enabled: true,
    live_stream_url: `${addresses.rtsp}/camera/${rtaId(camera)}`,
    location: { building, floor: 'Ground', area },
    properties: properties(camera),
    recording_server: addresses.recordingServer,
    retention_days: retentionDays,
    ...additions(camera, isBare),
  };
}

/** A camera's metadata, which has other names for some of the list's fields. */
export function metadata(camera: SiteCamera, addresses: Addresses, isBare: boolean) {
  const { manufacturer, model } = properties(camera);
  return {
    camera_id: rtaId(camera),
    camera_name: camera.name,
    location: camera.name,
    recording_server: addresses.recordingServer,
    enabled: true,
    properties: { manufacturer, model, resolution, fps, codec: 'H.264' },
    ...additions(camera, isBare),
  };
}

/** The example cuts recordings at 0, 6, 12 and 18 hours UTC. */
const sequenceMs = 6 * 3_600_000;

/** Sequences of at most six hours with what is missing inside, clipped to the window and to what is kept. */
export function timeline(camera: SiteCamera, within: SiteSpan, faults: RtaFaults, now: number) {
  const found = [];
  const from = Math.max(within.start, oldestKept(now));
  const to = Math.min(within.end, now);
  for (let block = Math.floor(from / sequenceMs); block * sequenceMs < to; block++) {
    const window = {
      start: Math.max(from, block * sequenceMs),
      end: Math.min(to, (block + 1) * sequenceMs),
    };
    const spans = recordedOf(camera, window, faults, now);
    const [first, last] = [spans[0], spans.at(-1)];
    if (first === undefined || last === undefined) continue;
    found.push({
      sequence_id: `seq-${String(camera.number)}-${String(block)}`,
      start_time: iso(first.start),
      end_time: iso(last.end),
      duration_seconds: Math.round((last.end - first.start) / 1000),
      has_video: true,
      has_audio: false,
      codec: 'H.264',
      resolution,
      fps,
      gaps: spans.slice(1).map(({ start }, i) => ({
        start_time: iso(spans[i]?.end ?? start),
        end_time: iso(start),
      })),
    });
  }
  return found;
}

/** The same as recording segments, one for each stretch without a gap: what the Mobile Server lists. */
export function segments(camera: SiteCamera, within: SiteSpan, faults: RtaFaults, now: number) {
  const window = { start: Math.max(within.start, oldestKept(now)), end: Math.min(within.end, now) };
  if (window.start >= window.end) return [];
  return recordedOf(camera, window, faults, now).map(({ start, end }) => ({
    recording_id: `rec-${String(camera.number)}-${String(start)}`,
    camera_id: rtaId(camera),
    start_time: iso(start),
    end_time: iso(end),
    duration_seconds: (end - start) / 1000,
    // 2.5 Mbit/s, as the synthetic cameras send.
    file_size_bytes: Math.round(((end - start) / 1000) * 312_500),
    codec: 'H.264',
    resolution,
    fps,
    has_audio: false,
  }));
}
