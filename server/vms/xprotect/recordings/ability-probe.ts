import type { RecordingAbilities } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import type { Evidence } from './evidence.ts';
import type { ImagePool } from './image-pool.ts';
import type { SequenceChoice } from './sequence-choice.ts';
import type { SoapSequences } from './soap-sequences.ts';

export interface ProbedParts {
  /** A few cameras to try things on, best on several recorders. */
  sampleCameras(signal: AbortSignal): Promise<readonly string[]>;
  readonly evidence: Evidence;
  readonly pool: ImagePool;
  readonly sequences: SequenceChoice;
  readonly soap: SoapSequences;
}

/** Finds out by trying what an XProtect lets us do with its past. Throws {@link VmsError} when it does not answer. */
export async function probeAbilities(parts: ProbedParts, signal: AbortSignal): Promise<RecordingAbilities> {
  const cameras = await parts.sampleCameras(signal);
  const [bookmarks, evidenceLocks, ofRecorders] = await Promise.all([
    parts.evidence.bookmarksAbility(signal).catch(unless('refused', 'none' as const)),
    parts.evidence.locksAbility(signal).catch(unless('refused', 'none' as const)),
    probeRecorders(parts, cameras, signal),
  ]);
  return { ...ofRecorders, bookmarks, evidenceLocks };
}

/** On the first of the cameras whose recorder answers. */
async function probeRecorders(
  parts: ProbedParts,
  cameras: readonly string[],
  signal: AbortSignal,
): Promise<Pick<RecordingAbilities, 'nativeFrames' | 'stills' | 'motion'>> {
  let trouble: Error | undefined;
  for (const cameraId of cameras) {
    try {
      const [nativeFrames, stills, motion] = await Promise.all([
        connects(parts.pool, { deviceId: cameraId }, signal),
        connects(parts.pool, { deviceId: cameraId, jpegWidth: 320 }, signal),
        knowsMotion(parts, cameraId, signal),
      ]);
      return { nativeFrames, stills, motion };
    } catch (error) {
      signal.throwIfAborted();
      trouble = error instanceof Error ? error : new Error(String(error));
    }
  }
  if (trouble !== undefined) throw trouble;
  return { nativeFrames: false, stills: false, motion: false };
}

async function connects(
  pool: ImagePool,
  kind: { readonly deviceId: string; readonly jpegWidth?: number },
  signal: AbortSignal,
): Promise<boolean> {
  const seat = await pool.seat(kind, signal);
  try {
    await seat.channel(signal);
    return true;
  } catch (error) {
    return unless('refused', false)(error);
  } finally {
    seat.release();
  }
}

async function knowsMotion(
  { sequences, soap }: ProbedParts,
  cameraId: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (await sequences.isByTask(cameraId, signal)) return true;
  return soap.knowsMotion(cameraId, signal).catch(unless('unexpected-answer', false));
}

/** Takes this kind of error for an answer, and throws all others on. */
const unless =
  <T>(code: VmsError['code'], answer: T) =>
  (error: unknown): T => {
    if (error instanceof VmsError && error.code === code) return answer;
    throw error;
  };
