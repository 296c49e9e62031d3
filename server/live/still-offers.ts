import type { Vms } from '#server/vms/vms.ts';

/** Asked again after this, ms; a VMS remembers its own answer for longer. */
const againMs = 30_000;
/** The very first answer is waited for so long, ms: a wall must not wait for a recorder that is off. */
const firstMs = 1000;
/** An answer may take as long as this, ms. */
const patienceMs = 15_000;

interface Answer {
  /** The last answer; undefined while there has been none. */
  isOffered: boolean | undefined;
  askedAt: number;
  asking: Promise<void> | undefined;
}

/** Which VMSs make stills of live pictures. */
export class StillOffers {
  readonly #systems: readonly Vms[];
  readonly #answers = new Map<string, Answer>();
  readonly #end = new AbortController();

  constructor(systems: readonly Vms[]) {
    this.#systems = systems;
  }

  /** Their ids. Waits for the first answer of each for a second at most; from then on has the last one at once. */
  async known(): Promise<ReadonlySet<string>> {
    const unanswered: Promise<void>[] = [];
    for (const vms of this.#systems) {
      const { isOffered, asking } = this.#look(vms);
      if (isOffered === undefined && asking !== undefined) unanswered.push(asking);
    }
    if (unanswered.length > 0) {
      const { promise: late, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(resolve, firstMs, undefined);
      await Promise.race([Promise.all(unanswered), late]);
      clearTimeout(timer);
    }
    return new Set([...this.#answers].flatMap(([id, { isOffered }]) => (isOffered === true ? [id] : [])));
  }

  /** Gives up what is being asked. Safe to call twice. */
  close(): void {
    this.#end.abort();
  }

  #look(vms: Vms): Answer {
    let answer = this.#answers.get(vms.id);
    if (answer === undefined)
      this.#answers.set(vms.id, (answer = { isOffered: undefined, askedAt: -Infinity, asking: undefined }));
    if (vms.stills === undefined) answer.isOffered = false;
    else if (answer.asking === undefined && performance.now() - answer.askedAt >= againMs)
      this.#ask(answer, vms.stills);
    return answer;
  }

  #ask(answer: Answer, stills: NonNullable<Vms['stills']>): void {
    answer.askedAt = performance.now();
    answer.asking = stills
      .isOffered(AbortSignal.any([this.#end.signal, AbortSignal.timeout(patienceMs)]))
      .then(
        (isOffered) => {
          answer.isOffered = isOffered;
        },
        // What was true stays true while nobody answers; and the next who asks tries again.
        () => {
          answer.askedAt = -Infinity;
        },
      )
      .finally(() => {
        answer.asking = undefined;
      });
  }
}
