import { expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { recordedSpans } from '#mocks/site/recordings.ts';
import { recordedSite } from '../testing/recorded-site.ts';

const hour = 3_600_000;
const never = new AbortController().signal;
const [camera, neighbour, third] = [siteCameras[0]!, siteCameras[2]!, siteCameras[3]!];
const end = Math.floor(Date.now() / hour) * hour - hour;
const within = { start: end - 2 * hour, end };
const longAgo = end - 30 * hour;

/** A site whose first recorder hangs; its cameras' address is known to the adapter. */
async function hungSite(connectMs = 200) {
  const site = await recordedSite({ adapter: { recordings: { connectMs } } });
  await site.vms.readDirectory(never);
  const address = site.recordings.recorderOf?.(camera.id);
  site.xprotect.faults.setRecorder(1, 'hung');
  return { ...site, address };
}

it('follows cameras whose recorder has lost its power, in the very call that finds out', async () => {
  const { recordings, xprotect, address } = await hungSite();
  const lost = { code: 'unavailable' };
  await expect(recordings.cursor(camera.id, 'main', never)).rejects.toMatchObject(lost);
  xprotect.faults.setRecorder(1, 'failed-over');
  await expect.poll(() => recordings.cursor(camera.id, 'main', never).catch(() => undefined)).toBeDefined();
  // Of this one nobody has asked in the meantime.
  expect(recordings.recorderOf?.(neighbour.id)).toBe(address);
  expect(await recordings.still(neighbour.id, longAgo, 160, never)).toBeDefined();
  expect(recordings.recorderOf?.(neighbour.id)).not.toBe(address);
});

it('looks cameras up again after callers had enough of waiting for their recorder', async () => {
  const { recordings, vms, xprotect, address } = await hungSite(60_000);
  const patience = (): AbortSignal => AbortSignal.timeout(1100);
  const late = { name: 'TimeoutError' };
  await Promise.all([
    expect(recordings.spans(camera.id, within, patience())).rejects.toMatchObject(late),
    expect(recordings.cursor(neighbour.id, 'main', patience())).rejects.toMatchObject(late),
    expect(vms.stills?.live(third.id, 160, patience())).rejects.toMatchObject(late),
  ]);
  xprotect.faults.setRecorder(1, 'failed-over');
  await expect
    .poll(() => recordings.spans(camera.id, within, never).catch(() => undefined))
    .toMatchObject({
      recorded: recordedSpans(camera, within, Date.now()),
    });
  await recordings.cursor(neighbour.id, 'main', never);
  expect(await vms.stills?.live(third.id, 160, never)).toBeDefined();
  for (const { id } of [camera, neighbour, third]) expect(recordings.recorderOf?.(id)).not.toBe(address);
});

it('keeps to the address it knows while the gateway tells none', async () => {
  const { recordings, vms, xprotect } = await recordedSite();
  await vms.readDirectory(never);
  await vms.liveSource(camera.id, 'main', never);
  xprotect.faults.setSurface('rest', { failWith: 503 });
  xprotect.faults.setRecorder(1, 'offline');
  const cursor = () => recordings.cursor(camera.id, 'main', never);
  await expect(cursor()).rejects.toMatchObject({ code: 'unavailable' });
  xprotect.faults.setRecorder(1, 'online');
  await expect.poll(() => cursor().catch(() => undefined)).toBeDefined();
});
