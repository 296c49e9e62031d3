import { createPublicKey, type KeyObject } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '#contract/account.ts';
import { recordingRoutes } from '#contract/recording-routes.ts';
import { type CameraDirectory, isAllowed } from '#server/cameras/directory.ts';
import type { Logger } from '#server/http/log.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Frames } from '#server/recordings/frames.ts';
import type { Db } from '#server/store/store.ts';
import type { Vms } from '#server/vms/vms.ts';
import { failureOf, isPassing } from './export-failure.ts';
import { runExport, type OrderedCamera } from './export-job.ts';
import {
  changeState,
  claimExports,
  type ExportRow,
  keepClaims,
  leaveStore,
  tell,
  tendStore,
} from './export-table.ts';
import { openShelf } from './export-shelf.ts';
import { fingerprintOf } from './manifest.ts';
import { openSigningKey } from './signing-key.ts';
import { findTranscoder, type Transcoder } from './watermark/transcoder.ts';

/** Where exports are kept, and for how long. */
export interface ExportSettings {
  /** A folder of its own; the key that signs exports is in it, too. */
  readonly directory: string;
  readonly product: { readonly name: string; readonly version: string };
  /** What is done, failed or paused is deleted after so long. Default: seven days. */
  readonly keepMs?: number;
  /** What one person may store. Default: 50 GB. */
  readonly quotaBytes?: number;
  /** What has to stay free on the disk. Default: 2 GB. */
  readonly reserveBytes?: number;
  /** Finds what burns words into pictures. Default: FFmpeg on the path, tried out once when it is first asked for. */
  readonly findTranscoder?: (signal: AbortSignal) => Promise<Transcoder | undefined>;
  /** Tests make checkpoints more often. */
  readonly checkpointBytes?: number;
  readonly checkpointMs?: number;
}

const day = 86_400_000;
const everyMs = 1000;
/** Another process takes an export over when its runner has said nothing for so long. */
const holdMs = 10_000;
const cleanEveryMs = 60_000;
const tendEveryMs = 5000;
/** What fails and may pass is tried again, with pauses up to these, ms; getting farther than ever begins the list anew. */
const pausesMs = [1000, 2000, 5000, 10_000, 30_000];

/** Who may ask for exports. */
const exporters: unknown = recordingRoutes.createExport.needs.who;
const isExporter = (role: Role): boolean => Array.isArray(exporters) && exporters.includes(role);

/** Somebody or something wants the work to end; what was written stays. */
class Stop extends Error {
  override readonly name = 'Stop';
}

interface Running {
  readonly ending: AbortController;
  readonly ended: Promise<void>;
}

/** The exports of this process's store. */
export interface ExportRunner {
  readonly storeId: string;
  /** SHA-256 of the public key that signs, lower-case hex. */
  readonly fingerprint: string;
  /** One round: keeps what runs, ends what may no longer, begins what may, removes what is over. */
  round(): Promise<void>;
  /** Rounds, one a second and whenever woken, until the signal ends it. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Something was put into the queue. */
  wake(): void;
  /** Ends the work on one and waits until it has let go of its files. */
  stop(id: string): Promise<void>;
  /** Ends the work on one and removes its files. */
  remove(id: string): Promise<void>;
  /** Resolves when nothing runs here. */
  idle(): Promise<void>;
  /** Whether copies with a watermark can be made here. */
  canWatermark(): Promise<boolean>;
  /** Bytes that this person may still store, see {@link Shelf.freeFor}. */
  freeFor(userId: string, by?: Db): Promise<number>;
  directoryOf(id: string): string;
  /** Ends all work; it goes on with the next start. Safe to call twice. */
  close(): Promise<void>;
}

export interface RunnerParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly systems: readonly Vms[];
  readonly frames: Frames;
  readonly log: Logger;
  readonly holder: string;
  readonly now: () => number;
  readonly settings: ExportSettings;
  readonly random?: () => number;
}

