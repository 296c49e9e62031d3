import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveKitEntry } from '#contract/reservation.ts';
import type { CameraDirectory } from '#server/cameras/directory.ts';
import type { Logger } from '#server/http/log.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { RoomApi } from '#server/livekit/api.ts';
import type { Publisher } from '#server/livekit/publisher.ts';
import { publisherOf, roomOf } from '#server/livekit/rooms.ts';
import { type LiveKitKey, viewerToken, viewerTokenMs } from '#server/livekit/tokens.ts';
import { holdDuty, leaveDuty } from '#server/store/duty.ts';
import type { Db } from '#server/store/store.ts';
import {
  createLiveKitChoice,
  isPublishable,
  type LiveKitChoice,
  type LiveKitPreference,
} from './livekit-choice.ts';
import { createPublishing, type Publishing } from './livekit-publishing.ts';
import {
  addViewing,
  type Bearer,
  compareRoom,
  crowdedViewings,
  endViewing,
  forgetViewings,
  hint,
  lostViewings,
  type Presence,
  roomsToLookInto,
  wantPublication,
} from './livekit-viewings.ts';
import { pathOf, type StreamKey } from './paths.ts';
import type { Supply } from './supply.ts';

const duty = 'livekit';
const everyMs = 1000;
/** Another BFF takes over when the one on duty has said nothing for so long. */
const holdMs = 5000;
/** A room is looked into again after so long, sooner after a hint. */
const lookAgainMs = 15_000;
/** So soon where somebody who was put out may come back: LiveKit itself revokes no ticket. */
const lookSoonMs = 1000;
const roomsPerRound = 48;
/** Participants that are put out, and rooms that are looked into, at once. */
const lanes = 8;
/** A viewer's answer waits no longer for its room. */
const roomPatienceMs = 1000;
const callPatienceMs = 4000;
/** Health of LiveKit is looked after so often, by every BFF for itself. */
const lookEveryMs = 5000;

/** How LiveKit is configured. */
export interface LiveKitPlan extends LiveKitKey {
  /** For browsers: `ws:` or `wss:`. */
  readonly url: string;
  /** For us: `http:` or `https:`. */
  readonly apiUrl: string;
  readonly roomPrefix: string;
  readonly prefer: LiveKitPreference;
  /** How long a camera stays published after its last viewer, ms. */
  readonly lingerMs: number;
}

export interface LiveKitDeskParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly supply: Supply;
  readonly publisher: Publisher;
  readonly rooms: RoomApi;
  readonly plan: LiveKitPlan;
  readonly log: Logger;
  readonly holder: string;
  readonly now: () => number;
  readonly random?: () => number;
}

/** A ticket, and who publishes what it is for. */
export type Entry = LiveKitEntry & { readonly publisher: string };

/** Everything between reservations and LiveKit: tickets in, publishers on and off, viewers out. */
export interface LiveKitDesk {
  readonly choice: LiveKitChoice;
  /** Where the engine pushes to. */
  readonly whipUrl: string;
  /**
   * A ticket into the room of a reserved stream, which is published from now on. Asks LiveKit for nothing it could not go
   * without. Throws `codec-unsupported` and `reservation-ended`.
   */
  enter(reservationId: string, key: StreamKey, bearer: Bearer): Promise<Entry>;
  /** Has a stream published that is wanted without a viewer. Does not wait. */
  warm(key: StreamKey): void;
  /** Puts out whoever has no reservation any more. Does not wait, never throws. */
  endLost(): void;
  /** Something has happened in a room, to somebody who is or was there. */
  hint(room: string, identity?: string): Promise<void>;
  /** One round of everything, if this process is on duty. */
  round(): Promise<void>;
  /** Rounds, one a second, until the signal ends it. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Gives up what is under way. Safe to call twice. */
  close(): Promise<void>;
}

