import type { z } from 'zod';
import { frameHeaders, recordedStillHeaders } from '#contract/recording.ts';
import { PreviewsQuery } from '#contract/recording-previews.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { parsed } from '#server/http/body.ts';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { AppContext, OtherHandlers } from '#server/http/routing.ts';
import type { Db } from '#server/store/store.ts';
import { ask } from './ask.ts';
import type { Frames, FrameWish } from './frames.ts';
import { fileOf, type Gop } from './gop.ts';
import type { Past } from './past.ts';
import { type PreviewedCamera, previewsAnswer } from './previews.ts';
import { createRecordedStills } from './recorded-stills.ts';
import { planStretches, playlistOf } from './playlist.ts';
import { rightGuard } from './right-guard.ts';
import type { Viewings } from './viewings.ts';

/** A playlist ends so long before now: what comes later is for live. */
const liveEdgeMs = 2000;

type MediaName = 'recordedFrames' | 'recordedStill' | 'recordedPlaylist' | 'recordedSegment';
type Asked<Name extends MediaName> = z.output<(typeof recordingMediaRoutes)[Name]['params']> &
  z.output<(typeof recordingMediaRoutes)[Name]['query']>;

function asked<Name extends MediaName>(name: Name, context: AppContext): Asked<Name> {
  const { params, query } = recordingMediaRoutes[name];
  return { ...parsed(params, context.req.param()), ...parsed(query, context.req.query()) } as Asked<Name>;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const frameAnswer = (gop: Gop, body: BodyInit | null): Response =>
  new Response(body, {
    headers: {
      'content-type': 'video/mp4',
      'cache-control': 'no-store',
      [frameHeaders.start]: iso(gop.start),
      [frameHeaders.codec]: gop.codec,
      ...(gop.end === undefined ? {} : { [frameHeaders.end]: iso(gop.end) }),
    },
  });

const body = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;

/** Recorded pictures. */
export function recordingMediaHandlers(parts: {
  readonly db: Db;
  readonly past: Past;
  readonly frames: Frames;
  readonly viewings: Viewings;
  readonly now: () => number;
}): Pick<OtherHandlers, MediaName | 'recordedPreviews'> {
  const { past, frames, viewings, now } = parts;
  const stills = createRecordedStills({ frames, now });

  /** The camera, if this person may play it back, as a wish for its frames. */
  async function wishFor(
    context: AppContext,
    principal: Principal,
    { cameraId, stream, at }: { cameraId: string; stream: FrameWish['stream']; at: number },
  ): Promise<FrameWish> {
    const { camera, recordings } = await past.camera(principal.user, cameraId, 'playback');
    const { signal } = context.req.raw;
    return { vmsId: camera.vmsId, recordings, cameraId, stream, at, viewer: principal.sessionId, signal };
  }

  /**
   * The first GOP that begins at or after the moment and before `end`; where none does, the one that is still shown at the
   * moment: players take a segment without pictures for the end of everything.
   */
  async function firstOf(wish: FrameWish, end: number): Promise<Gop | undefined> {
    const gop = await frames.gop(wish);
    if (gop === undefined || gop.start >= wish.at) return gop;
    const next =
      gop.end === undefined || gop.end >= end ? undefined : await frames.gop({ ...wish, at: gop.end });
    if (next !== undefined && next.start < end) return next;
    return gop.shownUntil > wish.at ? gop : undefined;
  }

  return {
    async recordedFrames(context, principal) {
      const query = asked('recordedFrames', context);
      const wish = await wishFor(context, principal, query);
      const guard = rightGuard(parts, principal, [query.cameraId], 'playback');
      const gop = await (query.only === 'gop' ? frames.gop(wish) : frames.keyframe(wish));
      if (gop === undefined) throw new Refusal('no-recording');
      await guard();
      await viewings.note(principal, query.cameraId, gop.start);
      return frameAnswer(gop, body(fileOf(gop)));
    },

    async recordedStill(context, principal) {
      const { cameraId, at, width } = asked('recordedStill', context);
      const wish = await wishFor(context, principal, { cameraId, at, stream: 'main' });
      const guard = rightGuard(parts, principal, [cameraId], 'playback');
      const still = await stills.read(wish, width);
      if (still === undefined) throw new Refusal('no-recording');
      await guard();
      await viewings.note(principal, cameraId, still.timeMs);
      return new Response(body(still.jpeg), {
        headers: {
          'content-type': 'image/jpeg',
          'cache-control': 'no-store',
          [recordedStillHeaders.start]: iso(still.timeMs),
          ...(still.until === undefined ? {} : { [recordedStillHeaders.until]: iso(still.until) }),
        },
      });
    },

    async recordedPreviews(context, principal) {
      const query = parsed(PreviewsQuery, context.req.query());
      const { cameras: cameraIds, stream, from } = query;
      const cameras = await Promise.all(
        cameraIds.map(async (cameraId): Promise<PreviewedCamera | Refusal> => {
          try {
            const wish = await wishFor(context, principal, { cameraId, stream, at: from });
            const guard = rightGuard(parts, principal, [cameraId], 'playback');
            return {
              wish,
              async mayLeave(timeMs) {
                await guard();
                await viewings.note(principal, cameraId, timeMs);
              },
            };
          } catch (cause) {
            if (cause instanceof Refusal) return cause;
            throw cause;
          }
        }),
      );
      const [first] = cameras;
      if (first instanceof Refusal && cameras.every((camera) => camera instanceof Refusal)) throw first;
      return previewsAnswer({ frames, stills, now }, cameras, query);
    },

    async recordedPlaylist(context, principal) {
      const { cameraId, stream, from, to } = asked('recordedPlaylist', context);
      const wish = await wishFor(context, principal, { cameraId, stream, at: from });
      const { recordings, signal } = wish;
      const until = Math.min(to, now() - liveEdgeMs);
      if (until <= from) throw new Refusal('no-recording');
      const guard = rightGuard(parts, principal, [cameraId], 'playback');
      const { recorded } = await ask(signal, (ending) =>
        recordings.spans(cameraId, { start: from, end: until }, ending),
      );
      const [first] = recorded;
      if (first === undefined) throw new Refusal('no-recording');
      const gop = await frames.gop({ ...wish, at: first.start });
      if (gop === undefined) throw new Refusal('no-recording');
      await guard();
      await viewings.note(principal, cameraId, first.start);
      const gopMs = gop.shownUntil - gop.start;
      // A keyframe of before a gap has nothing to do with what comes after it.
      const keyframe = gop.shownUntil > first.start ? gop.start : first.start;
      const stretches = planStretches(recorded, keyframe, gopMs);
      return new Response(playlistOf(stretches, stream, gopMs), {
        headers: { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' },
      });
    },

    async recordedSegment(context, principal) {
      const { cameraId, stream, part, start, end } = asked('recordedSegment', context);
      const wish = await wishFor(context, principal, { cameraId, stream, at: start });
      const guard = rightGuard(parts, principal, [cameraId], 'playback');
      const first = await firstOf(wish, end);
      if (first === undefined || first.start >= end) throw new Refusal('no-recording');
      await guard();
      await viewings.note(principal, cameraId, first.start);
      if (part === 'init') return frameAnswer(first, body(first.init));
      let next: Gop | undefined = first;
      const media = new ReadableStream<Uint8Array>(
        {
          // Only what the browser has room for is read from the recorder.
          async pull(controller) {
            try {
              const gop = next;
              if (gop === undefined) {
                controller.close();
                return;
              }
              controller.enqueue(gop.media);
              next =
                gop.end === undefined || gop.end >= end
                  ? undefined
                  : await frames.gop({ ...wish, at: gop.end });
              await guard();
              if (next !== undefined) await viewings.note(principal, cameraId, next.start);
            } catch (cause) {
              controller.error(cause);
            }
          },
        },
        { highWaterMark: 0 },
      );
      return frameAnswer(first, media);
    },
  };
}
