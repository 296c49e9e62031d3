import { afterEach, expect, it, vi } from 'vitest';
import type { DemoRta } from '#mocks/rta/rta.ts';
import { cameras, settingsFor, startSite, vmsFor } from '#server/vms/rta/testing/rta-site.ts';
import type { Vms } from '#server/vms/vms.ts';
import { inProcessFeed } from './in-process-feed.ts';
import { probeRtaLive, probeRtaPast, probeRtaPorts } from './rta-probes.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const never = new AbortController().signal;
let rta: DemoRta;
let vms: Vms;
afterEach(async () => {
  await vms.close();
  await rta.close();
});

async function start(more: object = {}): Promise<void> {
  rta = await startSite();
  vms = vmsFor(rta, more, { id: 'hq', feed: inProcessFeed() });
}

it('finds everything in order', async () => {
  await start();
  expect(
    await probeRtaPorts('hq', settingsFor(rta, { recording_server: '127.0.0.1:1' }), never),
  ).toMatchObject([
    { subject: 'VMS hq, Management server', isFine: true },
    { subject: 'VMS hq, RTSP', isFine: true },
    { subject: 'VMS hq, Recording server', isFine: true, words: expect.stringContaining('port 1 is closed') },
  ]);
  expect(await probeRtaLive(vms, never)).toMatchObject({
    isFine: true,
    words: expect.stringMatching(/^camera cam-001-.* sends H264$/),
  });
  expect(await probeRtaPast(vms, never)).toMatchObject([
    { isFine: true, words: expect.stringMatching(/^the oldest is 90\.\d days old$/) },
    { subject: 'VMS hq, playback', isFine: true },
  ]);
  await expect.poll(() => rta.streamCount).toBe(0);
});

it('names the port that is closed', async () => {
  await start();
  const settings = settingsFor(rta, {
    method: 'mobile_server',
    api_port: 1,
    rtsp_base_url: 'rtsp://127.0.0.1:1',
  });
  expect(await probeRtaPorts('hq', settings, never)).toMatchObject([
    { subject: 'VMS hq, Mobile Server', isFine: false, words: 'port 1 takes no connection' },
    { subject: 'VMS hq, RTSP', isFine: false },
    { subject: 'VMS hq, Recording server' },
  ]);
});

it('tells a camera that is busy, and live that is not allowed, from playback that is not', async () => {
  await start();
  rta.faults.setCamera(cameras[0]!.number, { rtsp: 403 });
  expect(await probeRtaLive(vms, never)).toMatchObject({
    isFine: false,
    words: expect.stringContaining('allow'),
  });
  for (const { number } of cameras) rta.faults.setCamera(number, { playback: 403 });
  expect(await probeRtaLive(vms, never)).toMatchObject({ isFine: true });
  expect(await probeRtaPast(vms, never)).toMatchObject([
    { isFine: true },
    { subject: 'VMS hq, playback', isFine: false, fix: expect.stringContaining('kind xprotect') },
  ]);
});

it('passes on what is wrong with the timeline', async () => {
  await start();
  rta.faults.setSurface('recordings', { failWith: 500 });
  expect(await probeRtaPast(vms, never)).toMatchObject([
    { isFine: false, words: expect.stringContaining('recording timeline') },
  ]);
});
