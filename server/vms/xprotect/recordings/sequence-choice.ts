import type { RecordedSpan } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { abortable } from '../abortable.ts';
import type { SequenceKind, SequenceReader } from './recorder-parts.ts';
import type { SoapSequences } from './soap-sequences.ts';
import type { TaskSequences } from './task-sequences.ts';

/** Which way sequences are read is found out again after this, ms: an upgrade must not need a restart. */
const chosenMs = 10 * 60_000;
/** A gateway that found nothing out is tried again after this, ms. */
const doubtMs = 30_000;

/** How long the gateway may take before the recorders are asked instead. */
export interface SequenceLimits {
  /** To tell its tasks, ms. */
  readonly probeMs: number;
  /** To tell sequences, ms: whoever waits for them would leave soon after. */
  readonly taskMs: number;
}

/** Sequences by the task `GetSequences` where the gateway offers it, else by SOAP from each recorder. */
export class SequenceChoice implements SequenceReader {
  readonly #task: TaskSequences;
  readonly #soap: SoapSequences;
  readonly #limits: SequenceLimits;
  #chosen: { readonly reader: SequenceReader; readonly until: number } | undefined;
  #probe: Promise<SequenceReader> | undefined;

  constructor(task: TaskSequences, soap: SoapSequences, limits: SequenceLimits) {
    this.#task = task;
    this.#soap = soap;
    this.#limits = limits;
  }

  read(
    cameraId: string,
    kind: SequenceKind,
    within: RecordedSpan,
    signal: AbortSignal,
  ): Promise<readonly RecordedSpan[]> {
    return this.#ask(cameraId, signal, (reader, ending) => reader.read(cameraId, kind, within, ending));
  }

  first(cameraId: string, now: number, signal: AbortSignal): Promise<RecordedSpan | undefined> {
    return this.#ask(cameraId, signal, (reader, ending) => reader.first(cameraId, now, ending));
  }

  /** Whether the gateway answers by itself: then a recorder's SOAP that does not answer is no reason to give up. */
  async isByTask(cameraId: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#readerFor(cameraId, signal)) === this.#task;
  }

  /** What the task does not give, SOAP is asked for; where that knows more, the task is not asked again for a while. */
  async #ask<T>(
    cameraId: string,
    signal: AbortSignal,
    ask: (reader: SequenceReader, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if ((await this.#readerFor(cameraId, signal)) === this.#soap) return ask(this.#soap, signal);
    try {
      return await ask(this.#task, AbortSignal.any([signal, AbortSignal.timeout(this.#limits.taskMs)]));
    } catch (error) {
      signal.throwIfAborted();
      const answer = await ask(this.#soap, signal);
      this.#choose(this.#soap, isPassing(error) ? doubtMs : chosenMs);
      return answer;
    }
  }

  async #readerFor(cameraId: string, signal: AbortSignal): Promise<SequenceReader> {
    const chosen = this.#chosen;
    if (chosen !== undefined && performance.now() < chosen.until) return chosen.reader;
    this.#probe ??= this.#find(cameraId).finally(() => {
      this.#probe = undefined;
    });
    // What was good until now still is while it is looked for something better.
    return chosen?.reader ?? abortable(this.#probe, signal);
  }

  /** Does not reject: a gateway that does not tell its tasks does not keep the recorders from answering. */
  async #find(cameraId: string): Promise<SequenceReader> {
    try {
      const isOffered = await this.#task.isOffered(cameraId, AbortSignal.timeout(this.#limits.probeMs));
      return this.#choose(isOffered ? this.#task : this.#soap, chosenMs);
    } catch (error) {
      return this.#choose(this.#soap, isPassing(error) ? doubtMs : chosenMs);
    }
  }

  #choose(reader: SequenceReader, forMs: number): SequenceReader {
    this.#chosen = { reader, until: performance.now() + forMs };
    return reader;
  }
}

/** Whether it may be well again in a moment: no answer at all, or one that said so. */
const isPassing = (error: unknown): boolean => !(error instanceof VmsError) || error.code === 'unavailable';
