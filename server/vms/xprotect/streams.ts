import type { VmsStream } from '#server/vms/vms.ts';
import type { SettingsAnswer, StreamsAnswer } from './answers.ts';

/** A stream with the id by which recorders know it. */
export interface KnownStream extends VmsStream {
  readonly id: string;
  /** Whether it has recordings of its own; absent where it has none or nobody says so. */
  readonly isRecorded?: true;
}

interface Candidate extends Omit<KnownStream, 'name'> {
  readonly isDefault: boolean;
}

/**
 * Which of a camera's streams are its main and its sub one. Main is the largest, sub the smallest other; where sizes
 * are unknown, main is the live default and sub the first other. JPEG streams only serve where there is nothing
 * better. Streams that may never be shown live do not count.
 */
export function chooseStreams(
  streams: StreamsAnswer,
  settings: SettingsAnswer | undefined,
): readonly KnownStream[] {
  const usable = streams.stream
    .map((stream, position) => ({ stream, set: settingsFor(stream, position, streams, settings) }))
    .filter(({ stream }) => stream.liveMode?.toLowerCase() !== 'never')
    .map(({ stream, set }): Candidate => ({
      id: stream.streamReferenceId,
      isDefault: stream.liveDefault === true,
      ...(/[1-9a-f]/i.test(stream.recordTo ?? '') ? { isRecorded: true as const } : {}),
      ...readSettings(set),
    }));
  const video = usable.filter(({ codec }) => codec !== 'MJPEG');
  const [main, ...others] = (video.length > 0 ? video : usable).toSorted(
    (a, b) => pixels(b) - pixels(a) || Number(b.isDefault) - Number(a.isDefault),
  );
  if (main === undefined) return [];
  const areSized = others.every((other) => pixels(other) > 0);
  const sub = areSized ? others.at(-1) : others[0];
  return sub === undefined ? [named('main', main)] : [named('main', main), named('sub', sub)];
}

const pixels = ({ width = 0, height = 0 }: Candidate): number => width * height;

function named(name: KnownStream['name'], { isDefault: _isDefault, ...stream }: Candidate): KnownStream {
  return { name, ...stream };
}

/** Settings name their stream by its display name; drivers that do not are taken in order. */
function settingsFor(
  stream: StreamsAnswer['stream'][number],
  position: number,
  { stream: all }: StreamsAnswer,
  settings: SettingsAnswer | undefined,
): Readonly<Record<string, unknown>> {
  const sets = settings?.stream ?? [];
  const names: unknown[] = [stream.displayName, stream.name].filter(
    (name) => name !== undefined && name !== '',
  );
  const byName = sets.find((set) => names.includes(set['displayName']));
  return byName ?? (sets.length === all.length ? sets[position] : undefined) ?? {};
}

/** Codec, size and rate from a driver's settings, whose keys and values come in many spellings. */
export function readSettings(
  settings: Readonly<Record<string, unknown>>,
): Pick<VmsStream, 'codec' | 'width' | 'height' | 'framesPerSecond'> {
  const find = (...keys: string[]): string => {
    const entry = Object.entries(settings).find(([key]) => keys.includes(key.toLowerCase()));
    return typeof entry?.[1] === 'string' || typeof entry?.[1] === 'number' ? String(entry[1]) : '';
  };
  const codec = codecOf(find('codec', 'videocodec', 'encoding', 'compression'));
  const size = /(\d{2,5})\s*[x×*]\s*(\d{2,5})/i.exec(find('resolution', 'imagesize', 'videoresolution'));
  const rate = Number.parseFloat(find('fps', 'framerate', 'framespersecond', 'maxframerate'));
  return {
    ...(codec === undefined ? {} : { codec }),
    ...(size === null ? {} : { width: Number(size[1]), height: Number(size[2]) }),
    ...(rate > 0 ? { framesPerSecond: rate } : {}),
  };
}

function codecOf(text: string): VmsStream['codec'] {
  if (/h\.?264|avc/i.test(text)) return 'H264';
  if (/h\.?265|hevc/i.test(text)) return 'H265';
  return /jpe?g/i.test(text) ? 'MJPEG' : undefined;
}
