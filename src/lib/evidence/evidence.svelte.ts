import type { Role } from '#contract/account.ts';
import type { Camera } from '#contract/camera.ts';
import type {
  Bookmark,
  BookmarkDraft,
  EvidenceLock,
  EvidenceLockDraft,
  Export,
  ExportRequest,
} from '#contract/evidence.ts';
import type { News } from '#contract/news.ts';
import type { RecordingAbilities } from '#contract/recording.ts';
import type { Investigation } from '#lib/recordings/investigation.svelte.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { whyKey } from '#lib/ui/words/why.ts';
import { isolate, t } from '#lib/ui/words/recordings-words.svelte.ts';
import { bffEvidence, type EvidenceApi, type ExportChange } from './evidence-api.ts';
import { Exports } from './exports.svelte.ts';
import { KeptMarks } from './kept-marks.svelte.ts';
import { type EvidenceAct, whyNot, type WhyNot } from './permits.ts';

/** What lies over the page and wants an answer. */
export type EvidenceAsking =
  | { readonly kind: 'bookmark'; readonly changes?: Bookmark }
  | { readonly kind: 'lock'; readonly changes?: EvidenceLock }
  | { readonly kind: 'export' }
  | { readonly kind: 'delete-export'; readonly export: Export };

/** Which list is seen beside the pictures. */
export type EvidenceList = 'bookmarks' | 'locks' | 'exports';

export interface EvidenceOptions {
  readonly investigation: Investigation;
  readonly cameraOf: (id: string) => Camera | undefined;
  readonly role: () => Role;
  readonly api?: EvidenceApi;
  readonly random?: () => number;
}

/** Between two attempts to learn what the recorder can do, ms; with full jitter. */
const askAgainMs = { first: 2_000, most: 60_000 };

/** What an investigator keeps: marks on the timeline, exports, and what may be done to them. For one page. */
export class Evidence {
  readonly investigation: Investigation;
  readonly kept: KeptMarks;
  readonly exports: Exports;
  readonly cameraOf: EvidenceOptions['cameraOf'];
  readonly #api: EvidenceApi;
  readonly #role: () => Role;
  readonly #random: () => number;
  readonly #end = new AbortController();
  #asking: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  abilities: RecordingAbilities | undefined = $state.raw();
  asking: EvidenceAsking | undefined = $state.raw();
  isOpen = $state(false);
  list: EvidenceList = $state('bookmarks');

  constructor({ investigation, cameraOf, role, api = bffEvidence, random = Math.random }: EvidenceOptions) {
    this.investigation = investigation;
    this.cameraOf = cameraOf;
    this.#role = role;
    this.#api = api;
    this.#random = random;
    this.kept = new KeptMarks({
      api,
      keeps: (what, ids) =>
        this.abilities?.vms.some(
          (system) => system[what] === 'write' && ids.some((id) => system.cameraIds.includes(id)),
        ) ?? false,
    });
    this.exports = new Exports(api);
  }

  /** The cameras on the desk that this person may know of. */
  get cameras(): readonly Camera[] {
    return this.investigation.cameraIds.flatMap((id) => this.cameraOf(id) ?? []);
  }

  /** Whether the exports are those of everybody. */
  get seesAllExports(): boolean {
    return this.#role() === 'administrator';
  }

