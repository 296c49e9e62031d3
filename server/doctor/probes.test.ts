import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Vms, VmsError } from '#server/vms/vms.ts';
import { LiveKitError } from '#server/livekit/error.ts';
import { FakeRooms } from '#server/livekit/testing/fakes.ts';
import {
  probeDatabase,
  probeDataDir,
  probeLiveKit,
  probeMediaPort,
  probeNode,
  probeRunning,
  probeVms,
} from './probes.ts';

const patience = (): AbortSignal => AbortSignal.timeout(5000);

it.each([
  ['v20.20.2', false],
  ['v24.11.0', false],
  ['v24.12.0', true],
  ['v26.0.0', true],
])('of Node %s it says that it will do: %s', (version, isFine) => {
  expect(probeNode(version).isFine).toBe(isFine);
});

it('names a data directory that cannot be made', async () => {
  expect(await probeDataDir('/dev/null/parapet')).toMatchObject({
    isFine: false,
    words: expect.stringContaining('/dev/null/parapet'),
  });
});

it('tells a media port of ours from one that somebody else holds', async () => {
  const squatter = createSocket('udp4');
  await new Promise<void>((resolve) => squatter.bind(0, '127.0.0.1', resolve));
  const { port } = squatter.address();
  expect(await probeMediaPort(port, '127.0.0.1', false)).toMatchObject({ isFine: false });
  expect(await probeMediaPort(port, '127.0.0.1', true)).toMatchObject({ isFine: true });
  squatter.close();
});

it('tells a running Parapet from another program on its port', async () => {
  let body = JSON.stringify({ isReady: true, parts: [{ part: 'gateway', isUp: false }] });
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await probeRunning(url, patience())).toMatchObject({
    isRunning: true,
    finding: { isFine: false, words: expect.stringContaining('gateway') },
  });
  body = '<h1>It works!</h1>';
  expect(await probeRunning(url, patience())).toMatchObject({ isRunning: false, finding: { isFine: false } });
  server.close();
  expect(await probeRunning(url, patience())).toMatchObject({ isRunning: false, finding: { isFine: true } });
});

it('says that a database does not answer without repeating its password', async () => {
  const finding = await probeDatabase('postgres://parapet:hush-hush@127.0.0.1:1/parapet');
  expect(finding.isFine).toBe(false);
  expect(JSON.stringify(finding)).not.toContain('hush-hush');
});

const vms = (readDirectory: Vms['readDirectory']): Vms => ({
  id: 'hq',
  readDirectory,
  liveSource: () => Promise.resolve({ kind: 'rtsp', url: 'rtsp://127.0.0.1/1' }),
  readStreams: () => Promise.resolve([]),
  close: () => Promise.resolve(),
});

it('counts what a VMS shows', async () => {
  const camera = { id: 'a', name: 'Gate', groupIds: ['g'], streams: [], hasPtz: false };
  const finding = await probeVms(
    vms(() => Promise.resolve({ cameras: [camera], groups: [{ id: 'g', name: 'Metro' }] })),
    patience(),
  );
  expect(finding).toEqual({ subject: 'VMS hq', isFine: true, words: '1 cameras in 1 agencies' });
});

it('calls a VMS without cameras wrong, and passes on why one does not answer', async () => {
  expect(
    await probeVms(
      vms(() => Promise.resolve({ cameras: [], groups: [] })),
      patience(),
    ),
  ).toMatchObject({ isFine: false });
  const refused = vms(() =>
    Promise.reject(new VmsError('refused', 'XProtect does not accept user name and password')),
  );
  expect(await probeVms(refused, patience())).toMatchObject({
    isFine: false,
    words: expect.stringContaining('does not accept'),
  });
});

describe('of LiveKit it says', () => {
  const where = { url: 'wss://media.example', apiUrl: 'http://10.0.0.7:7880' };
  it.each<[string, LiveKitError | undefined, boolean, string]>([
    ['that it answers', undefined, true, 'takes the key'],
    [
      'that it is down',
      new LiveKitError('unavailable'),
      false,
      'http://10.0.0.7:7880: LiveKit does not answer.',
    ],
    ['that the key is wrong', new LiveKitError('denied'), false, 'does not take the key'],
  ])('%s', async (_what, error, isFine, words) => {
    const rooms = new FakeRooms();
    rooms.error = error;
    expect(await probeLiveKit(where, rooms, patience())).toMatchObject({
      subject: 'LiveKit',
      isFine,
      words: expect.stringContaining(words),
    });
  });
});

it('waits for a VMS that was asked too often, and says so where that was in vain', async () => {
  const busy = new VmsError('unavailable', 'asked too often', { retryAfterMs: 60_000 });
  let failures = 1;
  const vms = {
    id: 'hq',
    readDirectory: () =>
      failures-- > 0 ? Promise.reject(busy) : Promise.resolve({ cameras: [], groups: [] }),
  } as unknown as Vms;
  const rests: number[] = [];
  const rest = (ms: number): Promise<void> => Promise.resolve(void rests.push(ms));
  expect(await probeVms(vms, patience(), rest)).toMatchObject({ words: expect.stringMatching(/no camera/) });
  expect(rests).toHaveLength(1);
  failures = 2;
  expect(await probeVms(vms, patience(), rest)).toMatchObject({
    isFine: false,
    words: 'asked too often',
    fix: expect.stringMatching(/try again later/),
  });
});
