import { getResponse } from 'msw';
import { beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { frameHeaders } from '#contract/recording.ts';
import { PreviewHead, previewsType } from '#contract/recording-previews.ts';
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

it('tells keyframes two seconds apart where something is recorded, and gives each at a moment once', async () => {
  bff.signIn('operator', 'x');
  const [first] = recordedSpans(camera, { start: now - 3_600_000, end: now }, now);
  const from = first!.end - 7000;
  const answer = z.decode(
    recordingRoutes.listKeyframes.answer,
    (await (
      await ask(`/api/recordings/${camera.id}/keyframes?from=${iso(from)}&to=${iso(from + 11_000)}`)
    ).json()) as never,
  );
  const times = answer.keyframes.map((offset) => answer.from + offset);
  expect(times.length).toBeGreaterThanOrEqual(3);
  expect(times.every((time) => time >= from && time < first!.end)).toBe(true);
  expect(times.slice(1).every((time, i) => time - times[i]! === 2000)).toBe(true);

  const previews = (ids: readonly string[], slots: string, more = '') =>
    ask(`/api/recordings/previews?cameras=${ids.join(',')}&from=${iso(from)}&slots=${slots}${more}`);
  const slots = [5000, 5001, 0, 9000].map((ms) => `0.${ms}`).join(',');
  const response = await previews([camera.id], slots);
  expect(response.headers.get('content-type')).toBe(previewsType);
  const parts = readParts(new Uint8Array(await response.arrayBuffer()));
  const starts = parts.map(({ head }) => head.start ?? NaN);
  expect(parts.map(({ head }) => head.slot)).toEqual([0, 1, 2, 3]);
  expect(starts[0]! <= from + 5000 && starts[0]! > from + 2900).toBe(true);
  // The same picture is not sent twice; behind the gap's beginning it is the last one before.
  expect(starts[1]).toBe(starts[0]);
  expect(parts.map(({ bytes }) => bytes > 0)).toEqual([true, false, true, starts[3] !== starts[0]]);
  expect(starts[3]).toBeLessThan(first!.end);
  // One camera that is not there keeps no other's pictures back.
  const mixed = await previews(['nobody', camera.id], '0.0,1.0');
  const heads = readParts(new Uint8Array(await mixed.arrayBuffer())).map(({ head }) => head);
  expect(heads).toEqual([
    { slot: 0, problem: 'not-found' },
    expect.objectContaining({ slot: 1, start: starts[2] }),
  ]);
  const stills = await previews([camera.id], '0.0', '&form=still');
  expect(await stills.json()).toEqual({ cause: 'Refused: not-supported' });
});

/** Heads of an answer of previews, and how long its pictures are. */
function readParts(answer: Uint8Array) {
  const view = new DataView(answer.buffer);
  const parts = [];
  for (let at = 0; at < answer.length;) {
    const end = at + 4 + view.getUint32(at);
    const head = z.decode(
      PreviewHead,
      JSON.parse(new TextDecoder().decode(answer.subarray(at + 4, end))) as never,
    );
    const bytes = view.getUint32(end);
    parts.push({ head, bytes });
    at = end + 4 + bytes;
  }
  return parts;
}

it('refuses those who may not play back', async () => {
  expect((await ask(`/api/recordings/abilities`)).status).toBe(400);
  bff.signIn('kiosk', 'x');
  const response = await ask(`/api/recordings/${siteCameras[60]!.id}/frames?at=${iso(now - 60_000)}`);
  expect(await response.json()).toEqual({ cause: 'Refused: not-permitted' });
});

it('is part of all that the app is answered without a server', () => {
  const paths = handlersFor(bff).map(({ info }) => info.header);
  expect(paths.filter((header) => header.includes('/api/recordings/'))).toHaveLength(5);
});
