import { http, HttpResponse, type HttpHandler } from 'msw';
import { z } from 'zod';
import { frameHeaders, type SpansAnswer } from '#contract/recording.ts';
import { recordingMediaRoutes, recordingRoutes } from '#contract/recording-routes.ts';
import { type PreviewsQuery, previewsType } from '#contract/recording-previews.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import { type SceneName, sceneNames } from '#mocks/camera/scenes/scenes.ts';
import { Refused, type PretendBff } from './pretend-bff.ts';
import { previewPart } from './preview-part.ts';
import { keyframeTimes, recordedMoment, recordedPart } from './recorded-previews.ts';
import { type SiteCamera, siteCameras } from './site/cameras.ts';
import { frameFile } from './site/frame-file.ts';
import { pagePictures } from './site/page-pictures.ts';
import { recordedSpans, sequencesAround } from './site/recordings.ts';
import { spansAnswer } from './site/spans-answer.ts';

interface Parts {
  readonly bff: PretendBff;
  readonly now?: () => number;
  /** The coded pictures of a scene; by default fetched into the page when they are first wanted. */
  readonly picturesOf?: (scene: SceneName) => Promise<Pictures>;
  readonly problemFrom: (cause: unknown) => Response;
}

/** Handlers for the past: what is recorded, and coded frames. Nothing can be kept of it here: there is no VMS. */
export function recordingHandlers({ bff, now = Date.now, picturesOf, problemFrom }: Parts): HttpHandler[] {
  const fetched = new Map<SceneName, Promise<Pictures>>();
  const fetchOnce = (scene: SceneName): Promise<Pictures> => {
    let pictures = fetched.get(scene);
    if (!pictures) {
      pictures = pagePictures([scene]);
      fetched.set(scene, pictures);
      // What could not be fetched is worth another try.
      pictures.catch(() => fetched.delete(scene));
    }
    return pictures;
  };
  const open = picturesOf ?? fetchOnce;

  /** Throws unless this person may play the camera back. */
  function playable(cameraId: string) {
    if (!bff.camera(cameraId).rights.includes('playback')) throw new Refused('not-permitted');
    const camera = siteCameras.find(({ id }) => id === cameraId);
    if (!camera) throw new Refused('not-found');
    return camera;
  }
  const queryOf = (request: Request) => Object.fromEntries(new URL(request.url).searchParams);

  /** The pictures of a camera. */
  function picturesOfCamera({ scene }: SiteCamera): Promise<Pictures> {
    const known = sceneNames.find((name) => name === scene);
    if (!known) throw new Refused('not-found');
    return open(known);
  }

  /** A part for each slot. Cameras that this person may not see are such parts too, unless all are. */
  async function previewsOf({ cameras, from, slots, stream }: PreviewsQuery) {
    const seen = cameras.map((id) => {
      try {
        return playable(id);
      } catch (cause) {
        if (cause instanceof Refused) return cause;
        throw cause;
      }
    });
    if (seen.every((one) => one instanceof Refused)) throw seen[0] ?? new Refused('not-found');
    const sent = new Set<string>();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (const [slot, { camera: index, ms }] of slots.entries()) {
      const camera = seen[index];
      if (camera === undefined || camera instanceof Refused)
        parts.push(previewPart({ slot, problem: camera?.code ?? 'not-found' }));
      else
        parts.push(
          recordedPart(await picturesOfCamera(camera), camera, stream, { slot, at: from + ms }, now(), sent),
        );
    }
    return parts;
  }

  const { readSpans, readRecordingAbilities, listKeyframes } = recordingRoutes;
  const { recordedFrames, recordedPreviews } = recordingMediaRoutes;
  return [
    http.get(`*${readSpans.path}`, ({ request }) => {
      try {
        bff.admit(readSpans.needs);
        const query = z.decode(readSpans.query, queryOf(request) as never);
        query.cameras.forEach(playable);
        const answer: SpansAnswer = spansAnswer(query, now());
        return HttpResponse.json(z.encode(readSpans.answer, answer));
      } catch (cause) {
        return problemFrom(cause);
      }
    }),
    http.get(`*${readRecordingAbilities.path}`, () => {
      try {
        bff.admit(readRecordingAbilities.needs);
        const cameraIds = bff
          .directory()
          .cameras.filter(({ rights }) => rights.includes('playback'))
          .map(({ id }) => id);
        const none = { stills: false, bookmarks: 'none', evidenceLocks: 'none' } as const;
        return HttpResponse.json({
          vms: [{ vmsId: 'pretend', cameraIds, nativeFrames: true, motion: true, ...none }],
        });
      } catch (cause) {
        return problemFrom(cause);
      }
    }),
    http.get(`*${recordingRoutes.listExports.path}`, () => {
      try {
        bff.admit(recordingRoutes.listExports.needs);
        return HttpResponse.json([]);
      } catch (cause) {
        return problemFrom(cause);
      }
    }),
    http.get(`*${listKeyframes.path}`, async ({ request, params }) => {
      try {
        bff.admit(listKeyframes.needs);
        const camera = playable(z.decode(listKeyframes.params, params as never).cameraId);
        const { from, to, stream } = z.decode(listKeyframes.query, queryOf(request) as never);
        const pictures = await picturesOfCamera(camera);
        const times = keyframeTimes(pictures, camera, stream, { start: from, end: to }, now());
        const answer = { from, to, keyframes: times.map((time) => time - from) };
        return HttpResponse.json(z.encode(listKeyframes.answer, answer));
      } catch (cause) {
        return problemFrom(cause);
      }
    }),
    http.get(`*${recordedPreviews.path}`, async ({ request }) => {
      try {
        bff.admit(recordedPreviews.needs);
        const query = z.decode(recordedPreviews.query, queryOf(request) as never);
        if (query.form === 'still') throw new Refused('not-supported');
        return new HttpResponse(new Blob(await previewsOf(query)), {
          headers: { 'content-type': previewsType },
        });
      } catch (cause) {
        return problemFrom(cause);
      }
    }),
    http.get(`*${recordedFrames.path}`, async ({ request, params }) => {
      try {
        bff.admit(recordedFrames.needs);
        const camera = playable(z.decode(recordedFrames.params, params as never).cameraId);
        const { at, stream, only } = z.decode(recordedFrames.query, queryOf(request) as never);
        const moment = recordedMoment(camera, at, now());
        if (moment === undefined) throw new Refused('no-recording');
        const pictures = await picturesOfCamera(camera);
        const { bytes, start, end, codec } = frameFile(pictures, camera, stream, moment, only);
        // The frame after the last one: the next in time, or the first behind the gap.
        const next =
          recordedSpans(camera, { start: end, end: end + 1 }, now()).length > 0
            ? end
            : sequencesAround(camera, end, now()).next?.start;
        return new HttpResponse(bytes, {
          headers: {
            'content-type': 'video/mp4',
            [frameHeaders.start]: new Date(start).toISOString(),
            [frameHeaders.codec]: codec,
            ...(next === undefined ? {} : { [frameHeaders.end]: new Date(next).toISOString() }),
          },
        });
      } catch (cause) {
        return problemFrom(cause);
      }
    }),
  ];
}
