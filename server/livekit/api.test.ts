import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRoomApi, type RoomApi } from './api.ts';
import { LiveKitError } from './error.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let answer: Answer;
/** `Method body` of every call, in order. */
let calls: string[];
beforeEach(async () => {
  calls = [];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      calls.push(`${(request.url ?? '').replace('/twirp/livekit.RoomService/', '')} ${body}`.trim());
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const json =
  (status: number, value: object): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const html =
  (status: number): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<html>http://10.0.0.9</html>');
const open = (more: { timeoutMs?: number; apiUrl?: string } = {}): RoomApi =>
  createRoomApi({ apiUrl: url, apiKey: 'k', apiSecret: 's'.repeat(32), random: () => 0, ...more });
const patient = (): AbortSignal => AbortSignal.timeout(10_000);
const failure = async (work: Promise<unknown>): Promise<LiveKitError> => {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof LiveKitError) return error;
  throw new Error(`not a LiveKitError: ${String(error)}`);
};

describe('what goes wrong', () => {
  it.each<[string, Answer, string]>([
    ['no such room', json(404, { code: 'not_found', msg: 'no' }), 'not-found'],
    ['a wrong key', json(401, { code: 'unauthenticated', msg: 'no' }), 'denied'],
    ['a bad request', json(400, { code: 'invalid_argument', msg: 'no' }), 'invalid'],
    ['no node', json(503, { code: 'unavailable', msg: 'no' }), 'unavailable'],
    ['a fault of its own', json(500, { code: 'internal', msg: 'at 10.0.0.9' }), 'internal'],
    ['a proxy without LiveKit', html(502), 'unavailable'],
    ['a portal that wants a password', html(200), 'internal'],
    ['a proxy’s own 403', html(403), 'denied'],
    ['a connection that breaks', (_, response) => void response.destroy(), 'unavailable'],
  ])('is of one family: %s', async (_what, how, code) => {
    answer = how;
    const error = await failure(open().makeRoom('camera_p1', patient()));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/10\.0\.0\.9|127\.0\.0\.1/);
  });

  it('is told in time when nothing comes', async () => {
    answer = () => undefined;
    const error = await failure(open({ timeoutMs: 100 }).makeRoom('camera_p1', patient()));
    expect(error.code).toBe('timeout');
    expect(calls).toHaveLength(1);
  });

  it('is told when nobody listens', async () => {
    const error = await failure(open({ apiUrl: 'http://127.0.0.1:1' }).makeRoom('camera_p1', patient()));
    expect(error.code).toBe('unavailable');
  });

  it('is tried once more where that may help', async () => {
    answer = (request, response) => {
      if (calls.length === 1) response.destroy();
      else json(200, {})(request, response);
    };
    await open().makeRoom('camera_p1', patient());
    expect(calls).toHaveLength(2);
  });

  it('ends at once when somebody gives up, and that is no error of LiveKit’s', async () => {
    answer = () => undefined;
    const leaving = new AbortController();
    const call = open().makeRoom('camera_p1', leaving.signal);
    leaving.abort(new Error('left'));
    await expect(call).rejects.toThrow('left');
  });
});

describe('a viewer who has to go', () => {
  it('loses every permission first, then the place', async () => {
    answer = json(200, {});
    await open().expel('camera_p1', 'op:1', patient());
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['UpdateParticipant', 'RemoveParticipant']);
    const { permission } = JSON.parse(calls[0]?.replace(/^\w+ /, '') ?? '') as { permission: object };
    expect(permission).not.toMatchObject({ canSubscribe: true });
    expect(permission).toMatchObject({ hidden: true });
  });

  it('may have gone already', async () => {
    answer = json(404, { code: 'not_found', msg: 'participant does not exist' });
    await open().expel('camera_p1', 'op:1', patient());
    expect(calls).toHaveLength(2);
  });
});

describe('a room', () => {
  it('that is not there has nobody in it', async () => {
    answer = json(404, { code: 'not_found', msg: 'no' });
    expect(await open().participants('camera_p1', patient())).toEqual([]);
  });

  it('tells who is there', async () => {
    answer = json(200, { participants: [{ identity: 'IN_1' }, { identity: 'op:1' }] });
    expect(await open().participants('camera_p1', patient())).toEqual(['IN_1', 'op:1']);
  });
});

describe('health', () => {
  it('is lost after three failures, and found again by a look', async () => {
    answer = html(503);
    const api = open();
    for (let i = 0; i < 3; i++) await failure(api.makeRoom('camera_p1', patient()));
    expect(api.isDown).toBe(true);
    const sofar = calls.length;
    await failure(api.makeRoom('camera_p1', patient()));
    expect(calls).toHaveLength(sofar);
    answer = (_, response) => void response.end('OK');
    await expect.poll(() => api.look(patient()).then(() => api.isDown), { timeout: 5000 }).toBe(false);
    expect(calls.at(-1)).toBe('/');
  });

  it('is not there while LiveKit says that it is not ready', async () => {
    answer = (_, response) => void response.writeHead(406).end('Not Ready');
    const api = open();
    for (let i = 0; i < 3; i++) await api.look(patient());
    expect(api.isDown).toBe(true);
  });
});
