import { describe, expect, it, onTestFinished } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import { startXProtect, type DemoXProtect, type DemoXProtectOptions } from '#mocks/xprotect/xprotect.ts';
import type { Vms, VmsStills } from '#server/vms/vms.ts';
import { readJpegData } from './live-stills.ts';
import { plainStills } from './testing/recorded-site.ts';
import { createXProtectVms } from './xprotect-vms.ts';

const never = new AbortController().signal;
const camera = siteCameras[0]!;
const motionOnly = siteCameras[3]!;

async function start(
  options: Partial<DemoXProtectOptions> = {},
): Promise<{ xprotect: DemoXProtect; vms: Vms; stills: VmsStills }> {
  const xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
    stills: plainStills,
    cameras: siteCameras.slice(0, 60),
    ...options,
  });
  onTestFinished(() => xprotect.close());
  const vms = createXProtectVms({ id: 'x', url: xprotect.url, username: 'u', password: 'p' });
  onTestFinished(() => vms.close());
  if (vms.stills === undefined) throw new Error('The adapter has no stills');
  return { xprotect, vms, stills: vms.stills };
}

const textOf = (jpeg: Uint8Array | undefined): string => Buffer.from(jpeg ?? []).toString('latin1');

describe('a live still', () => {
  it('is the newest picture in the wished width, with the recorder’s time of it', async () => {
    const { stills } = await start();
    const asked = Date.now();
    const still = await stills.live(camera.id.toUpperCase(), 320.9, never);
    expect(still?.timeMs).toBeGreaterThan(asked - 41);
    expect(textOf(still?.jpeg)).toBe(`\xff\xd81 ${still?.timeMs} 320`);
  });

  it('is not there of a camera that is lost, and is there again when it is back', async () => {
    const { stills, xprotect } = await start();
    xprotect.faults.setCamera(camera.number, 'offline');
    expect(await stills.live(camera.id, 320, never)).toBeUndefined();
    xprotect.faults.setCamera(camera.number, 'online');
    expect(await stills.live(camera.id, 320, never)).toBeDefined();
  });

  it('comes with a fresh token when the old one has died', async () => {
    const { stills, xprotect } = await start();
    await stills.live(camera.id, 320, never);
    xprotect.faults.expireTokens();
    expect(await stills.live(camera.id, 320, never)).toBeDefined();
  });

  it('fails in words when the recorder is off or nobody knows the camera, and ends with its signal', async () => {
    const { stills, xprotect } = await start();
    await expect(stills.live('camera-1', 320, never)).rejects.toMatchObject({ code: 'unknown-camera' });
    xprotect.faults.setSurface('recorder-command', { failWith: 503 });
    await expect(stills.live(camera.id, 320, never)).rejects.toMatchObject({ code: 'unavailable' });
    xprotect.faults.setSurface('recorder-command', { latencyMs: 60_000 });
    const leaving = new AbortController();
    const asking = stills.live(camera.id, 320, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(asking).rejects.toThrow('left');
  });

  it('ends with the adapter', async () => {
    const { stills, vms } = await start();
    await vms.close();
    await expect(stills.live(camera.id, 320, never)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('whether there are live stills', () => {
  it('is found out by trying, once for all who ask', async () => {
    const { stills, xprotect } = await start();
    const answers = await Promise.all(Array.from({ length: 5 }, () => stills.isOffered(never)));
    expect(answers).toEqual([true, true, true, true, true]);
    expect(await stills.isOffered(never)).toBe(true);
    expect(xprotect.calls.get('JPEGGetLive')).toBe(1);
  });

  it('is no where recorders do not transcode, and unknown while none of them answers', async () => {
    const { stills } = await start({ features: { stills: false } });
    expect(await stills.isOffered(never)).toBe(false);
    const other = await start();
    other.xprotect.faults.setSurface('recorder-command', { failWith: 503 });
    await expect(other.stills.isOffered(never)).rejects.toMatchObject({ code: 'unavailable' });
    other.xprotect.faults.setSurface('recorder-command', {});
    expect(await other.stills.isOffered(never)).toBe(true);
  });
});

it('gives the newest recorded picture of a camera, however long ago it was taken', async () => {
  const { vms } = await start();
  for (const { id, number } of [camera, motionOnly]) {
    const still = await vms.recordings?.newestStill?.(id, 240, never);
    expect(still?.timeMs).toBeLessThanOrEqual(Date.now());
    expect(textOf(still?.jpeg)).toBe(`\xff\xd8${number} ${still?.timeMs} 240`);
  }
});

describe('an answer of JPEGGetLive', () => {
  const time = '2026-11-20T12:04:31.2400000Z';
  const jpeg = Buffer.from([0xff, 0xd8, 1, 2, 3]);
  const data = jpeg.toString('base64');

  it('is read whatever its prefix', () => {
    const timeMs = Date.parse('2026-11-20T12:04:31.240Z');
    for (const p of ['', 'a:'])
      expect(readJpegData(`<${p}Time>${time}</${p}Time><${p}Data>${data}</${p}Data>`)).toEqual({
        timeMs,
        jpeg,
      });
  });

  it.each(['<JPEGGetLiveResponse/>', '<Data></Data><Time>never</Time>', ''])(
    'without a picture is none: %s',
    (xml) => {
      expect(readJpegData(xml)).toBeUndefined();
    },
  );

  it.each([
    `<Time>soon</Time><Data>${data}</Data>`,
    `<Time>${time}</Time><Data>${Buffer.from('GIF89a').toString('base64')}</Data>`,
  ])('with something else is refused: %s', (xml) => {
    expect(() => readJpegData(xml)).toThrow('no JPEG');
  });
});