export async function openExportRunner(parts: RunnerParts): Promise<ExportRunner> {
  const { db, directory, systems, frames, log, holder, now, settings, random = () => Math.random() } = parts;
  const { keepMs = 7 * day, quotaBytes = 50e9, reserveBytes = 2e9 } = settings;
  const shelf = await openShelf({ db, now, directory: settings.directory, keepMs, quotaBytes, reserveBytes });
  const { storeId } = shelf;
  const directoryOf = (id: string): string => shelf.directoryOf(id);
  const key: KeyObject = await openSigningKey(settings.directory);
  const fingerprint = fingerprintOf(createPublicKey(key));
  log.info({ fingerprint }, 'exports are signed with this key');
  const running = new Map<string, Running>();
  const closing = new AbortController();
  let woken = Promise.withResolvers<undefined>();
  let cleanedAt = -Infinity;
  let tendedAt = -Infinity;
  let keptAt = -Infinity;

  let found: Promise<Transcoder | undefined> | undefined;
  /** Somebody may install one: what is not there is looked for again by the next process. */
  const transcoder = (): Promise<Transcoder | undefined> =>
    (found ??= (settings.findTranscoder ?? findTranscoder)(closing.signal).catch(() => undefined));

  async function camerasOf(row: ExportRow): Promise<OrderedCamera[]> {
    const { cameras } = await directory.snapshot();
    return row.camera_ids.map((id) => {
      const camera = cameras.get(id);
      if (camera === undefined) throw new Refusal('not-found', { detail: `Camera ${id}.` });
      const { number, name, vmsId } = camera;
      const recordings = systems.find((vms) => vms.id === vmsId)?.recordings;
      if (recordings === undefined) return { id, number, name };
      return { id, number, name, recordings, lanes: frames.lanesOf({ vmsId, recordings, cameraId: id }) };
    });
  }

  /** Whether the person may still export all of it. */
  async function mayGoOn(row: ExportRow): Promise<boolean> {
    const user = await db
      .selectFrom('users')
      .select(['grants', 'role'])
      .where('id', '=', row.user_id)
      .executeTakeFirst();
    const { cameras } = await directory.snapshot();
    return (
      user !== undefined &&
      isExporter(user.role) &&
      row.camera_ids.every((id) => {
        const camera = cameras.get(id);
        return camera !== undefined && isAllowed(user, camera, 'export');
      })
    );
  }

  async function attempt(
    row: ExportRow,
    signal: AbortSignal,
    onProgress: (bytes: number) => void,
  ): Promise<void> {
    let notedAt = -Infinity;
    const files = await runExport(
      {
        id: row.id,
        title: row.title,
        reason: row.reason,
        requestedBy: { name: row.user_name, displayName: row.display_name },
        createdAt: row.created_at,
        range: { start: row.start_at, end: row.end_at },
        stream: row.stream,
        cameras: await camerasOf(row),
        hasWatermark: row.has_watermark,
      },
      {
        transcoder: row.has_watermark ? await transcoder() : undefined,
        directory: directoryOf(row.id),
        checkpointBytes: settings.checkpointBytes ?? 16 * 1024 * 1024,
        checkpointMs: settings.checkpointMs ?? 1000,
        product: settings.product,
        key,
        now,
        async onProgress(doneMs, bytes, step) {
          signal.throwIfAborted();
          onProgress(bytes);
          if (performance.now() - notedAt < everyMs) return;
          notedAt = performance.now();
          // What runs beside it grows, too.
          const used = await shelf.usedBy(row.user_id, row.id);
          if (used + bytes > quotaBytes || (await shelf.freeOnDisk()) === 0)
            throw new Refusal('quota-exceeded');
          const done_ms = step === 'copying' ? row.total_ms : doneMs;
          await db.updateTable('exports').set({ done_ms, bytes }).where('id', '=', row.id).execute();
          await tell(db, [row.id]);
        },
      },
      signal,
    );
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    await db.updateTable('exports').set({ done_ms: row.total_ms, bytes }).where('id', '=', row.id).execute();
    const at = now();
    await changeState(db, row.id, ['running'], { status: 'done', at, files, expiresAt: at + keepMs, holder });
  }

  async function work(row: ExportRow, signal: AbortSignal): Promise<void> {
    const isEnding = (): boolean => signal.aborted;
    let failures = 0;
    let furthest = 0;
    while (!isEnding()) {
      try {
        await attempt(row, signal, (bytes) => {
          // What an earlier attempt had is no progress: the next one may fail at the same place.
          if (bytes > furthest) failures = 0;
          furthest = Math.max(furthest, bytes);
        });
        return;
      } catch (cause) {
        if (isEnding()) return;
        const pauseMs = pausesMs[failures];
        if (isPassing(cause) && pauseMs !== undefined) {
          failures += 1;
          log.warn({ err: cause, export: row.id, failures }, 'an export waits and tries again');
          await sleep(random() * pauseMs, undefined, { signal }).catch(() => undefined);
          continue;
        }
        const code = failureOf(cause);
        log.warn({ err: cause, export: row.id, code }, 'an export failed');
        // A recording that no browser can be given will be the same tomorrow.
        const canResume = code !== 'codec-unsupported' && code !== 'not-found';
        await changeState(db, row.id, ['running'], { status: 'failed', at: now(), code, canResume, holder });
        return;
      }
    }
  }

  function begin(row: ExportRow): void {
    if (running.has(row.id) || closing.signal.aborted) return;
    const ending = new AbortController();
    const ended = work(row, ending.signal)
      .catch((err: unknown) => log.error({ err, export: row.id }, 'an export could not be brought to an end'))
      .finally(() => running.delete(row.id));
    running.set(row.id, { ending, ended });
  }

  async function stop(id: string): Promise<void> {
    const job = running.get(id);
    job?.ending.abort(new Stop('not to be run here any more'));
    await job?.ended;
  }

  /** What runs here and may go on, by id. */
  async function keep(): Promise<Map<string, ExportRow>> {
    try {
      const rows = await keepClaims(db, holder, [...running.keys()], now(), holdMs);
      keptAt = performance.now();
      return new Map(rows.map((row) => [row.id, row]));
    } catch (cause) {
      // Somebody else may take over what we cannot say that we keep: it is not written to any more.
      if (performance.now() - keptAt > holdMs / 2) await Promise.all([...running.keys()].map(stop));
      throw cause;
    }
  }

  async function round(): Promise<void> {
    if (closing.signal.aborted) return;
    if (running.size > 0) {
      const ours = await keep();
      for (const id of running.keys()) {
        const row = ours.get(id);
        // Paused, cancelled, or taken over elsewhere.
        if (row === undefined) await stop(id);
        else if (!(await mayGoOn(row))) {
          await stop(id);
          const at = now();
          await changeState(db, id, ['running'], {
            status: 'failed',
            at,
            code: 'not-permitted',
            canResume: true,
          });
        }
      }
    }
    if (performance.now() - tendedAt > tendEveryMs) {
      await tendStore(db, storeId, holder, now());
      tendedAt = performance.now();
    }
    const ids = await claimExports(db, { storeId, holder }, now(), holdMs);
    if (running.size === 0) keptAt = performance.now();
    for (const id of ids) {
      // It may have been stopped and resumed, and its earlier work not quite be over.
      await stop(id);
      const row = await db
        .selectFrom('exports')
        .selectAll()
        .where('id', '=', id)
        .where('status', '=', 'running')
        .where('runner', '=', holder)
        .executeTakeFirst();
      if (row !== undefined) begin(row);
    }
    if (performance.now() - cleanedAt < cleanEveryMs) return;
    cleanedAt = performance.now();
    await shelf.clean((id) => running.has(id));
  }

  let ended: Promise<void> | undefined;
  return {
    storeId,
    fingerprint,
    round,
    stop,
    async remove(id) {
      await stop(id);
      await rm(directoryOf(id), { recursive: true, force: true });
    },
    directoryOf,
    wake: () => woken.resolve(undefined),
    async run(signal) {
      while (!signal.aborted && !closing.signal.aborted) {
        await round().catch((err: unknown) => {
          if (!signal.aborted) log.error({ err }, 'a round of exports failed');
        });
        const pause = sleep(everyMs, undefined, { signal }).catch(() => undefined);
        await Promise.race([pause, woken.promise]);
        woken = Promise.withResolvers();
      }
    },
    async idle() {
      while (running.size > 0) await Promise.all([...running.values()].map((job) => job.ended));
    },
    canWatermark: async () => (await transcoder()) !== undefined,
    freeFor: (userId, by) => shelf.freeFor(userId, by),
    close: () =>
      (ended ??= (async () => {
        closing.abort();
        await Promise.all([...running.keys()].map(stop));
        // The next process need not wait for our time to run out.
        await db
          .updateTable('exports')
          .set({ runner_until: 0 })
          .where('status', '=', 'running')
          .where('runner', '=', holder)
          .execute()
          .catch(() => undefined);
        await leaveStore(db, storeId, holder).catch(() => undefined);
      })()),
  };
}
