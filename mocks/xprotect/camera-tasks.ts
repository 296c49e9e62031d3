import { z } from 'zod';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { FeatureSet } from './features.ts';
import { errorBody, xprotectTime } from './odd-json.ts';
import { firstSequencesOf, sequencesOf } from './recorder-operations.ts';

/** Tasks this release offers on a camera. */
export function cameraTasks({ getSequences }: FeatureSet): readonly { id: string; displayName: string }[] {
  return [
    { id: 'GetPtzAbsolutePosition', displayName: 'Get PTZ absolute position' },
    { id: 'SendDriverCommand', displayName: 'Send driver command' },
    ...(getSequences ? [{ id: 'GetSequences', displayName: 'Get sequences' }] : []),
  ];
}

/** `ddd.HH:mm:ss` to the letter; gives ms. */
const TimeSpan = z
  .string()
  .regex(/^\d{3}\.(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/)
  .transform((text) => {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = text.split(/[.:]/).map(Number);
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  });

const Request = z.object({
  sequenceType: z.enum(['RecordingSequence', 'MotionSequence', 'RecordingWithTriggerSequence']),
  time: z
    .string()
    .transform((text) => Date.parse(text))
    .pipe(z.number()),
  timeBefore: TimeSpan,
  timeAfter: TimeSpan,
  maxCountBefore: z.int().nonnegative(),
  maxCountAfter: z.int().nonnegative(),
});

/** The camera task `GetSequences`: those before and after a time. The one that covers it counts as before. */
export function getSequences(
  camera: SiteCamera,
  body: string,
): { status: number; body: string } | { sequences: readonly object[] } {
  let request;
  try {
    request = Request.safeParse(JSON.parse(body));
  } catch {
    return { status: 400, body: errorBody(400, 'Incorrect formatted JSON') };
  }
  if (!request.success)
    return {
      status: 400,
      body: errorBody(400, `Invalid parameter. ${String(request.error.issues[0]?.path[0])}`),
    };
  const { sequenceType, time, timeBefore, timeAfter, maxCountBefore, maxCountAfter } = request.data;
  const now = Date.now();
  const before = sequencesOf(camera, sequenceType, { start: time - timeBefore, end: time + 1 }, now);
  // One that began before the time may reach beyond it.
  const after = firstSequencesOf(
    camera,
    sequenceType,
    { start: time, end: time + timeAfter + 1 },
    maxCountAfter + 1,
    now,
  );
  const chosen = [
    ...(maxCountBefore === 0 ? [] : before.slice(-maxCountBefore)),
    ...after.filter(({ start }) => start > time).slice(0, maxCountAfter),
  ];
  const sequences = chosen.map(({ start, end }) => ({
    timeBegin: xprotectTime(start),
    timeEnd: xprotectTime(end),
    timeTrigger: xprotectTime(start),
  }));
  return { sequences };
}
