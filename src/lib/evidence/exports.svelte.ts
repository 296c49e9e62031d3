import type { Export, ExportEstimate, ExportRequest } from '#contract/evidence.ts';
import type { News } from '#contract/news.ts';
import type { EvidenceApi, ExportChange } from './evidence-api.ts';

/** This person's exports: what waits, runs and is done. News moves them on. */
export class Exports {
  readonly #api: EvidenceApi;
  readonly #end = new AbortController();
  #reading: Promise<void> | undefined;
  #isReadAgain = false;

  /** Newest first. */
  all: readonly Export[] = $state.raw([]);
  isKnown = $state(false);
  /** Why the list could not be read. */
  failure: unknown = $state.raw();

  readonly underWay: number = $derived(
    this.all.filter(({ state }) => state.status === 'running' || state.status === 'queued').length,
  );

  constructor(api: EvidenceApi) {
    this.#api = api;
  }

  /** Reads the list. Calls while it is being read become one more reading. */
  refresh(): Promise<void> {
    if (this.#reading) {
      this.#isReadAgain = true;
      return this.#reading;
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
      if (!this.#isReadAgain) return;
      this.#isReadAgain = false;
      void this.refresh();
    });
    return this.#reading;
  }

  /** Takes in what the server tells. News has no files in it: when an export changes its state it is read. */
  hear(news: News): void {
    if (news.kind === 'hello') void this.refresh();
    if (news.kind !== 'export') return;
    const known = this.all.find(({ id }) => id === news.exportId);
    if (!known) {
      void this.refresh();
      return;
    }
    this.#put({ ...known, progress: news.progress });
    if (known.state.status !== news.status) void this.#readOne(news.exportId);
  }

  /** What an export would be. Throws what the request threw. */
  estimate(request: ExportRequest, signal: AbortSignal): Promise<ExportEstimate> {
    return this.#api.estimate(request, signal);
  }

  /** Puts an export into the queue. Throws what the request threw. */
  async begin(request: ExportRequest): Promise<Export> {
    const begun = await this.#api.begin(request);
    this.#put(begun);
    return begun;
  }

  /** Throws what the request threw. */
  async change(id: string, change: ExportChange): Promise<void> {
    this.#put(await this.#api.change(id, change));
  }

  /** Ends what is under way. Safe to call twice. */
  close(): void {
    this.#end.abort();
  }

  async #read(): Promise<void> {
    try {
      const all = await this.#api.exports(this.#end.signal);
      this.all = [...all].sort((a, b) => b.createdAt - a.createdAt);
      this.isKnown = true;
      this.failure = undefined;
    } catch (error) {
      if (!this.#end.signal.aborted) this.failure = error;
    }
  }

  async #readOne(id: string): Promise<void> {
    try {
      this.#put(await this.#api.readExport(id, this.#end.signal));
      // One that has left the queue moves on those behind it.
      if (this.all.some(({ state }) => state.status === 'queued')) await this.refresh();
    } catch {
      if (!this.#end.signal.aborted) void this.refresh();
    }
  }

  #put(one: Export): void {
    const isNew = !this.all.some(({ id }) => id === one.id);
    this.all = isNew ? [one, ...this.all] : this.all.map((other) => (other.id === one.id ? one : other));
  }
}
