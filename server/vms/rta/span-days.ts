import type { RecordedSpan } from '#server/vms/recordings.ts';
import { SharedWork } from '#server/vms/shared-work.ts';
import { VmsError } from '#server/vms/vms.ts';

const dayMs = 86_400_000;
/** A day that ended less than this ago may still grow, ms. */
const settleMs = 5 * 60_000;
/** Old recordings go, and what was missing may be fetched later: look again, ms. */
const staleMs = 6 * 3_600_000;
/** What is known of the present is good for so long, ms; and while the server has been asked a lot. */
const presentMs = 10_000;
const presentWhenBusyMs = 45_000;
/** The days of one question have to be told within this, ms. */
const usualPatienceMs = 30_000;
/** Spans kept over all cameras. */
const mostSpans = 300_000;

interface Day {
  readonly spans: readonly RecordedSpan[];
  /** On the monotonic clock. */
  readonly readAt: number;
  readonly isSettled: boolean;
}

export interface SpanSource {
  /** What is recorded of the window; may be unordered, overlap and reach beyond. */
  read(cameraId: string, within: RecordedSpan, signal: AbortSignal): Promise<readonly RecordedSpan[]>;
  /** The server is asked little enough to be asked again. */
  readonly isAtLeisure: boolean;
}

/** Ascending, merged where they touch. */
export function merged(spans: readonly RecordedSpan[]): RecordedSpan[] {
  const out: RecordedSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last !== undefined && span.start <= last.end)
      out[out.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else out.push(span);
  }
  return out;
}

export function clipped(spans: readonly RecordedSpan[], within: RecordedSpan): RecordedSpan[] {
  return spans.flatMap(({ start, end }) => {
    const part = { start: Math.max(start, within.start), end: Math.min(end, within.end) };
    return part.start < part.end ? [part] : [];
  });
}

/**
 * What is known of recorded spans, by camera and day (UTC). What is missing of a window is asked for with one question
 * for each hole, however long it is: the server counts questions, not days.
 */
export class SpanDays {
  readonly #source: SpanSource;
  readonly #now: () => number;
  readonly #closed: AbortSignal;
  readonly #patienceMs: number;
  readonly #days = new Map<string, Day>();
  readonly #flights = new Map<string, SharedWork<readonly RecordedSpan[]>>();
  #kept = 0;

  constructor(source: SpanSource, now: () => number, closed: AbortSignal, patienceMs = usualPatienceMs) {
    this.#patienceMs = patienceMs;
    this.#source = source;
    this.#now = now;
    this.#closed = closed;
  }

  /** Recorded spans of the window, clipped to it and to the present, ascending. */
  async spans(cameraId: string, within: RecordedSpan, signal: AbortSignal): Promise<RecordedSpan[]> {
    signal.throwIfAborted();
    const window = { start: Math.max(0, within.start), end: Math.min(within.end, this.#now()) };
    if (window.start >= window.end) return [];
    const first = Math.floor(window.start / dayMs);
    const last = Math.floor((window.end - 1) / dayMs);
    const found: (readonly RecordedSpan[])[] = [];
    const asked: Promise<readonly RecordedSpan[]>[] = [];
    for (let day = first; day <= last; day++) {
      const known = this.#recall(cameraId, day);
      if (known !== undefined) {
        found.push(known.spans);
        continue;
      }
      let end = day + 1;
      while (end <= last && this.#recall(cameraId, end) === undefined) end++;
      asked.push(this.#ask(cameraId, day, end, signal));
      day = end - 1;
    }
    found.push(...(await Promise.all(asked)));
    return merged(clipped(found.flat(), window));
  }

  #recall(cameraId: string, day: number): Day | undefined {
    const key = `${cameraId} ${String(day)}`;
    const known = this.#days.get(key);
    if (known === undefined) return undefined;
    const freshMs = known.isSettled ? staleMs : this.#source.isAtLeisure ? presentMs : presentWhenBusyMs;
    if (performance.now() - known.readAt > freshMs) return undefined;
    // Last used last: the first is the one to forget.
    this.#days.delete(key);
    this.#days.set(key, known);
    return known;
  }

  /**
   * Days from `first` to before `end`. The same question at the same time is one; who waits for its turn no longer gives the
   * turn to others.
   */
  #ask(cameraId: string, first: number, end: number, signal: AbortSignal): Promise<readonly RecordedSpan[]> {
    const name = `${cameraId} ${String(first)} ${String(end)}`;
    const running = this.#flights.get(name);
    if (running !== undefined && !running.isAbandoned) return running.join(signal);
    const flight = new SharedWork((ending) => this.#read(cameraId, first, end, ending));
    this.#flights.set(name, flight);
    void flight.settled().then(() => {
      if (this.#flights.get(name) === flight) this.#flights.delete(name);
    });
    return flight.join(signal);
  }

  async #read(
    cameraId: string,
    first: number,
    end: number,
    ending: AbortSignal,
  ): Promise<readonly RecordedSpan[]> {
    const now = this.#now();
    const readAt = performance.now();
    const window = { start: first * dayMs, end: Math.min(end * dayMs, now) };
    const late = AbortSignal.timeout(this.#patienceMs);
    let told: readonly RecordedSpan[];
    try {
      told = await this.#source.read(cameraId, window, AbortSignal.any([this.#closed, ending, late]));
    } catch (cause) {
      this.#closed.throwIfAborted();
      ending.throwIfAborted();
      // Waiting for a turn, as a rule: so many questions a minute and no more.
      if (late.aborted)
        throw new VmsError('unavailable', 'The Milestone server cannot be asked for more timelines now', {
          cause,
        });
      throw cause;
    }
    const spans = merged(clipped(told, window));
    for (let day = first; day < end; day++) {
      const whole = { start: day * dayMs, end: (day + 1) * dayMs };
      this.#keep(`${cameraId} ${String(day)}`, {
        spans: clipped(spans, whole),
        readAt,
        isSettled: whole.end <= now - settleMs,
      });
    }
    return spans;
  }

  #keep(key: string, day: Day): void {
    this.#forget(key);
    this.#days.set(key, day);
    this.#kept += 1 + day.spans.length;
    for (const oldest of this.#days.keys()) {
      if (this.#kept <= mostSpans) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    const known = this.#days.get(key);
    if (known === undefined) return;
    this.#days.delete(key);
    this.#kept -= 1 + known.spans.length;
  }
}
