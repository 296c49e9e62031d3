import { describe, expect, it } from 'vitest';
import { openHevcClips } from '#mocks/camera/hevc/hevc.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { recordedSite } from './testing/recorded-site.ts';

const never = new AbortController().signal;
const camera = siteCameras[0]!;
const longAgo = Date.now() - 30 * 3_600_000;
const hevc = await openHevcClips();
const typeOf = (unit: Uint8Array): number => (unit[0]! >> 1) & 0x3f;

const codecsOf = async ({ vms }: Awaited<ReturnType<typeof recordedSite>>) =>
  (await vms.readStreams(camera.id, never)).map(({ codec }) => codec);

describe.each([false, true])('in video blocks: %s', (videoBlocks) => {
  it('a camera that codes in H.265 is told and played as such', async () => {
    const site = await recordedSite({ hevc, features: { videoBlocks } });
    expect(await codecsOf(site)).toEqual(['H264', 'H264']);
    site.xprotect.makes.change(camera.number, { codec: 'H.265' });
    expect(await codecsOf(site)).toEqual(['H265', 'H265']);
    const cursor = await site.recordings.cursor(camera.id, 'main', never);
    const keyframe = (await cursor.at(longAgo, { keyframe: true }, never))!;
    expect(keyframe).toMatchObject({ codec: 'H265', isKeyframe: true });
    // VPS, SPS, PPS, and an IDR picture; then one that is built on it.
    expect(keyframe.units.map(typeOf)).toEqual([32, 33, 34, 20]);
    const next = (await cursor.next(never))!;
    expect(next).toMatchObject({ codec: 'H265', isKeyframe: false });
    expect(next.units.map(typeOf)).toEqual([1]);
    expect(longAgo - keyframe.timeMs).toBeLessThan(2000);
  });

  it('one that sends JPEGs is told and played as such', async () => {
    const site = await recordedSite({ features: { videoBlocks } });
    site.xprotect.makes.change(camera.number, { codec: 'MJPEG' });
    expect(await codecsOf(site)).toEqual(['MJPEG', 'MJPEG']);
    const cursor = await site.recordings.cursor(camera.id, 'main', never);
    const frame = (await cursor.at(longAgo, { keyframe: true }, never))!;
    expect(frame).toMatchObject({ codec: 'MJPEG', isKeyframe: true });
    expect(Buffer.from(frame.units[0]!).toString('latin1')).toBe(`\xff\xd81 ${frame.timeMs} 1280`);
  });
});

it('a camera with a privacy mask gives no pictures to hide it in, but stills', async () => {
  const { recordings, xprotect } = await recordedSite();
  xprotect.makes.change(camera.number, { isMasked: true });
  await expect(recordings.cursor(camera.id, 'main', never)).rejects.toMatchObject({ code: 'refused' });
  expect(await recordings.still(camera.id, longAgo, 160, never)).toBeDefined();
  xprotect.makes.reset();
  expect(await recordings.cursor(camera.id, 'main', never)).toBeDefined();
});

it('a camera that changes breaks its connections, and is of a new version', async () => {
  const site = await recordedSite({ hevc });
  const version = async () => {
    const { cameras } = await site.vms.readDirectory(never);
    return cameras.find(({ id }) => id === camera.id)?.streams[0]?.codec;
  };
  await expect.poll(version).toBe('H264');
  const cursor = await site.recordings.cursor(camera.id, 'main', never);
  expect((await cursor.at(longAgo, { keyframe: true }, never))?.codec).toBe('H264');
  site.xprotect.makes.change(camera.number, { codec: 'H.265' });
  await expect.poll(() => site.xprotect.connectionCount).toBe(0);
  expect((await cursor.at(longAgo, { keyframe: true }, never))?.codec).toBe('H265');
  await expect.poll(version).toBe('H265');
});

it('the clips go round in groups of two seconds', () => {
  for (const [format, gop] of [
    ['main', 50],
    ['sub', 30],
  ] as const) {
    const clip = hevc[format];
    expect(clip.length).toBe(2 * gop);
    expect(clip.flatMap(({ isKeyframe }, i) => (isKeyframe ? [i] : []))).toEqual([0, gop]);
  }
});
