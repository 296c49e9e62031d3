import { z } from 'zod';
import { Instant } from '#contract/instant.ts';
import { stillHeaders } from '#contract/routes.ts';
import { type CameraDirectory, isAllowed, rightsOf } from '#server/cameras/directory.ts';
import { vmsRefusal } from '#server/cameras/routes.ts';
import { parsed } from '#server/http/body.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { OtherHandlers } from '#server/http/routing.ts';
import type { Viewings } from '#server/recordings/viewings.ts';
import type { Db } from '#server/store/store.ts';
import type { Still } from '#server/vms/recordings.ts';
import { type Vms, VmsError } from '#server/vms/vms.ts';
import { type Allowance, createAllowance } from './allowance.ts';
import { HlsViewings } from './hls-viewings.ts';
import { readId, reservedStream } from './reserved.ts';
import { StillDesk } from './still-desk.ts';
import { StillOffers } from './still-offers.ts';
import { NoPicture } from './still-reader.ts';
import { createStillsShown, type StillsShown } from './stills-shown.ts';

/** A request waits so long for a newer still, ms. */
const waitMs = 5000;
/** What a tile shows while it connects has to be there within this time, ms, or it is of no use. */
const lastPatienceMs = 300;
/** Who may see a camera live may see what it showed a minute ago; anything older is the past, ms. */
const liveAgeMs = 60_000;
/** As wide as the streams are; a recorder never makes pictures larger than they are. */
const widthOf = { main: 1280, sub: 640 } as const;
/** Tiles of any size share what the recorder has made for one of them, and what is remembered. */
const widths = [640, 1280, 1920] as const;

const StillQuery = z.object({ after: Instant.optional() });
const LastQuery = z.object({ width: z.coerce.number().int().min(16).max(8192).default(640) });

/** The stills' doors, and what stands behind them. */
export interface OpenStills {
  readonly routes: Pick<OtherHandlers, 'stillFile' | 'lastStill'>;
  /** The ids of the VMSs that make stills, as far as is known. */
  offeredBy(): Promise<ReadonlySet<string>>;
  /** Ends every request and every reading. Safe to call twice. */
  close(): Promise<void>;
}

/** Of last stills, for each session: two walls full of tiles at once, then so many a second. */
const lastsAtOnce = 128;
const lastsASecond = 10;
/** Of the stills of one reservation: no more come than one or two a second, so who asks this often does not wait for them. */
const asksAtOnce = 10;
const asksASecond = 4;

export function openStills(parts: {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly systems: readonly Vms[];
  readonly viewings: Viewings;
  /** Epoch ms. */
  readonly now: () => number;
  /** What fails while nobody waits for it. */
  readonly failed: (cause: unknown) => void;
}): OpenStills {
  const { db, directory, systems, viewings, now, failed } = parts;
  const desk = new StillDesk({ systems, now });
  const offers = new StillOffers(systems);
  const watching = new HlsViewings({ db, now, failed });
  return {
    routes: stillRoutes({
      db,
      directory,
      desk,
      watching,
      viewings,
      shown: createStillsShown({ db, now }),
      asks: createAllowance(asksAtOnce, asksASecond),
      lasts: createAllowance(lastsAtOnce, lastsASecond),
      now,
    }),
    offeredBy: () => offers.known(),
    async close() {
      offers.close();
      await watching.close();
      desk.close();
    },
  };
}

export interface StillsParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly desk: StillDesk;
  /** Of live pictures by stills, kept as those by HLS are. */
  readonly watching: HlsViewings;
  /** Of last stills that are older than a minute. */
  readonly viewings: Viewings;
  /** Of the others. */
  readonly shown: StillsShown;
  /** Of stills, for each reservation. */
  readonly asks: Allowance;
  /** Of last stills, for each session. */
  readonly lasts: Allowance;
  readonly now: () => number;
}

const answer = (still: Still): Response =>
  new Response(still.jpeg as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': 'image/jpeg',
      'cache-control': 'no-store',
      [stillHeaders.captured]: new Date(still.timeMs).toISOString(),
    },
  });

/**
 * JPEGs of what is live. A reservation's stills are watched as its other ways are: authorised, recorded as a viewing, ended
 * with it. The last still of a camera needs no reservation, so it is given to whoever may see the camera live, as long as it
 * is no older than a minute; older ones only to who may also play the camera back. Both are recorded.
 */
export function stillRoutes(parts: StillsParts): Pick<OtherHandlers, 'stillFile' | 'lastStill'> {
  const { directory, desk, watching, viewings, shown, asks, lasts, now } = parts;
  return {
    async stillFile(context, principal) {
      const request = context.req.raw;
      const reservationId = readId(context.req.param('reservationId'));
      const { after } = parsed(StillQuery, context.req.query());
      const pass = await watching.enter(reservationId, principal, () =>
        reservedStream(parts, reservationId, principal),
      );
      const waiting = AbortSignal.timeout(waitMs);
      try {
        asks.take(reservationId, now());
        const camera = (await directory.snapshot()).cameras.get(pass.key.cameraId);
        if (camera === undefined) throw new Refusal('reservation-ended');
        const signal = AbortSignal.any([request.signal, pass.signal, waiting]);
        const still = await desk.next(camera, widthOf[pass.key.stream], after, signal);
        if (still === undefined)
          throw new Refusal('not-supported', { detail: 'The recorder of this camera makes no stills.' });
        pass.signal.throwIfAborted();
        return answer(still);
      } catch (error) {
        if (pass.signal.aborted) throw pass.signal.reason;
        request.signal.throwIfAborted();
        if (waiting.aborted && error === waiting.reason) {
          if (after === undefined) throw new Refusal('camera-offline', { retryAfterS: 2, cause: error });
          return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } });
        }
        throw refusalOf(error);
      } finally {
        pass.leave();
      }
    },

    async lastStill(context, principal) {
      const camera = (await directory.snapshot()).cameras.get(context.req.param('cameraId') ?? '');
      if (camera === undefined || rightsOf(principal.user, camera).length === 0)
        throw new Refusal('not-found');
      if (!isAllowed(principal.user, camera, 'live')) throw new Refusal('not-permitted');
      const { width } = parsed(LastQuery, context.req.query());
      lasts.take(principal.sessionId, now());
      const still = await desk.last(
        camera,
        {
          width: widths.find((one) => one >= width) ?? 1920,
          mostAgeMs: isAllowed(principal.user, camera, 'playback') ? Infinity : liveAgeMs,
          patienceMs: lastPatienceMs,
        },
        context.req.raw.signal,
      );
      if (still === undefined)
        throw new Refusal('not-found', { detail: 'No picture of this camera is known.' });
      await (still.ageMs > liveAgeMs ? viewings : shown).note(principal, camera.id, still.timeMs);
      return answer(still);
    },
  };
}

function refusalOf(error: unknown): unknown {
  if (error instanceof VmsError) return vmsRefusal(error);
  if (error instanceof NoPicture) return new Refusal('camera-offline', { retryAfterS: 5, cause: error });
  // Our own time limit on the recorder.
  if (error instanceof DOMException) return new Refusal('vms-unavailable', { retryAfterS: 5, cause: error });
  return error;
}
