import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DemoRta, DemoRtaOptions } from '#mocks/rta/rta.ts';
import { iso, rtaId } from '#mocks/rta/site.ts';
import type { VmsFilm } from '#server/vms/recordings.ts';
import type { Vms } from '#server/vms/vms.ts';
import { cameras, startSite, vmsFor } from './testing/rta-site.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
const never = new AbortController().signal;
const first = rtaId(cameras[0]!);
const end = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
const window = { start: end - 300_000, end };
let rta: DemoRta;
let vms: Vms;
afterEach(async () => {
  await vms.close();
  await rta.close();
});

async function start(options: Partial<DemoRtaOptions> = {}, more: object = {}): Promise<void> {
  rta = await startSite(options);
  vms = vmsFor(rta, more, { exportPace: { atOnce: 2, pollMs: [5, 20] } });
}
/** What the server is asked for, and its exports done as soon as they are asked about. */
const film = (signal = never, cameraId = first): Promise<VmsFilm> =>
  vms.recordings!.exportFilm!(cameraId, window, signal);
const begun = (): number => rta.calls.get('api export') ?? 0;
async function made(signal = never): Promise<VmsFilm> {
  const before = begun();
  const asked = film(signal);
  await expect.poll(begun).toBeGreaterThan(before);
  rta.finishExports();
  return await asked;
}
async function read({ body }: VmsFilm): Promise<Buffer> {
  const pieces = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

it('has the server make a film, waits for it, and gives it as it comes', async () => {
  await start();
  const asked = film();
  await expect.poll(() => rta.calls.get('api export-state') ?? 0).toBeGreaterThan(2);
  expect(rta.calls.get('api export-file')).toBeUndefined();
  rta.finishExports();
  const found = await asked;
  expect(found).toMatchObject({ mediaType: 'video/mp4', bytes: 300_000 });
  const bytes = await read(found);
  expect(bytes).toHaveLength(300_000);
  expect(bytes.toString('latin1')).toMatch(new RegExp(`^${first} ${iso(window.start)} ${iso(window.end)} `));
  expect(begun()).toBe(1);
});

it('goes on with a fresh token when the one it began with has died', async () => {
  await start({ apiAuth: 'token' });
  const asked = film();
  await expect.poll(begun).toBe(1);
  rta.door.expireTokens();
  await expect.poll(() => rta.door.granted).toBe(2);
  rta.finishExports();
  expect(await read(await asked)).toHaveLength(300_000);
});

it('has so many made at a time; a place is free when a film was read, was left, or was given up', async () => {
  await start();
  const leaving = new AbortController();
  const [one, two] = [await made(), await made(leaving.signal)];
  const waiting = new AbortController();
  const given = film(waiting.signal);
  const third = film();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(begun()).toBe(2);
  waiting.abort(new Error('not any more'));
  await expect(given).rejects.toThrow('not any more');
  for await (const piece of one.body) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  await expect.poll(begun).toBe(3);
  const fourth = film();
  // Nobody has looked at the second one yet.
  leaving.abort(new Error('left'));
  await expect.poll(begun).toBe(4);
  await expect(read(two)).rejects.toThrow();
  rta.finishExports();
  expect(await Promise.all([read(await third), read(await fourth)])).toHaveLength(2);
});

it('asks no more about an export that nobody waits for', async () => {
  await start();
  const leaving = new AbortController();
  const asked = film(leaving.signal);
  await expect.poll(() => rta.calls.get('api export-state') ?? 0).toBeGreaterThan(1);
  leaving.abort(new Error('left'));
  await expect(asked).rejects.toThrow('left');
  await new Promise((resolve) => setTimeout(resolve, 30));
  const calls = rta.calls.get('api export-state');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(rta.calls.get('api export-state')).toBe(calls);
});

describe('what goes wrong', () => {
  it('is said in words', async () => {
    await start();
    await expect(film(never, 'cam-999')).rejects.toMatchObject({ code: 'unknown-camera' });
    rta.faults.setSurface('export', { failWith: 429 });
    await expect(film()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/asked too often/) as string,
    });
    rta.faults.setSurface('export', { failWith: 403 });
    await expect(film()).rejects.toMatchObject({ code: 'refused' });
    rta.faults.setSurface('export', {});
    rta.faults.failsExports = true;
    await expect(film()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/could not make/) as string,
    });
    rta.faults.failsExports = false;
    rta.faults.setSurface('export', { cutAfterBytes: 65_536 });
    const broken = await made();
    await expect(read(broken)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/broke off/) as string,
    });
    // None of it holds a place.
    rta.faults.reset();
    expect(await read(await made())).toHaveLength(300_000);
  });

  it('is an address on another server: credentials do not go there', async () => {
    await start();
    rta.faults.exportsAt = 'http://198.51.100.7/file';
    await expect(made()).rejects.toMatchObject({
      code: 'unexpected-answer',
      message: expect.stringMatching(/on another server/) as string,
    });
  });
});

it.each(['mobile_server', 'rtsp_direct'])('is not offered by %s', async (method) => {
  await start({}, { method, ...(method === 'rtsp_direct' ? { cameras: [] } : {}) });
  expect(vms.recordings).toHaveProperty('exportFilm', undefined);
});
