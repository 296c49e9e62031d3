import type { RecordingAbilities } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import type { Evidence } from './evidence.ts';
import type { ImagePool } from './image-pool.ts';
import { LastAnswer } from './last-answer.ts';
import { anyCan } from './sampling.ts';
import type { SequenceChoice } from './sequence-choice.ts';
import type { SoapSequences } from './soap-sequences.ts';

export interface ProbedParts {
  /** A few cameras to try things on, best on several recorders. */
  sampleCameras(signal: AbortSignal): Promise<readonly string[]>;
  readonly evidence: Evidence;
  readonly pool: ImagePool;
  readonly sequences: SequenceChoice;
  readonly soap: SoapSequences;
  /** How long it is tried to find out each of them, ms. */
  readonly probeMs: number;
  /** Ends with the adapter. */
  readonly closed: AbortSignal;
}

/**
 * Finds out by trying what an XProtect lets us do with its past. Each ability is a matter of its own: different servers
 * answer for them, and none of those has to wait for another.
 */
export class AbilityProbe {
  readonly #answers: { readonly [name in keyof RecordingAbilities]: LastAnswer<RecordingAbilities[name]> };

  constructor(parts: ProbedParts) {
    const { evidence, pool, probeMs, closed } = parts;
    const found = <T>(ask: (signal: AbortSignal) => Promise<T>) => new LastAnswer(ask, probeMs, closed);
    const byCamera = (can: (cameraId: string, signal: AbortSignal) => Promise<boolean>) =>
      found(async (signal) => anyCan(await parts.sampleCameras(signal), can, signal));
    this.#answers = {
      nativeFrames: byCamera((deviceId, signal) => connects(pool, { deviceId }, signal)),
      stills: byCamera((deviceId, signal) => connects(pool, { deviceId, jpegWidth: 320 }, signal)),
      motion: byCamera((cameraId, signal) => knowsMotion(parts, cameraId, signal)),
      bookmarks: found((signal) =>
        evidence.bookmarksAbility(signal).catch(unless('refused', 'none' as const)),
      ),
      evidenceLocks: found((signal) =>
        evidence.locksAbility(signal).catch(unless('refused', 'none' as const)),
      ),
    };
  }

  /** Throws {@link VmsError} when no recorder has ever answered. Of the rest nothing is offered until it is known. */
  async abilities(signal: AbortSignal): Promise<RecordingAbilities> {
    const { nativeFrames, stills, motion, bookmarks, evidenceLocks } = this.#answers;
    const known = async <T>(answer: LastAnswer<T>, until: T): Promise<T> =>
      answer.get(signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof VmsError) return until;
        throw error;
      });
    const [frames, jpegs, motions, marks, locks] = await Promise.all([
      nativeFrames.get(signal),
      known(stills, false),
      known(motion, false),
      known(bookmarks, 'none'),
      known(evidenceLocks, 'none'),
    ]);
    return { nativeFrames: frames, stills: jpegs, motion: motions, bookmarks: marks, evidenceLocks: locks };
  }
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
