import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { motionSpans, oldestKept, recordedSpans, sequences } from '#mocks/site/recordings.ts';
import { sequenceTypes } from './recorder-operations.ts';
import { plainPictures } from './testing/plain-pictures.ts';
import { SiteSession } from './testing/site-session.ts';
import { startXProtect, type DemoXProtect } from './xprotect.ts';

const hour = 3_600_000;
const steady = siteCameras[0]!;
const moved = siteCameras[1]!;
let xprotect: DemoXProtect;
let session: SiteSession;
let port: number;

beforeEach(async () => {
  xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
    cameras: siteCameras.slice(0, 3),
    stills: {
      has: ({ number }) => number === 2,
      draw: ({ number }, timeMs) => Buffer.from(`${number} ${timeMs}`),
    },
  });
  session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
  port = await session.recorderPort(1);
});
afterEach(() => xprotect.close());

async function call(operation: string, content: string, token = session.vmsToken) {
  const namespace = 'http://videoos.net/2/XProtectCSRecorderCommand';
  const response = await fetch(
    `http://127.0.0.1:${port}/RecorderCommandService/RecorderCommandService.asmx`,
    {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `${namespace}/${operation}` },
      body: `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><${operation} xmlns="${namespace}"><token>${token}</token>${content}</${operation}></soap:Body></soap:Envelope>`,
    },
  );
  return { status: response.status, xml: (await response.text()).replaceAll('&#39;', "'") };
}
const iso = (timeMs: number) => new Date(timeMs).toISOString();
const get = (camera: string, type: string, from: number, to: number, count: number) =>
  call(
    'SequencesGet',
    `<deviceId>${camera}</deviceId><sequenceType>${type}</sequenceType><minTime>${iso(from)}</minTime><maxTime>${iso(to)}</maxTime><maxCount>${count}</maxCount>`,
  );
const spansIn = (xml: string) =>
  [...xml.matchAll(/<SequenceEntry><TimeBegin>(.*?)<.*?<TimeTrigged>(.*?)<.*?<TimeEnd>(.*?)</g)].map(
    ([, start = '', triggered = '', end = '']) => {
      expect(triggered).toBe(start);
      return { start: Date.parse(start), end: Date.parse(end) };
    },
  );
const { RecordingSequence, MotionSequence } = sequenceTypes;

describe('sequences', () => {
  it('come whole and in order, from the one that covers the start, as many as asked for', async () => {
    const now = Date.now();
    const window = { start: now - 50 * hour, end: now - 20 * hour };
    const all = sequences(moved, window, now);
    const { start } = all[3]!;
    const { status, xml } = await get(moved.id, RecordingSequence, start + 1000, window.end, 5);
    expect(status).toBe(200);
    expect(spansIn(xml)).toEqual(all.slice(3, 8));
    const next = await get(moved.id, RecordingSequence, all[7]!.end, window.end, 1000);
    expect(spansIn(next.xml)).toEqual(all.slice(8));
  });

  it('reach far beyond the window for a camera that always records, and end ahead of the clock', async () => {
    const now = Date.now();
    const [span] = spansIn((await get(steady.id, RecordingSequence, now - 1000, now + hour, 10)).xml);
    expect(now - span!.start).toBeGreaterThan(24 * hour);
    expect(span!.end).toBeGreaterThan(Date.now() - 50);
    expect(span!.end - now).toBeLessThan(4000);
  });

  it('tell motion from recording, and answer an empty window with an empty element', async () => {
    const window = { start: Date.now() - 30 * hour, end: Date.now() - 28 * hour };
    const { xml } = await get(steady.id, MotionSequence.toUpperCase(), window.start, window.end, 1000);
    const motion = spansIn(xml);
    expect(motion.length).toBeGreaterThan(1);
    expect(motion.at(-1)).toEqual(
      motionSpans(steady, { start: window.start, end: Date.now() }, Date.now())[motion.length - 1],
    );
    expect((await get(steady.id, RecordingSequence, 0, 1000, 10)).xml).toContain('<SequencesGetResult />');
  });

  it('are found around a time', async () => {
    const now = Date.now();
    const all = sequences(moved, { start: now - 60 * hour, end: now - 20 * hour }, now);
    const at = all[10]!.start + 500;
    const { xml } = await call(
      'SequencesGetAroundWithSpan',
      `<deviceId>${moved.id}</deviceId><sequenceType>${RecordingSequence}</sequenceType><centerTime>${iso(at)}</centerTime><maxTimeBefore><MicroSeconds>${12 * hour * 1000}</MicroSeconds></maxTimeBefore><maxCountBefore>2</maxCountBefore><maxTimeAfter><MicroSeconds>${12 * hour * 1000}</MicroSeconds></maxTimeAfter><maxCountAfter>3</maxCountAfter>`,
    );
    expect(spansIn(xml)).toEqual(all.slice(9, 14));
    const first = await call(
      'SequencesGetAround',
      `<deviceId>${moved.id}</deviceId><sequenceType>${RecordingSequence}</sequenceType><centerTime>1970-01-01T00:00:00Z</centerTime><maxCountBefore>0</maxCountBefore><maxCountAfter>1</maxCountAfter>`,
    );
    expect(spansIn(first.xml)).toEqual([sequences(moved, { start: 0, end: now }, now)[0]]);
  });

  it('are of three types', async () => {
    const { xml } = await call('SequencesGetTypes', `<deviceId>${steady.id}</deviceId>`);
    expect([...xml.matchAll(/<Name>(\w+)<\/Name>/g)].map(([, name]) => name)).toEqual(
      Object.keys(sequenceTypes),
    );
  });
});

