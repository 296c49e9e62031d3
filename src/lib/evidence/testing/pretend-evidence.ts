import type { Bookmark, EvidenceLock, Export } from '#contract/evidence.ts';
import type { News } from '#contract/news.ts';
import type { ProblemCode } from '#contract/problem.ts';
import type { RecordingAbility } from '#contract/recording.ts';
import { ProblemError } from '#lib/api/errors.ts';
import type { EvidenceApi } from '../evidence-api.ts';

type ExportNews = Extract<News, { kind: 'export' }>;

/** A BFF that keeps evidence in memory. `refusal` says no to whatever is asked next. */
export class PretendEvidence implements EvidenceApi {
  readonly kept = new Map<string, Bookmark>();
  readonly locked = new Map<string, EvidenceLock>();
  readonly queue = new Map<string, Export>();
  readonly #ability: RecordingAbility;
  readonly #now: number;
  #marks = 0;
  refusal: ProblemCode | undefined;
  asked = 0;
  freeBytes = 5_000_000_000;
  recordedMs: number | undefined;
  /** The VMS gives films and no frames. */
  madeByVms = false;
  /** Of which no film can be made. */
  unable: string | undefined;
  waiting = 0;

  constructor(now: number, cameraIds: readonly string[], ability: Partial<RecordingAbility> = {}) {
    this.#now = now;
    this.#ability = {
      vmsId: 'hq',
      cameraIds: [...cameraIds],
      nativeFrames: true,
      stills: true,
      motion: true,
      bookmarks: 'write',
      evidenceLocks: 'write',
      ...ability,
    };
  }

  readonly abilities: EvidenceApi['abilities'] = async () => ({ vms: [this.#ability] });

  readonly bookmarks: EvidenceApi['bookmarks'] = async (cameras, window) => {
    this.#admit();
    return [...this.kept.values()].filter(
      ({ cameraId, start, end }) => cameras.includes(cameraId) && start < window.end && end > window.start,
    );
  };

  readonly saveBookmark: EvidenceApi['saveBookmark'] = async (draft, before) => {
    this.#admit();
    const known = this.kept.get(before ?? '');
    const isMoved = known !== undefined && known.cameraId !== draft.cameraId;
    const id = isMoved || before === undefined ? `mark-${(this.#marks += 1)}` : before;
    if (before !== undefined) this.kept.delete(before);
    const bookmark = { ...draft, id, author: 'Investigator', canEdit: true };
    this.kept.set(id, bookmark);
    return bookmark;
  };

  readonly deleteBookmark: EvidenceApi['deleteBookmark'] = async (id) => {
    this.#admit();
    this.kept.delete(id);
  };

  readonly locks: EvidenceApi['locks'] = async (cameras, window) => {
    this.#admit();
    return [...this.locked.values()].filter(
      ({ cameraIds, start, end }) =>
        cameraIds.some((id) => cameras.includes(id)) && start < window.end && end > window.start,
    );
  };

  readonly saveLock: EvidenceApi['saveLock'] = async (draft, id = `lock-${this.locked.size + 1}`) => {
    this.#admit();
    const lock = { ...draft, id };
    this.locked.set(id, lock);
    return lock;
  };

  readonly liftLock: EvidenceApi['liftLock'] = async (id) => {
    this.#admit();
    this.locked.delete(id);
  };

  readonly exports: EvidenceApi['exports'] = async () => {
    this.#admit();
    return [...this.queue.values()];
  };

  readonly readExport: EvidenceApi['readExport'] = async (id) => this.#export(id);

  readonly estimate: EvidenceApi['estimate'] = async ({ cameraIds, start, end }) => {
    this.#admit();
    const recordedMs = this.recordedMs ?? end - start;
    const each = cameraIds.map((cameraId) =>
      cameraId === this.unable
        ? { cameraId, recordedMs, cannot: 'codec-unsupported' as const }
        : this.madeByVms
          ? { cameraId, recordedMs, isMadeByVms: true as const }
          : { cameraId, recordedMs, bytes: recordedMs * 250 },
    );
    return {
      cameras: each,
      bytes: each.reduce((sum, one) => sum + ('bytes' in one ? one.bytes : 0), 0),
      freeBytes: this.freeBytes,
      queued: this.waiting,
      canWatermark: false,
    };
  };

  readonly begin: EvidenceApi['begin'] = async (request) => {
    this.#admit();
    const { title, cameraIds, start, end, stream, reason, hasWatermark } = request;
    const one: Export = {
      id: crypto.randomUUID(),
      ...{ title, cameraIds, start, end, stream, reason, hasWatermark },
      createdAt: this.#now + this.queue.size,
      createdBy: 'Investigator',
      state: { status: 'queued', place: 1 },
      progress: { doneMs: 0, totalMs: (end - start) * cameraIds.length, bytes: 0 },
      files: [],
    };
    this.queue.set(one.id, one);
    return one;
  };

  readonly change: EvidenceApi['change'] = async (id, change) => {
    this.#admit();
    const since = this.#now;
    const state: Export['state'] =
      change === 'pause'
        ? { status: 'paused', since }
        : change === 'resume'
          ? { status: 'queued', place: 1 }
          : { status: 'cancelled', at: since };
    return this.move(id, { state }).one;
  };

  /** Moves an export on; gives it, and the news of it. */
  move(id: string, change: Partial<Export>): { one: Export; news: ExportNews } {
    const one = { ...this.#export(id), ...change };
    this.queue.set(id, one);
    const news: ExportNews = {
      kind: 'export',
      exportId: id,
      status: one.state.status,
      progress: one.progress,
    };
    return { one, news };
  }

  #export(id: string): Export {
    const one = this.queue.get(id);
    if (!one) throw new Error(`no export ${id}`);
    return one;
  }

  #admit(): void {
    this.asked++;
    const code = this.refusal;
    if (!code) return;
    throw new ProblemError({ type: `urn:parapet:problem:${code}`, code, title: code, status: 409 });
  }
}
