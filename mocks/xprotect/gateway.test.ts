import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteCameras, siteGroups } from '#mocks/site/cameras.ts';
import { siteHardware } from '#mocks/site/hardware.ts';
import { plainPictures } from './testing/plain-pictures.ts';
import { SiteSession } from './testing/site-session.ts';
import { startXProtect, type DemoXProtect, type DemoXProtectOptions } from './xprotect.ts';

let xprotect: DemoXProtect;
let session: SiteSession;

async function start(options: Partial<DemoXProtectOptions> = {}): Promise<void> {
  xprotect = await startXProtect({
    username: 'parapet',
    password: 'a&b=c ü',
    pictures: plainPictures,
    ...options,
  });
  session = new SiteSession(xprotect.url);
}
const signIn = () => session.logIn('parapet', 'a&b=c ü');
const rest = (path: string) => session.get(`/api/rest/v1/${path}`);
const listOf = async (path: string): Promise<Record<string, unknown>[]> =>
  ((await (await rest(path)).json()) as { array: Record<string, unknown>[] }).array;
const post = (path: string, form: Record<string, string>) =>
  fetch(xprotect.url + path, { method: 'POST', body: new URLSearchParams(form) });

afterEach(() => xprotect.close());

describe('the identity provider', () => {
  beforeEach(() => start());

  it('is found without signing in, in any spelling of the path', async () => {
    for (const path of ['/api/.well-known/uris', '/API/.Well-Known/URIs']) {
      expect(await (await fetch(xprotect.url + path)).json()).toMatchObject({
        ProductVersion: '25.1.1804.0',
        IdentityProvider: `${xprotect.url}/IDP`,
        ApiGateways: [`${xprotect.url}/API/`],
      });
    }
    const openId = await (await fetch(`${xprotect.url}/IDP/.well-known/openid-configuration`)).json();
    expect(openId).toMatchObject({ token_endpoint: `${xprotect.url}/IDP/connect/token` });
  });

  it('gives a signed token for an hour, and only to its own kind of client a way to refresh it', async () => {
    const response = await signIn();
    expect(response.status).toBe(200);
    const granted = (await response.json()) as { access_token: string };
    expect(granted).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]{342}$/),
      expires_in: 3600,
      token_type: 'Bearer',
      scope: 'managementserver',
    });
    const claims = JSON.parse(
      Buffer.from(granted.access_token.split('.')[1]!, 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({ iss: `${xprotect.url}/IDP`, amr: ['pwd'], idp: 'local', name: 'parapet' });

    const first = (await (
      await session.logIn('parapet', 'a&b=c ü', 'VmsClient', '/IDP/connect/token')
    ).json()) as Record<string, string>;
    const form = {
      grant_type: 'refresh_token',
      refresh_token: first['refresh_token']!,
      client_id: 'VmsClient',
    };
    const second = await post('/IDP/connect/token', form);
    expect(second.status).toBe(200);
    expect((await second.json()) as object).toHaveProperty(
      'refresh_token',
      expect.not.stringMatching(form.refresh_token),
    );
    expect((await post('/IDP/connect/token', form)).status).toBe(400);
  });

  it('refuses a wrong password in the words of OAuth', async () => {
    const response = await session.logIn('parapet', 'wrong');
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: 'invalid_grant',
      error_description: 'invalid_username_or_password',
    });
  });

  it('asks Windows users for NTLM, but not through the gateway', async () => {
    const form = { grant_type: 'windows_credentials', client_id: 'GrantValidatorClient' };
    const direct = await post('/IDP/connect/token', form);
    expect([direct.status, direct.headers.get('www-authenticate')]).toEqual([401, 'Negotiate, NTLM']);
    const throughGateway = await post('/API/IDP/connect/token', form);
    expect([throughGateway.status, throughGateway.headers.get('www-authenticate')]).toEqual([401, null]);
  });
});