/** Opens the desk; starts no timers by itself. */
export function openLiveKitDesk(parts: LiveKitDeskParts): LiveKitDesk {
  const { db, directory, rooms, plan, log, holder, now, random = Math.random } = parts;
  const closing = new AbortController();
  const background = new Set<Promise<void>>();
  const publishing: Publishing = createPublishing({ ...parts, signal: closing.signal });
  const choice = createLiveKitChoice(plan.prefer, () => rooms.isDown);
  let ending: Promise<void> | undefined;
  let endAgain = false;
  let lookedAt = -Infinity;
  let wasDown = false;

  const within = (ms: number): AbortSignal => AbortSignal.any([closing.signal, AbortSignal.timeout(ms)]);

  const inBackground = (what: string, work: Promise<unknown>): void => {
    const kept = work
      .then(() => undefined)
      .catch((err: unknown) => {
        if (!closing.signal.aborted) log.warn({ err }, what);
      })
      .finally(() => background.delete(kept));
    background.add(kept);
  };

  /** Puts them out, some at a time. Gives how many are still there as far as is known. */
  async function expel(who: readonly Presence[]): Promise<number> {
    const left = [...who];
    let failed = 0;
    const lane = async (): Promise<void> => {
      for (let one = left.pop(); one !== undefined; one = left.pop()) {
        try {
          await rooms.expel(one.room, one.identity, within(callPatienceMs));
          await endViewing(db, one.id, now());
        } catch (err) {
          failed += 1;
          // Each round tries again; while LiveKit is down it is said once, where that is noticed.
          if (!closing.signal.aborted && !rooms.isDown)
            log.warn({ err, room: one.room }, 'a viewer could not be put out of a room');
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return failed;
  }

  /** One at a time: whoever asks meanwhile is served by one more look. */
  function endLost(): Promise<void> {
    if (ending !== undefined) {
      endAgain = true;
      return ending;
    }
    const isAskedAgain = (): boolean => endAgain && !closing.signal.aborted;
    ending = (async () => {
      do {
        endAgain = false;
        await expel(await lostViewings(db));
      } while (isAskedAgain());
    })().finally(() => (ending = undefined));
    return ending;
  }

  async function lookIntoRooms(): Promise<void> {
    if (rooms.isDown) return;
    const due = await roomsToLookInto(db, now() - lookAgainMs, roomsPerRound);
    const lane = async (): Promise<void> => {
      for (let room = due.pop(); room !== undefined; room = due.pop()) {
        const present = new Set(await rooms.participants(room, within(callPatienceMs)));
        const back = await compareRoom(db, room, present, now(), now() - lookAgainMs + lookSoonMs);
        if (back.length === 0) continue;
        log.warn({ room, count: back.length }, 'somebody is in a room after the right was lost: put out');
        await expel(back);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    // Only now is it known who is there.
    await expel(await crowdedViewings(db));
  }

  async function lookAfterHealth(): Promise<void> {
    const isDue = performance.now() - lookedAt >= lookEveryMs;
    if (!rooms.isDown && !isDue) return;
    lookedAt = performance.now();
    await rooms.look(within(callPatienceMs));
    if (rooms.isDown !== wasDown) {
      wasDown = rooms.isDown;
      if (wasDown) log.warn('LiveKit does not answer: it is no way of watching until it does');
      else log.info('LiveKit answers again');
    }
  }

  async function round(): Promise<void> {
    await lookAfterHealth();
    if (!(await holdDuty(db, duty, holder, now(), holdMs))) return;
    // None of these waits for another's trouble.
    const results = await Promise.allSettled([
      endLost(),
      publishing.round(),
      lookIntoRooms(),
      forgetViewings(db, now()),
    ]);
    for (const result of results)
      if (result.status === 'rejected' && !rooms.isDown && !closing.signal.aborted)
        log.warn({ err: result.reason as unknown }, 'a part of a round for LiveKit failed');
  }

  return {
    choice,
    whipUrl: publishing.whipUrl,
    async enter(reservationId, key, bearer) {
      if (!isPublishable(key, await directory.snapshot())) throw new Refusal('codec-unsupported');
      const id = randomUUID();
      const room = roomOf(key.cameraId, plan.roomPrefix);
      const identity =
        'service' in bearer ? `svc:${reservationId}:${id}` : `op:${bearer.user.id}:${bearer.sessionId}:${id}`;
      const expiresAt = now() + viewerTokenMs;
      const viewing = { id, reservationId, ...key, room, identity, ticketUntil: expiresAt };
      if (!(await addViewing(db, viewing, bearer, now()))) throw new Refusal('reservation-ended');
      await wantPublication(db, key, now());
      inBackground('a stream could not be published at once', publishing.publish(key));
      // Where tokens alone make no rooms, a viewer that is there before the camera needs one.
      await rooms.makeRoom(room, within(roomPatienceMs)).catch(() => undefined);
      const token = await viewerToken(plan, { room, identity });
      return { url: plan.url, token, room, publisher: publisherOf(pathOf(key)), expiresAt };
    },
    warm(key) {
      inBackground(
        'a stream could not be published at once',
        wantPublication(db, key, now()).then(() => publishing.publish(key)),
      );
    },
    endLost: () => inBackground('viewers could not be put out at once', endLost()),
    hint: (room, identity) => hint(db, room, identity, now()),
    round,
    async run(signal) {
      while (!signal.aborted) {
        await round().catch((err: unknown) => {
          if (!signal.aborted) log.error({ err }, 'a round for LiveKit failed');
        });
        await sleep(everyMs * (0.9 + 0.2 * random()), undefined, { signal }).catch(() => undefined);
      }
      await leaveDuty(db, duty, holder).catch(() => undefined);
    },
    async close() {
      closing.abort();
      await Promise.allSettled(background);
    },
  };
}
