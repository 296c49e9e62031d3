import { decode } from 'jpeg-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStills } from '#mocks/camera/stills/stills.ts';
import { readStrip } from '#mocks/camera/strip.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { stillsFrom } from './stills.ts';
import { SiteSession } from './testing/site-session.ts';
import { startXProtect, type DemoXProtect } from './xprotect.ts';

const camera = siteCameras[0]!;
let xprotect: DemoXProtect;
let session: SiteSession;
let recorder = '';

beforeAll(async () => {
  const [pictures, stills] = await Promise.all([openPictures(), openStills()]);
  xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures,
    stills: stillsFrom(stills),
    cameras: siteCameras.slice(0, 60),
  });
  session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
  recorder = `http://127.0.0.1:${await session.recorderPort(camera.number)}/RecorderCommandService/RecorderCommandService.asmx`;
});
beforeEach(() => {
  xprotect.faults.reset();
  xprotect.features.reset();
});
afterAll(() => xprotect.close());

async function call(operation: string, content: string): Promise<string> {
  const response = await fetch(recorder, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body:
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><${operation} xmlns="http://videoos.net/2/XProtectCSRecorderCommand">` +
      `<token>${session.vmsToken}</token><deviceId>${camera.id}</deviceId>${content}</${operation}></s:Body></s:Envelope>`,
  });
  return (await response.text()).replaceAll('&#39;', "'");
}

async function still(operation: string, content: string) {
  const xml = await call(operation, content);
  const [, time = '', data = ''] = /<Time>(.*?)<\/Time><Data>(.*?)<\/Data>/.exec(xml) ?? [];
  if (data === '') throw new Error(xml);
  const picture = decode(Buffer.from(data, 'base64'), { useTArray: true });
  return { timeMs: Date.parse(time.slice(0, 23) + 'Z'), picture, strip: readStrip(picture) };
}

const size = (width: number, height: number): string =>
  `<maxWidth>${width}</maxWidth><maxHeight>${height}</maxHeight>`;

describe('a still by SOAP', () => {
  it('shows the recorded moment that its answer names', async () => {
    const at = Date.now() - 3_600_000;
    const { timeMs, picture, strip } = await still(
      'JPEGGetAtOrBefore',
      `<time>${new Date(at).toISOString()}</time>`,
    );
    expect(timeMs).toBeLessThanOrEqual(at);
    expect(timeMs).toBeGreaterThan(at - 41);
    expect(strip).toEqual({ number: camera.number, timeMs });
    expect(picture).toMatchObject({ width: 640, height: 360 });
  });

  it('shows live the newest picture, within the size that was asked for', async () => {
    const asked = Date.now();
    const { timeMs, picture, strip } = await still('JPEGGetLive', size(320, 0));
    expect(timeMs).toBeGreaterThan(asked - 41);
    expect(timeMs).toBeLessThanOrEqual(Date.now());
    expect(strip).toEqual({ number: camera.number, timeMs });
    expect(picture).toMatchObject({ width: 320, height: 180 });
    expect((await still('JPEGGetLive', size(0, 0))).picture).toMatchObject({ width: 640, height: 360 });
    expect((await still('JPEGGetLive', size(640, 90))).picture).toMatchObject({ width: 160, height: 90 });
  });

  it('is not there of a camera that is lost', async () => {
    xprotect.faults.setCamera(camera.number, 'offline');
    expect(await call('JPEGGetLive', size(320, 0))).toMatch(/<JPEGGetLiveResponse[^>]*\/>/);
  });

  it('shows the same again and again of a camera that is frozen', async () => {
    xprotect.faults.setCamera(camera.number, 'frozen');
    const first = await still('JPEGGetLive', size(320, 0));
    let second = await still('JPEGGetLive', size(320, 0));
    while (second.timeMs === first.timeMs) second = await still('JPEGGetLive', size(320, 0));
    expect(second.strip?.timeMs).toBe(first.strip?.timeMs);
    xprotect.faults.setCamera(camera.number, 'online');
    expect((await still('JPEGGetLive', size(320, 0))).strip?.timeMs).toBeGreaterThan(first.timeMs);
  });

  it('is not made by a recorder that does not transcode, nor in a size that is none', async () => {
    xprotect.features.change({ stills: false });
    expect(await call('JPEGGetLive', size(320, 0))).toContain("Method 'JPEGGetLive' not supported");
    xprotect.features.reset();
    expect(await call('JPEGGetLive', '<maxWidth>wide</maxWidth>')).toContain("'maxWidth' is not a count");
  });
});
