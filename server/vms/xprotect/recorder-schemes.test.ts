import { expect, it, onTestFinished } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { recordedSpans } from '#mocks/site/recordings.ts';
import { startXProtect } from '#mocks/xprotect/xprotect.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';

import { plainStills } from './testing/recorded-site.ts';
import { createXProtectVms } from './xprotect-vms.ts';

const never = new AbortController().signal;
const end = Date.now() - 3_600_000;
const within = { start: end - 3_600_000, end };

/** A site whose second recorder speaks TLS only, and an adapter that trusts it or does not. */
async function mixedSite(isTrusted: boolean) {
  const xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
    stills: plainStills,
    cameras: siteCameras.slice(45, 55),
    secureRecorders: [2],
  });
  onTestFinished(() => xprotect.close());
  const ca = isTrusted ? { ca: xprotect.ca } : {};
  const vms = createXProtectVms({ id: 'x', url: xprotect.url, username: 'u', password: 'p', ...ca });
  onTestFinished(() => vms.close());
  return { xprotect, vms, recordings: vms.recordings! };
}
const [open, secure] = [siteCameras[45]!, siteCameras[54]!];

it('recorders of one site are read each in its own way, and followed in it', async () => {
  const { xprotect, vms, recordings } = await mixedSite(true);
  const check = async () => {
    for (const camera of [open, secure]) {
      expect(await vms.liveSource(camera.id, 'main', never)).toMatchObject({ tls: camera === secure });
      const spans = await recordings.spans(camera.id, within, never);
      expect(spans.recorded).toEqual(recordedSpans(camera, within, Date.now()));
      const cursor = await recordings.cursor(camera.id, 'main', never);
      expect(await cursor.at(end, { keyframe: true }, never)).toBeDefined();
      cursor.close();
      expect(await vms.stills?.live(camera.id, 160, never)).toBeDefined();
    }
  };
  await check();
  xprotect.faults.setRecorder(2, 'failed-over');
  await expect
    .poll(() =>
      check().then(
        () => 'well',
        () => 'not yet',
      ),
    )
    .toBe('well');
});

it('a recorder whose certificate nobody trusts is refused, and takes no other with it', async () => {
  const { recordings } = await mixedSite(false);
  await expect(recordings.cursor(secure.id, 'main', never)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('certificate') as string,
  });
  await expect(recordings.spans(secure.id, within, never)).rejects.toMatchObject({ code: 'refused' });
  expect(await recordings.cursor(open.id, 'main', never)).toBeDefined();
});
