import { afterEach, beforeEach, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { startControl, type Control } from './control.ts';
import { defaultFeatures } from './features.ts';
import { ImageTalk } from './testing/image-talk.ts';
import { plainPictures } from './testing/plain-pictures.ts';
import { SiteSession } from './testing/site-session.ts';
import { startXProtect, type DemoXProtect } from './xprotect.ts';

let xprotect: DemoXProtect;
let control: Control;
const secret = 'a-secret-of-some-length';
const cameras = siteCameras.slice(0, 3);

beforeEach(async () => {
  xprotect = await startXProtect({ username: 'u', password: 'p', pictures: plainPictures, cameras });
  control = await startControl(xprotect, secret);
});
afterEach(async () => {
  control.close();
  await xprotect.close();
});

const call = (path: string, body?: object, key = secret) =>
  fetch(control.url + path, {
    method: path === '' ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

it('takes a camera down and up again, as the live connection sees it', async () => {
  const session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
  const talk = await ImageTalk.open(await session.recorderPort(2));
  talk.connect(cameras[1]!.id, session.vmsToken);
  talk.live();
  await talk.nextImage();
  expect((await call('/cameras/2', { state: 'offline' })).status).toBe(200);
  expect(await talk.nextXml()).toContain('id="5" value="1"');
  expect(await (await call('')).json()).toEqual({
    faults: { cameras: { 2: 'offline' }, recordersOffline: [], surfaces: {}, inventoryLatencyMs: 0 },
    features: defaultFeatures,
    makes: {},
    connections: 1,
  });
  expect((await call('/cameras/2', { state: 'online' })).status).toBe(200);
  expect(await talk.nextXml()).toContain('id="5" value="0"');
  expect((await call('/connections/kill')).status).toBe(200);
  while ((await talk.next()) !== undefined);
});

it('hangs a recorder: it takes connections and answers nothing, until it is on again', async () => {
  const session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
  const port = await session.recorderPort(2);
  const before = await ImageTalk.open(port);
  before.connect(cameras[0]!.id, session.vmsToken);
  before.live();
  await before.nextImage();
  expect((await call('/recorders/1', { state: 'hung' })).status).toBe(200);
  const muted = await ImageTalk.open(port);
  muted.connect(cameras[0]!.id, session.vmsToken);
  const heard = muted.next();
  expect(await (await call('')).json()).toMatchObject({ faults: { recordersHung: [1] } });
  expect((await call('/recorders/1', { state: 'online' })).status).toBe(200);
  // Nothing was said in all that time, and what stood in it is gone.
  expect(await heard).toBeUndefined();
  const after = await ImageTalk.open(port);
  after.connect(cameras[0]!.id, session.vmsToken);
  expect(await after.nextXml()).toContain('<connected>yes');
});

it('slows and breaks the gateway, ends tokens, and mends everything', async () => {
  const session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await call('/surfaces/rest', { failWith: 503, latencyMs: 1 });
  await call('/recorders/3', { state: 'offline' });
  await call('/inventory', { latencyMs: 5 });
  expect((await session.get('/api/rest/v1/sites')).status).toBe(503);
  await call('/reset');
  expect((await session.get('/api/rest/v1/sites')).status).toBe(200);
  await call('/tokens/expire');
  expect((await session.get('/api/rest/v1/sites')).status).toBe(401);
  expect(await (await call('')).json()).toMatchObject({
    faults: { cameras: {}, recordersOffline: [], surfaces: {} },
  });
});

it('changes what the installation offers, until it is reset', async () => {
  expect((await call('/features', { edition: 'expert', getSequences: true })).status).toBe(200);
  expect(xprotect.features.now).toEqual({ ...defaultFeatures, edition: 'expert', getSequences: true });
  expect((await call('/surfaces/image-server', { latencyMs: 5 })).status).toBe(200);
  expect(xprotect.faults.surface('image-server')).toEqual({ latencyMs: 5 });
  await call('/reset');
  expect(xprotect.features.now).toEqual(defaultFeatures);
});

it('does nothing without the secret, for unknown switches, or for values that make no sense', async () => {
  expect((await call('/reset', undefined, 'another-secret-of-length')).status).toBe(401);
  expect((await call('/reset', undefined, '')).status).toBe(401);
  expect((await call('/everything')).status).toBe(404);
  for (const [path, body] of [
    ['/cameras/2', { state: 'broken' }],
    ['/cameras/two', { state: 'offline' }],
    ['/recorders/7', { state: 'offline' }],
    ['/surfaces/rest', { failWith: 404 }],
    ['/connections/mend', {}],
    ['/features', { edition: 'essential' }],
    ['/features', { teleport: true }],
  ] as const)
    expect((await call(path, body)).status).toBe(400);
  expect(xprotect.faults.toJSON()).toMatchObject({ cameras: {}, recordersOffline: [], surfaces: {} });
});
