import type { Still } from '#server/vms/recordings.ts';
import { VmsError, type VmsStills } from '#server/vms/vms.ts';

/** A recorder's stills in memory: their bytes say camera, number and width. */
export class FakeStills implements VmsStills {
  isMade = true;
  /** Thrown by every call while set. */
  error: Error | undefined;
  /** What `live` was asked, in order. */
  readonly asked: string[] = [];
  /** The time of the next picture; each is 100 ms later than the one before. Undefined: there is none now. */
  nextMs: number | undefined;
  /** While true, whoever asks waits. */
  isSlow = false;
  readonly #slow = new Set<() => void>();

  constructor(startMs: number) {
    this.nextMs = startMs;
  }

  async isOffered(): Promise<boolean> {
    await Promise.resolve();
    if (this.error !== undefined) throw this.error;
    return this.isMade;
  }

  async live(cameraId: string, width: number, signal: AbortSignal): Promise<Still | undefined> {
    this.asked.push(`${cameraId} ${width}`);
    if (this.isSlow)
      await new Promise<void>((resolve, reject) => {
        this.#slow.add(resolve);
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    signal.throwIfAborted();
    if (this.error !== undefined) throw this.error;
    if (!this.isMade) throw new VmsError('unexpected-answer', 'no stills');
    if (this.nextMs === undefined) return undefined;
    const timeMs = this.nextMs;
    this.nextMs += 100;
    return { timeMs, jpeg: Buffer.from(`${cameraId} ${timeMs} ${width}`) };
  }

  /** Lets everybody who waits go on, and those who come later. */
  letGo(): void {
    this.isSlow = false;
    for (const go of this.#slow) go();
    this.#slow.clear();
  }
}
