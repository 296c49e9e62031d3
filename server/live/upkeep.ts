import { setTimeout as sleep } from 'node:timers/promises';
import { removeExpiredSessions } from '#server/account/sessions.ts';
import { forgetAttempts } from '#server/account/throttle.ts';
import type { CameraDirectory } from '#server/cameras/directory.ts';
import { applyStates, begunSince, type Runs, statesFrom, tellBegun } from '#server/cameras/states.ts';
import { type Gateway, GatewayError, type PathReport } from '#server/gateway/gateway.ts';
import type { Logger } from '#server/http/log.ts';
import { publish } from '#server/news/envelope.ts';
import { dutyDoneAt, holdDuty, leaveDuty } from '#server/store/duty.ts';
import type { Db } from '#server/store/store.ts';
import { pathOf, type StreamKey, streamOf } from './paths.ts';
import { endLost, forgiveOutage } from './reservations.ts';
import type { Supply } from './supply.ts';
import { closeSessions } from './whep-sessions.ts';

const duty = 'live';
const everyMs = 1000;
/** Another BFF takes over when the one on duty has said nothing for so long. */
const holdMs = 5000;
/** Longer than this without anybody on duty: pages could not renew. */
const outageMs = 5000;
/** A token is replaced so long before it dies. */
const tokenMarginMs = 120_000;
/** A stream that could not be supplied is tried again after so long, and twice as long each time. */
const firstPauseMs = 2000;
const longestPauseMs = 60_000;
const gatewayPatienceMs = 3000;
/** A round waits so long for the streams it pushes; they go on without it. */
const pushPatienceMs = 500;
/** Streams pushed in one round: after a restart of the gateway all are due at once. */
const mostPushes = 128;
/** A stream nobody wants that is still listed is let go again after so long. */
const dropAgainMs = 15_000;

/** Waits for the work, but no longer than so; a failure within that time is thrown, a later one is nobody's. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  work.catch(() => undefined);
  try {
    await Promise.race([work, sleep(ms, undefined, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}

export interface UpkeepParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly gateway: Gateway;
  readonly supply: Supply;
  readonly log: Logger;
  readonly holder: string;
  readonly now: () => number;
  readonly random?: () => number;
  /** Ends what else shows pictures of reservations that are gone. Does not wait, never throws. */
  readonly endBeside?: () => void;
}

/** Keeps what runs in step with who may see it. */
export interface Upkeep {
  /** One round of everything, if this process is on duty. */
  round(): Promise<void>;
  /** Ends at once what sessions and rights no longer cover; for the request that has just taken them away. */
  endLost(): Promise<void>;
  /** Closes the pictures of reservations that are gone, and drops streams that nobody wants now. */
  settle(streams: readonly StreamKey[]): Promise<void>;
  /** Rounds, one a second, until the signal ends it. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function createUpkeep(parts: UpkeepParts): Upkeep {
  const { db, directory, gateway, supply, log, holder, now, random = Math.random, endBeside } = parts;
  let incarnation: string | undefined;
  /** Streams let go already, and when: the gateway lists them until their linger is over. */
  let dropped = new Map<string, number>();
  let runs: Runs = new Map();
  const pushing = new Map<string, Promise<void>>();
  const retries = new Map<string, { readonly failures: number; readonly at: number }>();
  let isGatewayDown = false;
  let talking: Promise<void> | undefined;

  async function settle(streams: readonly StreamKey[]): Promise<void> {
    // At once and side by side: one that hangs must not keep the other's pictures running.
    endBeside?.();
    await closeSessions(db, gateway, 'unreserved', now());
    await supply.dropUnwanted(streams);
  }

  async function wantedStreams(): Promise<StreamKey[]> {
    return await db
      .selectFrom('reservations')
      .select(['camera_id as cameraId', 'stream'])
      .distinct()
      .execute();
  }

  /** Whether the stream has to be pushed to the gateway now. */
  function isDue(key: StreamKey, reports: ReadonlyMap<string, PathReport>): boolean {
    const retry = retries.get(pathOf(key));
    if (retry !== undefined && now() < retry.at) return false;
    const validUntil = supply.validUntil(key);
    if (validUntil === undefined || validUntil - now() < tokenMarginMs) return true;
    const report = reports.get(pathOf(key));
    return report === undefined || report.code === 'source-refused';
  }