describe('the time line', () => {
  it.each([
    ['in the namespace of the service', (id: string) => `<guid>${id}</guid>`],
    ["in Microsoft's", (id: string) => `<a:guid xmlns:a="http://microsoft.com/wsdl/types/">${id}</a:guid>`],
  ])('has one bit for each interval in which something is recorded, ids %s', async (_where, guid) => {
    const start = Date.now() - 48 * hour;
    const { xml } = await call(
      'TimeLineInformationGet',
      `<deviceId>${moved.id}</deviceId><timeLineInformationTypes>${guid('78289503-CBF4-43be-9DC3-9F34A8B60E6D')}</timeLineInformationTypes><timeLineInformationBeginTime>${iso(start)}</timeLineInformationBeginTime><timeLineInformationInterval><MicroSeconds>60000000</MicroSeconds></timeLineInformationInterval><timeLineInformationCount>600</timeLineInformationCount>`,
    );
    const bits = Buffer.from(/<Data>(.*?)<\/Data>/.exec(xml)![1]!, 'base64');
    expect(bits).toHaveLength(75);
    const expected = Array.from({ length: 600 }, (_, i) => {
      const within = { start: start + i * 60_000, end: start + (i + 1) * 60_000 };
      return recordedSpans(moved, within, Date.now()).length > 0;
    });
    expect(Array.from({ length: 600 }, (_, i) => (bits[i >> 3]! & (1 << (i & 7))) !== 0)).toEqual(expected);
  });
});

it('tells the moment before which everything has been deleted', async () => {
  const { xml } = await call('GetRetentionTimeLimit', `<deviceId>${steady.id}</deviceId>`);
  expect(Date.parse(/Result>(.*?)</.exec(xml)![1]!)).toBe(oldestKept(Date.now()));
});

describe('stills', () => {
  const still = async (operation: string, timeMs: number) => {
    const { xml } = await call(operation, `<deviceId>${moved.id}</deviceId><time>${iso(timeMs)}</time>`);
    const [, time = '', data = ''] = /<Time>(.*?)<\/Time><Data>(.*?)<\/Data>/.exec(xml) ?? [];
    const timeMs2 = Date.parse(time);
    if (time !== '') expect(Buffer.from(data, 'base64').toString()).toBe(`2 ${timeMs2}`);
    return timeMs2;
  };

  it('are those at, before or after a moment', async () => {
    const now = Date.now();
    const spans = sequences(moved, { start: now - 50 * hour, end: now - 40 * hour }, now);
    const i = spans.findIndex((span, at) => at > 0 && span.start - spans[at - 1]!.end > 20_000);
    const inGap = spans[i]!.start - 4000;
    expect(await still('JPEGGetAtOrBefore', inGap)).toBeLessThan(spans[i - 1]!.end);
    expect(await still('JPEGGetAtOrAfter', inGap)).toBeGreaterThan(spans[i]!.start - 2001);
    expect(await still('JPEGGetAt', inGap)).toBeGreaterThan(inGap);
    const within = spans[i]!.start + 5001;
    expect(within - (await still('JPEGGetAt', within))).toBeLessThanOrEqual(40);
    expect((await still('JPEGGetAtOrAfter', within)) - within).toBeLessThanOrEqual(40);
    expect(await still('JPEGGetAtOrBefore', 1000)).toBeNaN();
  });

  it('are not made of a camera whose scene nobody has a picture of', async () => {
    const { xml } = await call(
      'JPEGGetAt',
      `<deviceId>${steady.id}</deviceId><time>${iso(Date.now() - hour)}</time>`,
    );
    expect(xml).toContain("Method 'JPEGGetAt' not supported");
  });
});

describe('what is refused', () => {
  it.each([
    ['no token', 'SequencesGet', '', '', /Client.*No token supplied.*>20001<.*<SubErrorNumber>1</],
    [
      'the wrong kind of token',
      'SequencesGet',
      'jwt',
      '',
      /Client.*Token invalid.*>20001<.*<SubErrorNumber>2</,
    ],
    [
      'an operation it has not',
      'StartRecording',
      undefined,
      '',
      /Server.*Method 'StartRecording' not supported.*>40000</,
    ],
    [
      'a camera of another recorder',
      'SequencesGetTypes',
      undefined,
      `<deviceId>${siteCameras[300]!.id}</deviceId>`,
      /Device not found/,
    ],
    [
      'a time that is none',
      'SequencesGet',
      undefined,
      `<deviceId>${steady.id}</deviceId><minTime>now</minTime>`,
      /'minTime' is not a time/,
    ],
  ])('%s', async (_what, operation, token, content, words) => {
    const { status, xml } = await call(operation, content, token === 'jwt' ? session.accessToken : token);
    expect(status).toBe(500);
    expect(xml).toMatch(words);
  });

  it('everything, while it is told to, or late', async () => {
    xprotect.faults.setSurface('recorder-command', { failWith: 503 });
    expect((await call('GetVersion', '')).status).toBe(503);
    xprotect.faults.setSurface('recorder-command', { latencyMs: 60 });
    const asked = performance.now();
    expect((await call('GetVersion', '')).status).toBe(200);
    expect(performance.now() - asked).toBeGreaterThan(55);
  });
});
