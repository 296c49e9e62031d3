import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { motionSequences, recordedSpans } from '#mocks/site/recordings.ts';
import { plainPictures } from '../testing/plain-pictures.ts';
import { SiteSession } from '../testing/site-session.ts';
import { startXProtect, type DemoXProtect } from '../xprotect.ts';
import { eventTypes } from './event-types.ts';
import { EventSessions } from './event-sessions.ts';
import { eventsWithin } from './site-events.ts';

const hour = 3_600_000;
const cameras = siteCameras.slice(0, 6);
const moved = cameras.find(({ number }) => number % 5 === 2)!;
const everything = {
  modifier: 'Include',
  resourceTypes: ['cameras'],
  sourceIds: ['*'],
  eventTypes: ['*'],
};

/** Somebody else's client: the platform's own WebSocket. */
class Client {
  readonly #socket: WebSocket;
  readonly #heard: Record<string, unknown>[] = [];
  #more = Promise.withResolvers<undefined>();
  #id = 0;
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;

  constructor(xprotect: DemoXProtect, path = '/API/ws/events/v1') {
    this.#socket = new WebSocket(xprotect.url.replace('http', 'ws') + path);
    onTestFinished(() => this.#socket.close());
    const [opened, ended] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    this.opened = opened.promise;
    this.ended = ended.promise;
    this.opened.catch(() => undefined);
    this.#socket.addEventListener('open', () => opened.resolve(undefined));
    this.#socket.addEventListener('error', () => opened.reject(new Error('not let in')));
    this.#socket.addEventListener('close', () => ended.resolve(undefined));
    this.#socket.addEventListener('message', ({ data }) => {
      this.#heard.push(JSON.parse(String(data)) as Record<string, unknown>);
      this.#more.resolve(undefined);
      this.#more = Promise.withResolvers();
    });
  }

  async #find(is: (message: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const at = this.#heard.findIndex(is);
      if (at >= 0) return this.#heard.splice(at, 1)[0]!;
      await this.#more.promise;
    }
  }

  async ask(command: string, rest: object = {}): Promise<Record<string, unknown>> {
    await this.opened;
    const commandId = ++this.#id;
    this.#socket.send(JSON.stringify({ command, commandId, ...rest }));
    return this.#find((message) => message['commandId'] === commandId);
  }

  async events(): Promise<{ id: string; type: string; source: string; time: string }[]> {
    return (await this.#find((message) => 'events' in message))['events'] as never;
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    this.#socket.close();
  }
}

let xprotect: DemoXProtect;
let session: SiteSession;
beforeEach(async () => {
  xprotect = await startXProtect({ username: 'u', password: 'p', pictures: plainPictures, cameras });
  session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
});
afterEach(() => xprotect.close());

const token = () => `Bearer ${session.accessToken}`;
async function enter(client = new Client(xprotect), more: object = {}) {
  expect(await client.ask('authenticate', { token: token() })).toMatchObject({ status: 200 });
  const started = await client.ask('startSession', { sessionId: '', eventId: '', ...more });
  return { client, started, sessionId: started['sessionId'] as string };
}

