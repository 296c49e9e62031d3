import type { FedPicture } from '#server/vms/playback-feed.ts';

/** A keyframe and the pictures up to the next one, or to the end of what is recorded in one piece. */
export interface RecordedGop {
  /** At least one, the first a keyframe. */
  readonly pictures: readonly FedPicture[];
  /** When the keyframe after it was taken, where that follows without a break. */
  readonly until: number | undefined;
  /** Where the stretch that it is the last one of has ended, once nothing is added to it any more. */
  readonly stretchEnd?: number;
}

export const startOf = ({ pictures }: RecordedGop): number => pictures[0]?.timeMs ?? 0;
export const lastOf = ({ pictures }: RecordedGop): number => pictures.at(-1)?.timeMs ?? 0;

interface Kept {
  readonly gop: RecordedGop;
  readonly bytes: number;
}

/** GOPs read lately, over all cameras, within a bound of bytes: stepping back and forth asks for the same ones again. */
export class GopShelf {
  readonly #mostBytes: number;
  readonly #byCamera = new Map<string, Map<number, Kept>>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The GOP with the last picture at or before the moment, as far as that is known. */
  at(cameraId: string, timeMs: number): RecordedGop | undefined {
    for (const { gop } of this.#byCamera.get(cameraId)?.values() ?? [])
      if (startOf(gop) <= timeMs && timeMs < (gop.until ?? gop.stretchEnd ?? lastOf(gop) + 1)) {
        this.put(cameraId, gop);
        return gop;
      }
    return undefined;
  }

  put(cameraId: string, gop: RecordedGop): void {
    this.#forget(cameraId, startOf(gop));
    const bytes = gop.pictures.reduce(
      (sum, { units }) => sum + units.reduce((inner, { length }) => inner + length, 100),
      200,
    );
    if (bytes > this.#mostBytes / 2) return;
    // Last used last, cameras and their GOPs: the first of the first is the one to forget.
    const own = this.#byCamera.get(cameraId) ?? new Map<number, Kept>();
    this.#byCamera.delete(cameraId);
    this.#byCamera.set(cameraId, own.set(startOf(gop), { gop, bytes }));
    this.#bytes += bytes;
    for (const [oldest, gops] of this.#byCamera)
      for (const start of [...gops.keys()]) {
        if (this.#bytes <= this.#mostBytes) return;
        this.#forget(oldest, start);
      }
  }

  #forget(cameraId: string, start: number): void {
    const own = this.#byCamera.get(cameraId);
    const kept = own?.get(start);
    if (own === undefined || kept === undefined) return;
    own.delete(start);
    this.#bytes -= kept.bytes;
    if (own.size === 0) this.#byCamera.delete(cameraId);
  }
}
