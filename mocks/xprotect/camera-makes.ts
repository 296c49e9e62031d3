import { EventEmitter } from 'node:events';

/** How a camera codes its pictures. */
export type CameraCodec = 'H.264' | 'H.265' | 'MJPEG';

/** What a camera is like, where it is not like the others. */
export interface CameraMake {
  readonly codec: CameraCodec;
  /** Part of its picture is hidden from everybody who cannot hide it himself. */
  readonly isMasked: boolean;
}

const usual: CameraMake = { codec: 'H.264', isMasked: false };

/** Which cameras are of another make than the usual one. None, to begin with; a change takes effect at once. */
export class CameraMakes extends EventEmitter<{ change: [number: number] }> {
  readonly #makes = new Map<number, CameraMake>();

  of(number: number): CameraMake {
    return this.#makes.get(number) ?? usual;
  }

  change(number: number, changes: Partial<CameraMake>): void {
    const make = { ...this.of(number), ...changes };
    if (make.codec === usual.codec && !make.isMasked) this.#makes.delete(number);
    else this.#makes.set(number, make);
    this.emit('change', number);
  }

  reset(): void {
    const numbers = [...this.#makes.keys()];
    this.#makes.clear();
    for (const number of numbers) this.emit('change', number);
  }

  toJSON(): object {
    return Object.fromEntries(this.#makes);
  }
}