  async function push(key: StreamKey, wasRefused: boolean): Promise<void> {
    const path = pathOf(key);
    const failures = (retries.get(path)?.failures ?? 0) + 1;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)) * (0.5 + random() / 2);
    try {
      await supply.ensure(key);
      // A source that is refused is not pushed every second either.
      if (wasRefused) retries.set(path, { failures, at: now() + pauseMs });
      else if ((supply.validUntil(key) ?? 0) - now() < tokenMarginMs)
        // The VMS gave a token that is about to die: not again this minute half.
        retries.set(path, { failures: 0, at: now() + tokenMarginMs / 4 });
      else retries.delete(path);
    } catch (cause) {
      retries.set(path, { failures, at: now() + pauseMs });
      log.warn({ err: cause, path, failures }, 'a stream could not be supplied');
    }
  }

  async function reconcile(): Promise<void> {
    const signal = AbortSignal.timeout(gatewayPatienceMs);
    const current = await gateway.incarnation(signal);
    if (current !== incarnation) {
      if (incarnation !== undefined) log.warn('the media gateway has restarted: supplying it again');
      incarnation = current;
      supply.forget();
      retries.clear();
      dropped.clear();
    }
    const wanted = await wantedStreams();
    const reports = await gateway.paths(signal);
    const byPath = new Map(reports.map((report) => [report.path, report]));
    const due = wanted.filter((key) => !pushing.has(pathOf(key)) && isDue(key, byPath)).slice(0, mostPushes);
    const attempts = due.map((key) => {
      const attempt = push(key, byPath.get(pathOf(key))?.code === 'source-refused');
      const settled = attempt.finally(() => pushing.delete(pathOf(key)));
      pushing.set(pathOf(key), settled);
      return settled;
    });
    // A recorder that takes its time must not keep the others' states from being known.
    await atMost(pushPatienceMs, Promise.all(attempts));
    const wantedPaths = new Set(wanted.map(pathOf));
    for (const path of retries.keys()) if (!wantedPaths.has(path)) retries.delete(path);
    const ours = reports.flatMap((report) => {
      const key = streamOf(report.path);
      return key === undefined ? [] : [{ ...report, ...key }];
    });
    const strays = ours.filter(({ path }) => !wantedPaths.has(path));
    const isDropped = ({ path }: PathReport): boolean =>
      now() - (dropped.get(path) ?? -Infinity) < dropAgainMs;
    await supply.dropUnwanted(strays.filter((stray) => !isDropped(stray)));
    dropped = new Map(
      strays.map((stray) => [stray.path, isDropped(stray) ? (dropped.get(stray.path) ?? 0) : now()]),
    );
    await applyStates(db, statesFrom(ours), now());
    const seen = begunSince(runs, ours);
    ({ runs } = seen);
    await tellBegun(db, seen.begun);
  }

  async function round(): Promise<void> {
    // One moment for all of it: a process that is stopped for a while in the middle must not find leases run out that
    // nobody could renew meanwhile. The next round sees that it slept.
    const at = now();
    const lastSeenAt = await dutyDoneAt(db, duty);
    if (!(await holdDuty(db, duty, holder, at, holdMs))) {
      // Whoever is on duty supplies from now on; what we know of it grows old.
      incarnation = undefined;
      return;
    }
    if (lastSeenAt !== undefined && at - lastSeenAt > outageMs) await forgiveOutage(db, lastSeenAt, at);
    const expired = await removeExpiredSessions(db, at);
    if (expired.length > 0) await publish(db, { kind: 'sessions-ended', sessions: expired });
    await forgetAttempts(db, at);
    const streams = await endLost(db, await directory.snapshot(), at, { alsoExpired: true });
    // A gateway that hangs must not keep leases from ending, nor the duty from being held: the round goes on without
    // it, and what it was to be told is found again when it answers.
    talking ??= tellGateway(streams).finally(() => (talking = undefined));
    await atMost(everyMs, talking);
  }

  async function tellGateway(ended: readonly StreamKey[]): Promise<void> {
    try {
      await settle(ended);
      await reconcile();
      isGatewayDown = false;
    } catch (cause) {
      const isDown =
        cause instanceof GatewayError || (cause instanceof DOMException && cause.name === 'TimeoutError');
      if (!isDown) throw cause;
      if (!isGatewayDown) log.warn({ err: cause }, 'the media gateway does not answer');
      isGatewayDown = true;
    }
  }

  return {
    round,
    settle,
    async endLost() {
      const streams = await endLost(db, await directory.snapshot(), now(), { alsoExpired: false });
      await settle(streams);
    },
    async run(signal) {
      while (!signal.aborted) {
        await round().catch((err: unknown) => {
          if (!signal.aborted) log.error({ err }, 'a round of upkeep failed');
        });
        await sleep(everyMs * (0.9 + 0.2 * random()), undefined, { signal }).catch(() => undefined);
      }
      // The next BFF need not wait for our time to run out.
      await leaveDuty(db, duty, holder).catch(() => undefined);
    },
  };
}