  /** Why that cannot be done now; undefined when it can. A bookmark is of the selected camera, the rest of all. */
  whyNot(act: EvidenceAct): WhyNot | undefined {
    const { selected } = this.investigation;
    const cameras = act === 'bookmark' ? this.cameras.filter(({ id }) => id === selected) : this.cameras;
    return whyNot(act, { role: this.#role(), cameras, abilities: this.abilities });
  }

  /** Asks for what `act` needs to know, or says why it cannot be done. Time stands still meanwhile. */
  ask(act: EvidenceAct): void {
    const why = this.whyNot(act);
    if (why !== undefined) {
      notices.show(t(`evidence.why.${why}`), { meaning: 'notice' });
      return;
    }
    this.investigation.group.pause();
    this.asking = { kind: act };
  }

  /** Reads abilities and exports, and again when they are missing. Gives the way to stop. */
  run(): () => void {
    void this.#readAbilities();
    void this.exports.refresh();
    return () => clearTimeout(this.#asking);
  }

  hear(news: News): void {
    this.exports.hear(news);
    if (news.kind !== 'hello') return;
    this.#failures = 0;
    void this.#readAbilities();
  }

  close(): void {
    clearTimeout(this.#asking);
    this.#end.abort();
    this.kept.close();
    this.exports.close();
  }

  // Bookmarks

  /** Makes a bookmark, or changes one. Throws what the request threw: the dialog stays and says it. */
  async saveBookmark(draft: BookmarkDraft, changes?: Bookmark): Promise<void> {
    const saved = await this.#api.saveBookmark(draft, changes?.id);
    // Of another camera it is another one.
    if (changes) this.kept.take(changes.id);
    this.kept.put(saved);
    this.asking = undefined;
    this.#show('bookmarks');
    notices.show(t('evidence.bookmark-saved', { title: isolate(saved.title) }));
  }

  /** Deletes at once; undo makes the same again. */
  async deleteBookmark(bookmark: Bookmark): Promise<void> {
    const title = isolate(bookmark.title);
    try {
      await this.#api.deleteBookmark(bookmark.id);
      this.kept.take(bookmark.id);
      notices.show(t('evidence.bookmark-deleted', { title }), {
        action: { words: t('app.undo'), run: () => void this.#restore(bookmark) },
      });
    } catch (error) {
      this.#say('evidence.bookmark-delete-failed', title, error);
    }
  }

  async #restore({ cameraId, start, end, at, title, description }: Bookmark): Promise<void> {
    try {
      this.kept.put(await this.#api.saveBookmark({ cameraId, start, end, at, title, description }));
    } catch (error) {
      this.#say('evidence.bookmark-save-failed', isolate(title), error);
    }
  }

  // Locks

  /** Makes a lock, or changes one. Throws what the request threw. */
  async saveLock(draft: EvidenceLockDraft, changes?: EvidenceLock): Promise<void> {
    const saved = await this.#api.saveLock(draft, changes?.id);
    this.kept.putLock(saved);
    this.asking = undefined;
    this.#show('locks');
    notices.show(t('evidence.lock-saved', { title: isolate(saved.title) }));
  }

  /** Throws what the request threw. */
  async liftLock(lock: EvidenceLock): Promise<void> {
    await this.#api.liftLock(lock.id);
    this.kept.take(lock.id);
    this.asking = undefined;
    notices.show(t('evidence.lock-lifted', { title: isolate(lock.title) }));
  }

  // Exports

  /** Throws what the request threw. */
  async beginExport(request: ExportRequest): Promise<void> {
    const begun = await this.exports.begin(request);
    this.asking = undefined;
    this.#show('exports');
    notices.show(t('evidence.export-begun', { title: isolate(begun.title) }));
  }

  async changeExport(id: string, title: string, change: ExportChange): Promise<void> {
    try {
      await this.exports.change(id, change);
    } catch (error) {
      this.#say('evidence.export-change-failed', isolate(title), error);
      void this.exports.refresh();
    }
  }

  /** Deletes what is done, with its files. Throws what the request threw. */
  async deleteExport(id: string): Promise<void> {
    await this.exports.change(id, 'cancel');
    this.asking = undefined;
  }

  #show(list: EvidenceList): void {
    this.list = list;
    this.isOpen = true;
  }

  #say(
    key:
      'evidence.bookmark-delete-failed' | 'evidence.bookmark-save-failed' | 'evidence.export-change-failed',
    title: string,
    error: unknown,
  ): void {
    if (!this.#end.signal.aborted)
      notices.show(t(key, { title, why: t(whyKey(error)) }), { meaning: 'alarm' });
  }

  async #readAbilities(): Promise<void> {
    clearTimeout(this.#asking);
    try {
      this.abilities = await this.#api.abilities(this.#end.signal);
      this.#failures = 0;
      this.kept.refresh();
    } catch {
      if (this.#end.signal.aborted) return;
      clearTimeout(this.#asking);
      const ceiling = Math.min(askAgainMs.most, askAgainMs.first * 2 ** this.#failures++);
      this.#asking = setTimeout(() => void this.#readAbilities(), this.#random() * ceiling);
    }
  }
}