describe('the Config API', () => {
  beforeEach(async () => {
    await start();
    await signIn();
  });

  it('takes nothing but a living access token of its own', async () => {
    await session.soap('Login');
    const [head, body] = session.accessToken.split('.');
    for (const token of [
      '',
      'abc',
      session.vmsToken,
      `${head}.${body}.${'A'.repeat(342)}`,
      `${head}.e30.AAAA`,
    ])
      expect((await session.get('/api/rest/v1/sites', token)).status).toBe(401);
    expect((await rest('sites')).status).toBe(200);
    xprotect.faults.expireTokens();
    expect((await rest('sites')).status).toBe(401);
    await signIn();
    expect((await rest('sites')).status).toBe(200);
  });

  it('lists page by page from 0, says no totals, and ends with a short page', async () => {
    const pages = await Promise.all([0, 1, 2, 3].map((page) => listOf(`cameras?page=${page}&size=200`)));
    expect(pages.map((page) => page.length)).toEqual([200, 200, 100, 0]);
    expect(new Set(pages.flat().map((camera) => camera['id'])).size).toBe(500);
    expect(Object.keys((await (await rest('cameras?page=0&size=1')).json()) as object)).toEqual(['array']);
  });

  it('hides the camera of a spare channel unless disabled ones are asked for', async () => {
    expect(await listOf('cameras')).toHaveLength(500);
    const all = await listOf('Cameras?disabled');
    expect(all).toHaveLength(501);
    expect(all.filter((camera) => camera['enabled'] === false)).toHaveLength(1);
  });

  it('shows a camera with the fields and the dates of a real one', async () => {
    const camera = siteCameras[0]!;
    const { data } = (await (await rest(`CAMERAS/${camera.id.toUpperCase()}`)).json()) as {
      data: Record<string, unknown>;
    };
    expect(data).toMatchObject({
      id: camera.id,
      name: camera.name,
      shortName: '001',
      description: camera.nameAr,
      createdDate: '0001-01-01T00:00:00.0000000',
      lastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
      gisPoint: 'POINT EMPTY',
      ptzEnabled: true,
      relations: { self: { type: 'cameras', id: camera.id }, parent: { type: 'hardware' } },
    });
    expect(data).not.toHaveProperty('address');
  });

  it('answers what is not there with a real server’s words and blanks', async () => {
    const id = siteCameras[0]!.id;
    const cases: readonly (readonly [string, number, string])[] = [
      ['recordings', 404, 'Unknown resource: recordings'],
      [`cameras/${id}/sequences`, 404, 'Unknown resource: sequences'],
      [`cameras/${id}/outputs`, 400, `Invalid parent. cameras/${id}/OutputFolder`],
      ['bookmarks', 400, 'Bad request: Unknown request'],
      ['evidenceLocks', 400, 'Bad request: Unknown request'],
    ];
    for (const [path, status, errorText] of cases) {
      const response = await rest(path);
      expect(response.status).toBe(status);
      expect(await response.text()).toBe(
        `{  "error" : {  "httpCode" : ${status},  "details" :  [ {  "errorText" : "${errorText}" } ] } }`,
      );
    }
    expect(await (await rest('outputs')).text()).toBe('{  "array" :  [  ] }');
    expect((await rest('cameras/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });

  it('gives IIS’s own page for what is not below /api', async () => {
    const response = await fetch(`${xprotect.url}/webRTC/session`, { method: 'POST' });
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html']);
    expect(await response.text()).toContain('<title>404 - File or directory not found.</title>');
  });

  it('shows both streams with the ids that recorders know, and settings in a driver’s spelling', async () => {
    const id = siteCameras[1]!.id;
    const streams = (await (await rest(`streams/${id}`)).json()) as {
      data: { stream: Record<string, unknown>[] };
    };
    expect(streams.data.stream.map((stream) => [stream['name'], stream['liveDefault']])).toEqual([
      ['Video stream 1', true],
      ['Video stream 2', false],
    ]);
    expect(streams.data.stream[0]!['streamReferenceId']).toMatch(/^[0-9A-F-]{36}$/);
    expect(await (await rest(`cameras/${id}/streams`)).json()).toEqual(streams);
    const settings = (await (await rest(`settings/${id}`)).json()) as {
      data: { stream: Record<string, unknown>[] };
    };
    expect(settings.data.stream).toMatchObject([
      { displayName: 'Video stream 1', codec: 'H.264', resolution: '1280x720', FPS: '25' },
      { displayName: 'Video stream 2', codec: 'H.264', resolution: '640x360', FPS: '15' },
    ]);
  });

  it('lists agencies at the top, groups below them, and members in each', async () => {
    const top = await listOf('cameraGroups');
    expect(top.map((group) => group['name'])).toEqual(['Police', 'Metro', 'Bus', 'Others']);
    const below = await listOf(`cameraGroups/${String(top[0]!['id'])}/cameraGroups`);
    expect(below.map((group) => group['name'])).toEqual([
      'Al Marsa',
      'Al Qalaa',
      'Al Bahia',
      'Al Nakheel',
      'Al Sinaiya',
    ]);
    const members = await Promise.all(siteGroups.map(({ id }) => listOf(`cameraGroups/${id}/cameras`)));
    expect(members.flat()).toHaveLength(500);
  });

  it('gives hardware with its cameras in one go, after as long as it takes', async () => {
    xprotect.faults.inventoryLatencyMs = 120;
    const begun = performance.now();
    const boxes = await listOf('hardware?includeChildren=cameras&size=10000');
    expect(performance.now() - begun).toBeGreaterThan(110);
    expect(boxes).toHaveLength(420);
    expect(boxes.flatMap((box) => box['cameras'])).toHaveLength(500);
    expect(await listOf(`hardware/${siteHardware[419]!.id}/cameras?disabled`)).toHaveLength(4);
  });

  it('takes its time for whole lists, page by page, and for nothing else', async () => {
    xprotect.faults.inventoryLatencyMs = 3_600_000;
    const ask = (path: string, patienceMs: number) =>
      fetch(`${xprotect.url}/api/rest/v1/${path}`, {
        headers: { authorization: `Bearer ${session.accessToken}` },
        signal: AbortSignal.timeout(patienceMs),
      });
    for (const list of ['cameras?page=0&size=200', 'hardware'])
      await expect(ask(list, 100)).rejects.toMatchObject({ name: 'TimeoutError' });
    for (const path of [`cameras/${siteCameras[0]!.id}`, 'recordingServers', 'cameraGroups'])
      expect((await ask(path, 5000)).status).toBe(200);
  });

  it('filters by fields', async () => {
    expect(await listOf("cameras?name=startsWith:'creek tunnel'")).toHaveLength(14);
    expect(await listOf("cameras?shortName='017'")).toHaveLength(1);
    expect(await listOf("hardware?model=contains:'encoder'")).toHaveLength(27);
    expect(await listOf('cameras?ptzEnabled=true')).toHaveLength(40);
  });

  it('names six recorders, each with its own port and two storages that keep 90 days', async () => {
    const recorders = await listOf('recordingServers');
    expect(new Set(recorders.map((recorder) => recorder['webServerUri'])).size).toBe(6);
    const storages = await listOf(`recordingServers/${String(recorders[2]!['id'])}/storages`);
    expect(storages.map((storage) => storage['retainMinutes'])).toEqual([129_600, 129_600]);
    expect((await rest(`storages/${String(storages[0]!['id'])}`)).status).toBe(200);
  });

  it('says which tasks there are, and refuses the others', async () => {
    const id = siteCameras[0]!.id;
    const probe = (await (await rest(`cameras/${id}?tasks&noData`)).json()) as { tasks: { id: string }[] };
    expect(Object.keys(probe)).toEqual(['tasks']);
    expect(probe.tasks.map((task) => task.id)).not.toContain('JpegGetLive');
    const refused = await fetch(`${xprotect.url}/api/rest/v1/cameras/${id}?task=JpegGetLive`, {
      method: 'POST',
      headers: { authorization: `Bearer ${session.accessToken}` },
      body: '{"width":320,"height":180}',
    });
    expect(refused.status).toBe(400);
  });
});

describe('ServerCommandService', () => {
  beforeEach(async () => {
    await start({ vmsTokenLifeMs: 3_600_000 });
    await signIn();
  });

  it('gives recorder tokens for an access token, with their time to live', async () => {
    const response = await session.soap('Login');
    const body = await response.text();
    expect(body).toMatch(/<RegistrationTime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z<\/RegistrationTime>/);
    expect(body).toContain('<TimeToLive><MicroSeconds>3600000000</MicroSeconds></TimeToLive>');
    expect(session.vmsToken).toMatch(/^TOKEN#[0-9a-f-]{36}#[\w-]+\/\/ServerConnector#$/);
  });

  it('takes user and password at the other address, and nothing else at either', async () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    const endpoint = 'ServerCommandService.svc';
    expect((await session.soap('Login', { endpoint, authorization: basic('parapet:a&b=c ü') })).status).toBe(
      200,
    );
    expect((await session.soap('Login', { endpoint, authorization: basic('parapet:no') })).status).toBe(401);
    expect((await session.soap('Login', { endpoint })).status).toBe(401);
    expect((await session.soap('Login', { authorization: `Bearer ${session.vmsToken}` })).status).toBe(401);
  });

  it('answers other operations and broken messages with a fault', async () => {
    const response = await session.soap('Login', { instanceId: 'me' });
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('<soap:Fault>')]);
  });
});

it('checks the token of RecorderCommandService on the recorders’ port', async () => {
  await start();
  await signIn();
  await session.soap('Login');
  const url = `http://127.0.0.1:${await session.recorderPort(1)}/RecorderCommandService/RecorderCommandService.asmx`;
  const call = async (token: string) => {
    const body = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><StartRecording xmlns="http://videoos.net/2/XProtectCSRecorderCommand"><token>${token}</token></StartRecording></soap:Body></soap:Envelope>`;
    return (await fetch(url, { method: 'POST', body })).text();
  };
  expect(await call('')).toContain('<ErrorNumber>20001</ErrorNumber><SubErrorNumber>1</SubErrorNumber>');
  expect(await call(session.accessToken)).toContain(
    '<ErrorNumber>20001</ErrorNumber><SubErrorNumber>2</SubErrorNumber>',
  );
  expect(await call(session.vmsToken)).toContain('<ErrorNumber>40000</ErrorNumber>');
});

it('can be slow or broken, one part at a time, and mended', async () => {
  await start();
  await signIn();
  xprotect.faults.setSurface('rest', { failWith: 503 });
  expect((await rest('sites')).status).toBe(503);
  expect((await signIn()).status).toBe(200);
  xprotect.faults.setSurface('rest', { latencyMs: 80 });
  const begun = performance.now();
  expect((await rest('sites')).status).toBe(200);
  expect(performance.now() - begun).toBeGreaterThan(75);
  xprotect.faults.setSurface('idp', { failWith: 500 });
  expect((await signIn()).status).toBe(500);
  xprotect.faults.reset();
  expect((await signIn()).status).toBe(200);
});
