import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { siteCameras } from './cameras.ts';
import { ImageTalk } from '#mocks/xprotect/testing/image-talk.ts';
import { SiteSession, streamOf } from '#mocks/xprotect/testing/site-session.ts';

// A process starts in half a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 30_000 });

let child: ChildProcess;

function start(environment: Record<string, string>): ChildProcess {
  child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), {
    env: { PATH: process.env['PATH'], ...environment },
    execArgv: [],
    silent: true,
  });
  return child;
}
afterEach(() => child.kill('SIGKILL'));

const good = {
  PARAPET_DEMO_XPROTECT_USER: 'demo',
  PARAPET_DEMO_XPROTECT_PASSWORD: 'word',
  PARAPET_DEMO_CONTROL_SECRET: 'a-secret-of-some-length',
};

it('says where it listens, shows live pictures of a real scene, and ends with its parent', async () => {
  const [ready] = (await once(start(good), 'message')) as [
    { ready: boolean; url: string; controlUrl: string },
  ];
  expect(ready).toEqual({
    ready: true,
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    controlUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/control$/),
  });
  const session = new SiteSession(ready.url);
  expect((await session.logIn('demo', 'word')).status).toBe(200);
  await session.soap('Login');
  // One camera of every scene there is: a scene without pictures would end the process.
  for (const camera of new Map(siteCameras.map((each) => [each.scene, each])).values()) {
    const talk = await ImageTalk.open(await session.recorderPort(camera.number));
    talk.connect(camera.id, session.vmsToken, { streamId: streamOf(camera.number, 'sub') });
    talk.live();
    const image = await talk.nextImage();
    // SPS first, so that the picture can be decoded at once.
    expect(image?.bytes.subarray(32, 37)).toEqual(Buffer.from([0, 0, 0, 1, 0x67]));
    talk.close();
  }
  const begun = performance.now();
  child.disconnect();
  await once(child, 'exit');
  expect(performance.now() - begun).toBeLessThan(1000);
});

it('ends on SIGTERM', async () => {
  await once(start(good), 'message');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('names everything that is missing, and does not start', async () => {
  start({ PARAPET_DEMO_PORT: 'many', PARAPET_DEMO_CONTROL_SECRET: 'short' });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  expect(await once(child, 'exit')).toEqual([2, null]);
  for (const name of ['XPROTECT_USER', 'XPROTECT_PASSWORD', 'CONTROL_SECRET', 'PORT'])
    expect(said).toContain(`PARAPET_DEMO_${name}`);
});
