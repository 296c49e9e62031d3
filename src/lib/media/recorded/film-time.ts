/** What is known of a piece of a recorded playlist. */
export interface FilmPiece {
  /** Where it begins in the element's own time, s. */
  readonly start: number;
  /** s. */
  readonly duration: number;
  /** When it was recorded by the playlist (EXT-X-PROGRAM-DATE-TIME), epoch ms. */
  readonly programDateTime: number | null;
  /** Counts the discontinuities before it. */
  readonly cc: number;
}

/**
 * Element time against recorded time. Within a stretch without a discontinuity they differ by one number, which the media
 * itself tells (`bases`: by `cc`, the epoch s at element time 0); until it has, the playlist's own dates stand in.
 */
export class FilmTime {
  readonly #bases = new Map<number, number>();
  #pieces: readonly FilmPiece[] = [];

  /** The playlist has these pieces, ascending. */
  set pieces(pieces: readonly FilmPiece[]) {
    this.#pieces = pieces;
  }

  /** Stretch `cc` begins so that element time 0 would be `epochS`. */
  learn(cc: number, epochS: number): void {
    this.#bases.set(cc, epochS);
  }

  /** When what is at `mediaS` was recorded, epoch ms; undefined outside of all pieces. */
  epochOf(mediaS: number): number | undefined {
    const piece = this.#pieces.findLast(({ start }) => start <= mediaS + 0.001) ?? this.#pieces[0];
    if (!piece || mediaS > piece.start + piece.duration + 1) return undefined;
    const base = this.#bases.get(piece.cc);
    if (base !== undefined) return (mediaS + base) * 1000;
    return piece.programDateTime === null ? undefined : piece.programDateTime + (mediaS - piece.start) * 1000;
  }

  /** Where what was recorded at `epochMs` is, s; `gap` between two stretches, undefined outside of all of them. */
  mediaOf(epochMs: number): number | 'gap' | undefined {
    let isAfterOne = false;
    for (const piece of this.#pieces) {
      const begins = this.#beginOf(piece);
      if (begins === undefined) continue;
      const ends = begins + piece.duration * 1000;
      if (epochMs >= begins && epochMs < ends) {
        const base = this.#bases.get(piece.cc);
        return base === undefined ? piece.start + (epochMs - begins) / 1000 : epochMs / 1000 - base;
      }
      if (epochMs < begins) return isAfterOne ? 'gap' : undefined;
      isAfterOne = true;
    }
    return undefined;
  }

  #beginOf({ cc, start, programDateTime }: FilmPiece): number | undefined {
    const base = this.#bases.get(cc);
    return base === undefined ? (programDateTime ?? undefined) : (start + base) * 1000;
  }
}

/** What to do so that a film keeps to the clock. */
export type Keeping =
  | { readonly do: 'seek' }
  /** Plays at this rate: a little faster or slower until it is there. */
  | { readonly do: 'play'; readonly rate: number };

/** Farther off than this it jumps, ms. Nearer it is brought back by its rate within a second or two. */
const jumpMs = 300;
const most = 0.2;
const backInMs = 500;
/** Chromium and Firefox play no faster than this. */
export const fastestRate = 8;

/** `offMs`: how far the picture is behind the clock; negative: ahead. */
export function keepTo(offMs: number, speed: number): Keeping {
  if (Math.abs(offMs) > jumpMs * Math.max(1, speed)) return { do: 'seek' };
  const correction = Math.max(-most, Math.min(most, offMs / backInMs));
  return { do: 'play', rate: speed * (1 + correction) };
}
