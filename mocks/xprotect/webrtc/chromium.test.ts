import { chromium } from 'playwright';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { chromiumFlags, needChromium } from '../../../.ci/machine.ts';
import { SiteSession, streamOf } from '../testing/site-session.ts';
import { startXProtect } from '../xprotect.ts';

vi.setConfig({ testTimeout: 60_000 });
const camera = siteCameras[0]!;

/** Answers an offer, in the page; gives the answer once its candidates are known. Runs there: leans on nothing here. */
async function answerIn(offer: string): Promise<string> {
  const connection = new RTCPeerConnection();
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  connection.addEventListener('track', ({ track }) => {
    video.srcObject = new MediaStream([track]);
    void video.play();
  });
  await connection.setRemoteDescription(JSON.parse(offer) as RTCSessionDescriptionInit);
  await connection.setLocalDescription(await connection.createAnswer());
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (connection.iceGatheringState === 'complete') resolve();
    };
    connection.addEventListener('icegatheringstatechange', look);
    look();
  });
  return JSON.stringify(connection.localDescription);
}

/** Size and timestamp of the picture that the page shows next. */
const nextPicture = (): Promise<{ width: number; height: number; timestamp: number }> =>
  new Promise((resolve) => {
    document
      .querySelector('video')!
      .requestVideoFrameCallback((_now, { width, height, rtpTimestamp = NaN }) => {
        resolve({ width, height, timestamp: rtpTimestamp });
      });
  });

it('a real browser takes the offer and shows recorded pictures with timestamps in milliseconds', async () => {
  const [browser, pictures] = await Promise.all([
    chromium.launch({ executablePath: needChromium(), args: chromiumFlags }),
    openPictures(),
  ]);
  onTestFinished(() => browser.close());
  const xprotect = await startXProtect({ username: 'u', password: 'p', pictures, cameras: [camera] });
  onTestFinished(() => xprotect.close());
  const site = new SiteSession(xprotect.url);
  await site.logIn('u', 'p');
  const call = async (method: string, path: string, body: object): Promise<Record<string, string>> => {
    const response = await fetch(`${xprotect.url}/api/rest/v1/webRTC/${path}`, {
      method,
      headers: { authorization: `Bearer ${site.accessToken}` },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Record<string, string>;
  };

  const page = await browser.newPage();
  const playbackTimeNode = { playbackTime: new Date(Date.now() - 3_600_000).toISOString(), skipGaps: true };
  const wish = { deviceId: camera.id, streamId: streamOf(1, 'sub'), playbackTimeNode };
  const { sessionId, offerSDP = '' } = await call('POST', 'session', wish);
  const answerSDP = await page.evaluate(answerIn, offerSDP);
  await call('PATCH', `session/${sessionId ?? ''}`, { answerSDP });
  const first = await page.evaluate(nextPicture);
  expect(first).toMatchObject({ width: 640, height: 360 });
  // Two seconds between keyframes: in 90 kHz it would be up to 180,000.
  expect(first.timestamp).toBeLessThan(60_000);
  await expect
    .poll(async () => (await page.evaluate(nextPicture)).timestamp)
    .toBeGreaterThan(first.timestamp);
});
