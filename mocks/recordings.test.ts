import { getResponse } from 'msw';
import { beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { frameHeaders } from '#contract/recording.ts';
import { recordingRoutes } from '#contract/recording-routes.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { handlersFor } from './handlers.ts';
import { PretendBff } from './pretend-bff.ts';
import { recordingHandlers } from './recordings.ts';
import { siteCameras } from './site/cameras.ts';
import { recordedSpans } from './site/recordings.ts';

const now = Date.UTC(2026, 10, 20, 12);
const camera = siteCameras[1]!;
const pictures = await openPictures();
const iso = (time: number) => new Date(time).toISOString();

let bff: PretendBff;
let ask: (path: string) => Promise<Response>;
beforeEach(() => {
  bff = new PretendBff({ now: () => now });
  const handlers = recordingHandlers({
    bff,
    now: () => now,
    picturesOf: async () => pictures,
    problemFrom: (cause) => Response.json({ cause: String(cause) }, { status: 400 }),
  });
  ask = async (path) => {
    const response = await getResponse(handlers, new Request(`http://parapet.test${path}`));
    if (!response) throw new Error(`Nobody answers ${path}`);
    return response;
  };
});

it('tells what the site has recorded, at full detail and coarsely', async () => {
  bff.signIn('operator', 'x');
  const window = { start: now - 6 * 3_600_000, end: now };
  const read = async (resolutionMs: number) => {
    const query = `cameras=${camera.id}&from=${iso(window.start)}&to=${iso(window.end)}&resolutionMs=${resolutionMs}`;
    const answer = z.decode(
      recordingRoutes.readSpans.answer,
      (await (await ask(`/api/recordings/spans?${query}`)).json()) as never,
    );
    return answer.cameras[0]!.recorded;
  };
  expect(await read(1)).toEqual(
    recordedSpans(camera, window, now).flatMap(({ start, end }) => [
      start - window.start,
      end - window.start,
    ]),
  );
  expect((await read(600_000)).length).toBeLessThan((await read(1)).length);
});

it('gives the group of pictures of a moment, and the one before a gap', async () => {
  bff.signIn('operator', 'x');
  const [first, second] = recordedSpans(camera, { start: now - 3_600_000, end: now }, now);
  const inside = await ask(`/api/recordings/${camera.id}/frames?at=${iso(first!.end - 5_000)}`);
  expect(inside.headers.get('content-type')).toBe('video/mp4');
  expect(Date.parse(inside.headers.get(frameHeaders.start) ?? '')).toBeLessThanOrEqual(first!.end - 5_000);
  const gap = await ask(`/api/recordings/${camera.id}/frames?at=${iso(first!.end + 1_000)}&only=keyframe`);
  expect(Date.parse(gap.headers.get(frameHeaders.start) ?? '')).toBeLessThan(first!.end);
  expect(
    Date.parse(
      (await ask(`/api/recordings/${camera.id}/frames?at=${iso(first!.end - 1)}`)).headers.get(
        frameHeaders.end,
      ) ?? '',
    ),
  ).toBe(second!.start);
});

it('refuses those who may not play back', async () => {
  expect((await ask(`/api/recordings/abilities`)).status).toBe(400);
  bff.signIn('kiosk', 'x');
  const response = await ask(`/api/recordings/${siteCameras[60]!.id}/frames?at=${iso(now - 60_000)}`);
  expect(await response.json()).toEqual({ cause: 'Refused: not-permitted' });
});

it('is part of all that the app is answered without a server', () => {
  const paths = handlersFor(bff).map(({ info }) => info.header);
  expect(paths.filter((header) => header.includes('/api/recordings/'))).toHaveLength(3);
});
