import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CameraId } from '#contract/camera.ts';
import { createStaticVms } from './static-vms.ts';

let folder: string;
let file: string;
const never = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'parapet-list-'));
  file = path.join(folder, 'cameras.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

const good = `
cameras:
  - number: 7
    name: Harbour Gate
    nameAr: بوابة الميناء
    agency: Police
    main: rtsp://viewer:s%40cret@192.0.2.7:554/main?profile=1
    sub: rtsp://viewer:s%40cret@192.0.2.7:554/sub
    ptz: true
  - number: 8
    name: Bay 1
    agency: الحافلات
    main: rtsp://192.0.2.8/live
    username: viewer
    passwordEnv: BAY_PASSWORD
`;

it('lists cameras with their agency as the group, and ids that the contract takes', async () => {
  await writeFile(file, good);
  const vms = createStaticVms({ id: 'depot', file, environment: { BAY_PASSWORD: 'x' } });
  const { cameras, groups } = await vms.readDirectory(never);
  expect(cameras).toEqual([
    {
      id: 'depot-7',
      number: 7,
      name: 'Harbour Gate',
      nameAr: 'بوابة الميناء',
      groupIds: [groups[0]?.id],
      streams: [{ name: 'main' }, { name: 'sub' }],
      hasPtz: true,
    },
    {
      id: 'depot-8',
      number: 8,
      name: 'Bay 1',
      groupIds: [groups[1]?.id],
      streams: [{ name: 'main' }],
      hasPtz: false,
    },
  ]);
  expect(groups.map(({ name }) => name)).toEqual(['Police', 'الحافلات']);
  for (const { id } of [...cameras, ...groups]) expect(CameraId.safeParse(id).success).toBe(true);
});

it('takes user and password out of the address', async () => {
  await writeFile(file, good);
  const vms = createStaticVms({ id: 'depot', file, environment: { BAY_PASSWORD: 'from outside' } });
  expect(await vms.liveSource('depot-7', 'sub', never)).toEqual({
    kind: 'rtsp',
    url: 'rtsp://192.0.2.7:554/sub',
    username: 'viewer',
    password: 's@cret',
  });
  expect(await vms.liveSource('depot-8', 'main', never)).toEqual({
    kind: 'rtsp',
    url: 'rtsp://192.0.2.8/live',
    username: 'viewer',
    password: 'from outside',
  });
});

it('says which camera or stream there is not', async () => {
  await writeFile(file, good);
  const vms = createStaticVms({ id: 'depot', file, environment: { BAY_PASSWORD: 'x' } });
  await expect(vms.liveSource('depot-9', 'main', never)).rejects.toMatchObject({ code: 'unknown-camera' });
  await expect(vms.liveSource('depot-8', 'sub', never)).rejects.toMatchObject({ code: 'no-such-stream' });
  await expect(vms.readStreams('other-7', never)).rejects.toMatchObject({ code: 'unknown-camera' });
});

it('names all faults of a list together, by line and path, and quotes no secret', async () => {
  await writeFile(
    file,
    `cameras:
  - number: 1
    name: First
    agency: Police
    main: http://viewer:hush@192.0.2.1/
  - number: two
    name: ''
    agency: Police
    main: rtsp://192.0.2.2/
    password: 0123
    colour: blue
  - number: 3
    name: No address
    agency: Police
`,
  );
  const error = await createStaticVms({ id: 'x', file })
    .readDirectory(never)
    .catch((e: unknown) => e as Error & { code: string });
  expect(error).toMatchObject({ name: 'VmsError', code: 'unexpected-answer' });
  const message = (error as Error).message;
  expect(message).toContain('line 5: cameras[0].main: must be an rtsp:// address with a host');
  expect(message).toContain('line 6: cameras[1].number');
  expect(message).toContain('line 7: cameras[1].name');
  expect(message).toContain('line 10: cameras[1].password: must be text: put it in quotes');
  expect(message).toContain('line 11: cameras[1].colour: is not a field of a camera');
  expect(message).toContain('line 12: cameras[2].main');
  expect(message).not.toMatch(/hush|0123|viewer/);
});

it('finds what only shows between cameras: a number twice, a password that is not set, two users', async () => {
  await writeFile(
    file,
    `cameras:
  - { number: 1, name: A, agency: P, main: 'rtsp://192.0.2.1/' }
  - { number: 1, name: B, agency: P, main: 'rtsp://192.0.2.2/', username: u, passwordEnv: NOT_SET }
  - { number: 2, name: C, agency: P, main: 'rtsp://u:p@192.0.2.2/', username: u, password: p }
`,
  );
  await expect(createStaticVms({ id: 'x', file, environment: {} }).readDirectory(never)).rejects.toThrow(
    [
      'The camera list has 3 faults:',
      'line 3: cameras[1].number: is the number of cameras[0] already',
      'line 3: cameras[1].passwordEnv: names NOT_SET, which is not set',
      'line 4: cameras[2].main: names a user of its own; say it in one place',
    ].join('\n'),
  );
});

it('reads the file again at each sync, and keeps the last good list watchable while it is faulty', async () => {
  await writeFile(file, good);
  const vms = createStaticVms({ id: 'depot', file, environment: { BAY_PASSWORD: 'x' } });
  expect((await vms.readDirectory(never)).cameras).toHaveLength(2);
  await writeFile(file, 'cameras: [ { number: }');
  await expect(vms.readDirectory(never)).rejects.toMatchObject({ code: 'unexpected-answer' });
  expect((await vms.liveSource('depot-7', 'main', never)).kind).toBe('rtsp');
  await rm(file);
  await expect(vms.readDirectory(never)).rejects.toMatchObject({ code: 'unavailable' });
  expect((await vms.liveSource('depot-7', 'main', never)).kind).toBe('rtsp');
  await writeFile(file, good.replace('number: 8', 'number: 9'));
  expect((await vms.readDirectory(never)).cameras.map(({ id }) => id)).toEqual(['depot-7', 'depot-9']);
});

it('takes a list as objects, and refuses a faulty one at once', async () => {
  const entry = { number: 1, name: 'A', agency: 'P', main: 'rtsp://192.0.2.1/' };
  const { cameras } = await createStaticVms({ id: 'x', cameras: [entry] }).readDirectory(never);
  expect(cameras.map(({ id }) => id)).toEqual(['x-1']);
  expect(() => createStaticVms({ id: 'x', cameras: [{ ...entry, main: 'nonsense' }] })).toThrow(
    /cameras\[0\]\.main/,
  );
});

it('does not start when the caller has given up', async () => {
  await writeFile(file, good);
  const reason = new Error('gone');
  await expect(createStaticVms({ id: 'x', file }).readDirectory(AbortSignal.abort(reason))).rejects.toBe(
    reason,
  );
});
