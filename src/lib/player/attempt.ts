import type { ChooseWay, MediaSession } from '#lib/media/media-source.ts';

/** How an attempt tells that it waits: its place in the queue, 1 being next, 0 when its turn has come. */
export type TellPlace = (place: number) => void;

/**
 * Gets one reception: reserves where needed, waits for its turn where there is one, opens a source. Called anew for each
 * attempt. `choose` says by which of the ways on offer; whoever has but one need not ask. Throws a StreamError, or the
 * signal's reason when aborted.
 */
export type OpenPicture = (
  signal: AbortSignal,
  queued: TellPlace,
  choose: ChooseWay,
) => Promise<MediaSession>;

/** What becomes of an attempt. Nothing is told after it was aborted. */
export interface AttemptEnds {
  readonly queued: TellPlace;
  readonly choose: ChooseWay;
  /** The far end has agreed to send. */
  readonly agreed: (session: MediaSession) => void;
  readonly failed: (cause: unknown) => void;
}

/** One try to get a session. Begins at once. */
export class Attempt {
  readonly #abort = new AbortController();

  constructor(open: OpenPicture, ends: AttemptEnds) {
    void this.#run(open, ends);
  }

  /** Gives it up; a session that comes all the same is closed. Safe to call twice. */
  abort(): void {
    this.#abort.abort();
  }

  async #run(open: OpenPicture, ends: AttemptEnds): Promise<void> {
    const { signal } = this.#abort;
    const queued: TellPlace = (place) => {
      if (!signal.aborted) ends.queued(place);
    };
    try {
      const session = await open(signal, queued, ends.choose);
      if (signal.aborted) session.close();
      else ends.agreed(session);
    } catch (cause) {
      if (!signal.aborted) ends.failed(cause);
    }
  }
}
