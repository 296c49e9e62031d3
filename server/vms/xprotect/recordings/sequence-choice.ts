import type { RecordedSpan } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import type { SequenceKind, SequenceReader } from './recorder-parts.ts';
import { SharedWork } from './shared-work.ts';
import type { SoapSequences } from './soap-sequences.ts';
import type { TaskSequences } from './task-sequences.ts';

/** Which way sequences are read is found out again after this, ms: an upgrade must not need a restart. */
const chosenMs = 10 * 60_000;
/** A probe that found nothing out is tried again after this, ms. */
const doubtMs = 30_000;

/** Sequences by the task `GetSequences` where the gateway offers it, else by SOAP from each recorder. */
export class SequenceChoice implements SequenceReader {
  readonly #task: TaskSequences;
  readonly #soap: SoapSequences;
  #reader: { readonly work: SharedWork<SequenceReader>; readonly until: number } | undefined;

  constructor(task: TaskSequences, soap: SoapSequences) {
    this.#task = task;
    this.#soap = soap;
  }

  /** What the task refuses in a way nobody expects, SOAP is asked for; and the task not again for a while. */
  async read(
    cameraId: string,
    kind: SequenceKind,
    within: RecordedSpan,
    signal: AbortSignal,
  ): Promise<readonly RecordedSpan[]> {
    const reader = await this.#readerFor(cameraId, signal);
    try {
      return await reader.read(cameraId, kind, within, signal);
    } catch (error) {
      const isOdd = error instanceof VmsError && error.code === 'unexpected-answer';
      if (reader === this.#soap || !isOdd) throw error;
      this.#settleOnSoap(chosenMs);
      return this.#soap.read(cameraId, kind, within, signal);
    }
  }

  async first(cameraId: string, now: number, signal: AbortSignal): Promise<RecordedSpan | undefined> {
    return (await this.#readerFor(cameraId, signal)).first(cameraId, now, signal);
  }

  /** Whether the gateway answers by itself: then a recorder's SOAP that does not answer is no reason to give up. */
  async isByTask(cameraId: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#readerFor(cameraId, signal)) === this.#task;
  }

  async #readerFor(cameraId: string, signal: AbortSignal): Promise<SequenceReader> {
    const known = this.#reader;
    if (known !== undefined && performance.now() < known.until && !known.work.isAbandoned)
      return known.work.join(signal);
    const work = new SharedWork<SequenceReader>(async (inner) =>
      (await this.#task.isOffered(cameraId, inner)) ? this.#task : this.#soap,
    );
    this.#reader = { work, until: performance.now() + chosenMs };
    try {
      return await work.join(signal);
    } catch (error) {
      if (this.#reader.work === work) this.#reader = undefined;
      signal.throwIfAborted();
      // A gateway that does not tell its tasks does not keep the recorders from answering.
      if (!(error instanceof VmsError) || error.code !== 'unavailable') throw error;
      return this.#settleOnSoap(doubtMs);
    }
  }

  #settleOnSoap(forMs: number): SequenceReader {
    const work = new SharedWork<SequenceReader>(() => Promise.resolve(this.#soap));
    this.#reader = { work, until: performance.now() + forMs };
    return this.#soap;
  }
}
