import { GatewayError } from '#server/gateway/gateway.ts';
import type { Logger } from '#server/http/log.ts';
import type { RoomApi } from '#server/livekit/api.ts';
import {
  type Publication,
  publicationName,
  type PublicationReport,
  type Publisher,
} from '#server/livekit/publisher.ts';
import { publisherOf, roomOf } from '#server/livekit/rooms.ts';
import { type LiveKitKey, publisherToken, publisherTokenMs } from '#server/livekit/tokens.ts';
import type { Db } from '#server/store/store.ts';
import { publishedStreams, settlePublications } from './livekit-viewings.ts';
import { pathOf, type StreamKey, streamOf } from './paths.ts';
import type { Supply } from './supply.ts';

/** The token for the next connection is replaced when it has no longer than this. */
const tokenMarginMs = publisherTokenMs / 2;
const firstPauseMs = 1000;
const longestPauseMs = 30_000;
/** A push that is in trouble may lack its room. It is made again this often, not more. */
const roomEveryMs = 5000;
const patienceMs = 4000;

export interface PublishingParts {
  readonly db: Db;
  readonly supply: Supply;
  readonly publisher: Publisher;
  readonly rooms: RoomApi;
  readonly plan: LiveKitKey & {
    readonly apiUrl: string;
    readonly roomPrefix: string;
    readonly lingerMs: number;
  };
  readonly log: Logger;
  readonly now: () => number;
  readonly random?: () => number;
  /** Gives up what is under way. */
  readonly signal: AbortSignal;
}

/** Keeps what is published in step with what is wanted. */
export interface Publishing {
  readonly whipUrl: string;
  /** Has one stream published now. The same again renews its token. Throws what the VMS and the gateway throw. */
  publish(key: StreamKey): Promise<void>;
  /** Publishes what is wanted and is not, ends what nobody wants; after restarts of anybody, too. */
  round(): Promise<void>;
}

/** The publications of all BFFs, by way of the database; the gateway is asked for what there is. */
export function createPublishing(parts: PublishingParts): Publishing {
  const { db, supply, publisher, rooms, plan, log, now, random = Math.random } = parts;
  const whipUrl = `${plan.apiUrl}/whip/v1`;
  const underWay = new Map<string, Promise<void>>();
  const tokenUntil = new Map<string, number>();
  const retries = new Map<string, { readonly failures: number; readonly at: number }>();
  const roomMadeAt = new Map<string, number>();
  const within = (): AbortSignal => AbortSignal.any([parts.signal, AbortSignal.timeout(patienceMs)]);

  const publicationOf = (key: StreamKey): Publication => ({
    path: pathOf(key),
    room: roomOf(key.cameraId, plan.roomPrefix),
    identity: publisherOf(pathOf(key)),
  });

  async function apply(key: StreamKey): Promise<void> {
    const publication = publicationOf(key);
    // By WHIP a publisher's token makes the room; made here, it has our settings and is there before the camera.
    await rooms.makeRoom(publication.room, within()).catch(() => undefined);
    const until = now() + publisherTokenMs;
    const endpoint = { url: whipUrl, token: await publisherToken(plan, publication) };
    await supply.settled(key);
    try {
      await publisher.publish(publication, endpoint, within());
    } catch (cause) {
      if (!(cause instanceof GatewayError && cause.code === 'not-found')) throw cause;
      await supply.ensure(key);
      await publisher.publish(publication, endpoint, within());
    }
    tokenUntil.set(publication.path, until);
    retries.delete(publication.path);
  }

  function publish(key: StreamKey): Promise<void> {
    const path = pathOf(key);
    const running = underWay.get(path);
    if (running !== undefined) return running;
    const attempt = apply(key).finally(() => underWay.delete(path));
    underWay.set(path, attempt);
    return attempt;
  }

  /** Publishes as a round does it: what fails is tried again later, and later each time. */
  async function tryToPublish(key: StreamKey): Promise<void> {
    const path = pathOf(key);
    try {
      await publish(key);
    } catch (err) {
      if (parts.signal.aborted) return;
      const failures = (retries.get(path)?.failures ?? 0) + 1;
      const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
      retries.set(path, { failures, at: now() + random() * ceiling });
      if (failures === 1) log.warn({ err, path }, 'a stream could not be published');
    }
  }

  function isDue(key: StreamKey, report: PublicationReport | undefined): boolean {
    const path = pathOf(key);
    const retry = retries.get(path);
    if (retry !== undefined && now() < retry.at) return false;
    if (report?.name !== publicationName(publicationOf(key))) return true;
    if (report.code === 'target-refused' && (roomMadeAt.get(path) ?? 0) <= now() - roomEveryMs) {
      roomMadeAt.set(path, now());
      return true;
    }
    return (tokenUntil.get(path) ?? 0) - now() < tokenMarginMs;
  }

  /** The room may be what is missing: LiveKit without Redis forgets all of them with a restart. */
  async function mendRoom(key: StreamKey, report: PublicationReport | undefined): Promise<void> {
    if (report?.state !== 'error' || rooms.isDown) return;
    if (report.code !== 'target-missing' && report.code !== 'target-unavailable') return;
    if ((roomMadeAt.get(report.path) ?? 0) > now() - roomEveryMs) return;
    roomMadeAt.set(report.path, now());
    await rooms.makeRoom(publicationOf(key).room, within()).catch(() => undefined);
  }

  return {
    whipUrl,
    publish,
    async round() {
      const { wanted, over } = await settlePublications(db, plan.lingerMs, now());
      const wantedPaths = new Set(wanted.map(pathOf));
      for (const path of tokenUntil.keys()) if (!wantedPaths.has(path)) tokenUntil.delete(path);
      for (const path of retries.keys()) if (!wantedPaths.has(path)) retries.delete(path);
      for (const path of roomMadeAt.keys()) if (!wantedPaths.has(path)) roomMadeAt.delete(path);
      if (over.length > 0) log.info({ paths: over.map(pathOf) }, 'no longer published');
      const reports = new Map(
        (await publisher.publications(within())).map((report) => [report.path, report]),
      );
      // Read after the reports: what another BFF has begun since then is not taken for a stray.
      const kept = new Set((await publishedStreams(db)).map(pathOf));
      const strays = [...reports.keys()].filter((path) => !kept.has(path) && streamOf(path) !== undefined);
      await Promise.all([
        ...strays.map((path) => publisher.unpublish(path, within())),
        ...wanted.filter((key) => isDue(key, reports.get(pathOf(key)))).map((key) => tryToPublish(key)),
        ...wanted.map((key) => mendRoom(key, reports.get(pathOf(key)))),
      ]);
    },
  };
}