describe('the events WebSocket', () => {
  it('wants to know who is there before anything else', async () => {
    const client = new Client(xprotect);
    expect(await client.ask('startSession')).toMatchObject({ status: 401 });
    expect(await client.ask('authenticate', { token: 'Bearer no' })).toMatchObject({
      status: 401,
      error: { errorText: 'Unauthorized' },
    });
    expect(await client.ask('authenticate', { token: token() })).toMatchObject({ status: 200 });
    expect(await client.ask('startSession', { sessionId: 'unknown', eventId: '' })).toMatchObject({
      status: 201,
      inactiveTimeoutSeconds: 30,
    });
  });

  it('keeps those in whose token dies, and lets nobody in with a dead one', async () => {
    const { client } = await enter();
    xprotect.faults.expireTokens();
    expect(await client.ask('addSubscription', { filters: [everything] })).toMatchObject({ status: 200 });
    expect(await new Client(xprotect).ask('authenticate', { token: token() })).toMatchObject({ status: 401 });
  });

  it('tells nothing without a subscription, and the state of every camera on request', async () => {
    const { client } = await enter();
    expect(await client.ask('getState')).toMatchObject({ status: 200, states: [] });
    const { subscriptionId } = await client.ask('addSubscription', { filters: [everything] });
    xprotect.faults.setCamera(3, 'offline');
    const lost = { type: eventTypes.communicationError, source: `cameras/${cameras[2]!.id}` };
    expect(await client.events()).toMatchObject([lost]);
    const { states } = (await client.ask('getState')) as { states: { type: string; source: string }[] };
    expect(states).toHaveLength(3 * cameras.length);
    expect(states).toContainEqual(expect.objectContaining(lost));
    expect(await client.ask('removeSubscription', { subscriptionId })).toMatchObject({ status: 200 });
    expect(await client.ask('removeSubscription', { subscriptionId })).toMatchObject({ status: 404 });
  });

  it('tells only what was subscribed to, in either spelling of the modifier', async () => {
    const { client } = await enter();
    const only = { ...everything, modifier: 'include', sourceIds: [cameras[1]!.id.toUpperCase()] };
    await client.ask('addSubscription', { filters: [only] });
    for (const number of [1, 3, 2]) xprotect.faults.setCamera(number, 'offline');
    expect(await client.events()).toMatchObject([{ source: `cameras/${cameras[1]!.id}` }]);
  });

  it('tells those who come back what they missed', async () => {
    const { client, sessionId } = await enter();
    await client.ask('addSubscription', { filters: [everything] });
    xprotect.faults.setCamera(1, 'offline');
    const [last] = await client.events();
    client.close();
    await client.ended;
    xprotect.faults.setCamera(2, 'offline');
    xprotect.faults.setCamera(1, 'online');
    const again = await enter(new Client(xprotect), { sessionId, eventId: last!.id });
    expect(again.started).toMatchObject({ status: 200, sessionId });
    expect(await again.client.events()).toMatchObject([
      { type: eventTypes.communicationError, source: `cameras/${cameras[1]!.id}` },
      { type: eventTypes.communicationStarted, source: `cameras/${cameras[0]!.id}` },
    ]);
    xprotect.faults.setCamera(3, 'offline');
    expect(await again.client.events()).toHaveLength(1);
  });

  it('drops everybody at once and knows nobody any more when the application pool is recycled', async () => {
    const [one, two] = [await enter(), await enter()];
    expect(xprotect.eventConnectionCount).toBe(2);
    xprotect.faults.recycle();
    await Promise.all([one.client.ended, two.client.ended]);
    expect(xprotect.eventConnectionCount).toBe(0);
    const again = await enter(new Client(xprotect), { sessionId: one.sessionId });
    expect(again.started).toMatchObject({ status: 201 });
  });

  it('takes long over the states of a large site, and answers others meanwhile', async () => {
    xprotect.faults.setSurface('events', { latencyMs: 150 });
    const { client } = await enter();
    await client.ask('addSubscription', { filters: [everything] });
    const asked = performance.now();
    const [states, subscribed] = await Promise.all([
      client.ask('getState').then(() => performance.now() - asked),
      client.ask('addSubscription', { filters: [everything] }).then(() => performance.now() - asked),
    ]);
    expect(states).toBeGreaterThan(140);
    expect(subscribed).toBeLessThan(states);
  });

  it.each([
    ['where the release has none', () => xprotect.features.change({ events: false })],
    ['while it is broken', () => xprotect.faults.setSurface('events', { failWith: 503 })],
  ])('lets nobody in %s', async (_what, arrange) => {
    arrange();
    await expect(new Client(xprotect).opened).rejects.toThrow('not let in');
  });

  it('is nowhere else, and does not stumble over nonsense', async () => {
    await expect(new Client(xprotect, '/api/ws/other/v1').opened).rejects.toThrow('not let in');
    const { client } = await enter();
    client.sendRaw('{');
    expect(await client.ask('dance')).toMatchObject({ status: 400 });
    expect(await client.ask('addSubscription', { filters: [] })).toMatchObject({ status: 400 });
  });
});

describe('what happens on the site', () => {
  it('is what it will be found to have recorded', () => {
    const start = Date.now() - 30 * hour;
    const end = start + 5 * hour;
    const events = eventsWithin([moved], { start, end });
    const times = (name: string) => events.filter((one) => one.name === name).map(({ timeMs }) => timeMs);
    const spans = recordedSpans(moved, { start, end }, Date.now());
    expect(times('recordingStarted')).toEqual(spans.map((s) => s.start).filter((at) => at > start));
    expect(times('recordingStopped')).toEqual(spans.map((s) => s.end).filter((at) => at < end));
    const motion = motionSequences(moved, { start, end }, Date.now());
    expect(times('motionStarted')).toEqual(
      motion.map((s) => s.start).filter((at) => at >= start && at < end),
    );
    expect(events.map(({ timeMs }) => timeMs)).toEqual(
      events.map(({ timeMs }) => timeMs).sort((a, b) => a - b),
    );
  });

  it('is forgotten for those who stay away longer than half a minute', async () => {
    let now = Date.now();
    const sessions = new EventSessions({
      cameras,
      isAlive: () => true,
      isOffline: () => false,
      beforeState: () => Promise.resolve(),
      now: () => now,
    });
    const said: string[] = [];
    const start = async (sessionId: string) => {
      const conversation = sessions.open(true, (text) => said.push(text));
      await conversation.hear(
        JSON.stringify({ command: 'startSession', commandId: 1, sessionId, eventId: '' }),
      );
      return { conversation, ...(JSON.parse(said.at(-1)!) as { status: number; sessionId: string }) };
    };
    const first = await start('');
    first.conversation.leave();
    now += 29_000;
    const second = await start(first.sessionId);
    expect(second.status).toBe(200);
    second.conversation.leave();
    now += 31_000;
    expect((await start(first.sessionId)).status).toBe(201);
  });
});
