import type { SiteCamera } from '#mocks/site/cameras.ts';
import { motionSequences, sequences, type SiteSpan } from '#mocks/site/recordings.ts';
import type { EventName } from './event-types.ts';

/** Something that happens to a camera at a moment. */
export interface SiteEvent {
  readonly camera: SiteCamera;
  readonly name: EventName;
  readonly timeMs: number;
}

/** Looked ahead in one go, ms. */
const strideMs = 600_000;
/** No span that motion started is longer; what the future will bring is known as soon as it is past. */
const hour = 3_600_000;

/** What begins and ends in [start, end), in order of time, as it will have been recorded. */
export function eventsWithin(cameras: readonly SiteCamera[], { start, end }: SiteSpan): SiteEvent[] {
  const found: SiteEvent[] = [];
  const note = (camera: SiteCamera, spans: readonly SiteSpan[], begins: EventName, ends: EventName) => {
    for (const span of spans) {
      if (span.start >= start && span.start < end) found.push({ camera, name: begins, timeMs: span.start });
      if (span.end >= start && span.end < end) found.push({ camera, name: ends, timeMs: span.end });
    }
  };
  for (const camera of cameras) {
    const within = { start, end };
    note(camera, sequences(camera, within, end + hour), 'recordingStarted', 'recordingStopped');
    note(camera, motionSequences(camera, within, end + hour), 'motionStarted', 'motionStopped');
  }
  return found.sort((a, b) => a.timeMs - b.timeMs);
}

/** Whether the camera is recording, and sees motion, at this moment. */
export function stateAt(camera: SiteCamera, timeMs: number): { isRecording: boolean; hasMotion: boolean } {
  const at = { start: timeMs, end: timeMs + 1 };
  return {
    isRecording: sequences(camera, at, timeMs + hour).length > 0,
    hasMotion: motionSequences(camera, at, timeMs + hour).length > 0,
  };
}

/** Tells of events as they happen, with one timer for all cameras. Gives what stops it; stopping twice is fine. */
export function followSite(
  cameras: readonly SiteCamera[],
  tell: (event: SiteEvent) => void,
  now: () => number = Date.now,
): () => void {
  let until = now();
  let ahead: SiteEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  const step = (): void => {
    while (ahead[0] !== undefined && ahead[0].timeMs <= now()) tell(ahead.shift()!);
    if (ahead.length === 0 && now() >= until) {
      const start = until;
      until = now() + strideMs;
      ahead = eventsWithin(cameras, { start, end: until });
      // What happened while nobody looked is told at once.
      while (ahead[0] !== undefined && ahead[0].timeMs <= now()) tell(ahead.shift()!);
    }
    const next = ahead[0]?.timeMs ?? until;
    timer = setTimeout(step, Math.max(1, next - now()));
  };
  step();
  return () => clearTimeout(timer);
}
