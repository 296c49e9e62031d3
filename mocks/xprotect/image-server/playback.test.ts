import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteCameras, type SiteCamera } from '#mocks/site/cameras.ts';
import { oldestKept, recordingModeOf, sequences } from '#mocks/site/recordings.ts';
import type { FeatureSet } from '../features.ts';
import type { Stills } from '../stills.ts';
import { ImageTalk } from '../testing/image-talk.ts';
import { plainPictures } from '../testing/plain-pictures.ts';
import { SiteSession, streamOf } from '../testing/site-session.ts';
import { startXProtect, type DemoXProtect } from '../xprotect.ts';
import { genericByteDataHeader, videoBlockHeader } from './response.ts';

const hour = 3_600_000;
const steady = siteCameras[0]!;
const moved = siteCameras[1]!;
let xprotect: DemoXProtect;
let session: SiteSession;
let talk: ImageTalk;

/** Draws a JPEG that nobody can look at: its bytes say camera, time and width. */
const plainStills: Stills = {
  has: ({ number }) => number === 1,
  draw: ({ number }, timeMs, width) => Buffer.from(`\xff\xd8${number} ${timeMs} ${width}`, 'latin1'),
};

async function start(features: Partial<FeatureSet> = {}): Promise<void> {
  xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
    stills: plainStills,
    cameras: siteCameras.slice(0, 60),
    features,
  });
  session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
}

async function open(camera: SiteCamera, streamId = ''): Promise<void> {
  talk = await ImageTalk.open(await session.recorderPort(camera.number));
  talk.connect(camera.id, session.vmsToken, { streamId });
  expect(await talk.nextXml()).toContain('<connected>yes');
}

afterEach(async () => {
  talk.close();
  await xprotect.close();
});

let requests = 10;
async function ask(method: string, content = '<compressionrate>90</compressionrate>') {
  talk.say(method, content, ++requests);
  const image = (await talk.nextImage())!;
  expect(image.headers['requestid']).toBe(String(requests));
  const number = (name: string) =>
    image.headers[name] === undefined ? undefined : Number(image.headers[name]);
  return {
    current: number('current'),
    previous: number('prev'),
    next: number('next'),
    bytes: image.bytes,
    text: /\d+ (main|sub) \d+/.exec(image.bytes.toString('latin1'))?.[0],
    isKeyframe: image.bytes.length > 0 && (image.bytes.readUInt16BE(10) & 1) === 1,
  };
}
const goTo = (timeMs: number, keyframesOnly = false) =>
  ask('goto', `<time>${timeMs}</time><keyframesonly>${keyframesOnly ? 'yes' : 'no'}</keyframesonly>`);
const index = (timeMs: number, format: 'main' | 'sub' = 'main') =>
  plainPictures.indexAt(steady, format, timeMs);

/** A span of at least this length, some days ago, of the camera that records on motion, and the one after it. */
function motionSpan(least = 20_000) {
  const now = Date.now();
  const spans = sequences(moved, { start: now - 96 * hour, end: now - 72 * hour }, now);
  const i = spans.findIndex(({ start, end }, at) => end - start > least && at > 0 && at + 1 < spans.length);
  return { previous: spans[i - 1]!, span: spans[i]!, next: spans[i + 1]! };
}

describe('a camera that always records', () => {
  beforeEach(() => start());

  it('shows the picture at or before a moment, or the keyframe before it, with the times of its neighbours', async () => {
    expect(recordingModeOf(steady)).toBe('continuous');
    await open(steady);
    const timeMs = Date.now() - 30 * hour + 777;
    const at = index(timeMs);
    expect(await goTo(timeMs)).toMatchObject({
      text: `1 main ${at}`,
      current: plainPictures.timeOf(steady, 'main', at),
      previous: plainPictures.timeOf(steady, 'main', at - 1),
      next: plainPictures.timeOf(steady, 'main', at + 1),
    });
    const key = plainPictures.keyframeAtOrBefore(steady, 'main', at);
    expect(await goTo(timeMs, true)).toMatchObject({ text: `1 main ${key}`, isKeyframe: true });
    expect(await ask('next')).toMatchObject({ text: `1 main ${key + 1}`, isKeyframe: false });
    expect(await ask('previous')).toMatchObject({ text: `1 main ${key}` });
    expect(await ask('next', '<keyframesonly>yes</keyframesonly>')).toMatchObject({
      text: `1 main ${key + 50}`,
    });
    expect(await ask('previous', '<keyframesonly>yes</keyframesonly>')).toMatchObject({
      text: `1 main ${key}`,
    });
  });

  it('answers requests that were sent without waiting, each once and in order', async () => {
    await open(steady);
    const first = index((await goTo(Date.now() - hour)).current!);
    for (let i = 1; i <= 20; i++) talk.say('next', '', 100 + i);
    for (let i = 1; i <= 20; i++) {
      const image = (await talk.nextImage())!;
      expect(image.headers['requestid']).toBe(String(100 + i));
      expect(image.bytes.toString('latin1')).toContain(`1 main ${first + i}`);
    }
  });

  it('has its sub stream recorded too, or plays the main one in its place', async () => {
    await open(steady, streamOf(1, 'sub'));
    const timeMs = Date.now() - hour;
    expect(await goTo(timeMs)).toMatchObject({ text: `1 sub ${index(timeMs, 'sub')}` });
    talk.close();
    xprotect.features.change({ recordsSubStream: false });
    await open(steady, streamOf(1, 'sub'));
    expect(await goTo(timeMs)).toMatchObject({ text: `1 main ${index(timeMs)}` });
  });

  it('begins where databases begin and ends now, and has nothing beyond', async () => {
    await open(steady);
    const first = await ask('begin');
    expect(first.previous).toBeUndefined();
    expect(Math.abs(first.current! - oldestKept(Date.now()))).toBeLessThanOrEqual(2000);
    expect((await ask('previous')).bytes).toHaveLength(0);
    expect(await goTo(1000)).toMatchObject({ text: first.text! });
    const last = await ask('end');
    expect(Math.abs(last.current! - Date.now())).toBeLessThan(1000);
    for (let i = 0; i < 30; i++) if ((await ask('next')).bytes.length === 0) return;
    expect.fail('next went on and on beyond the present');
  });

  it('goes on from where it was when there are new pictures', async () => {
    await open(steady);
    const last = await ask('end');
    await expect.poll(async () => (await ask('next')).text).toBe(`1 main ${index(last.current!) + 1}`);
  });

  it('tells the spans around a moment', async () => {
    await open(moved);
    const { span, previous, next } = motionSpan();
    talk.say(
      'alarms',
      `<centertime>${span.start + 1000}</centertime><timespan>${hour}</timespan><numalarms>3</numalarms>`,
    );
    const xml = (await talk.nextXml())!;
    const told = [...xml.matchAll(/<alarm><starttime>(\d+)<\/starttime><endtime>(\d+)<\/endtime>/g)];
    expect(told).toHaveLength(3);
    expect(told.map(([, start]) => Number(start))).toContain(span.start);
    expect([previous.start, next.start].some((start) => xml.includes(String(start)))).toBe(true);
  });

  it('comes as JPEG of the wished width, only keyframes unless all pictures are asked for', async () => {
    talk = await ImageTalk.open(await session.recorderPort(1));
    const connect = (transcode: string) =>
      talk.say(
        'connect',
        `<cameraid>${steady.id}</cameraid><alwaysstdjpeg>yes</alwaysstdjpeg>${transcode}<connectparam>id=${steady.id}&amp;connectiontoken=${session.vmsToken}</connectparam>`,
      );
    connect('<transcode><width>320</width></transcode>');
    expect(await talk.nextXml()).toContain('<alwaysstdjpeg>yes');
    const timeMs = Date.now() - hour;
    const key = plainPictures.timeOf(
      steady,
      'main',
      plainPictures.keyframeAtOrBefore(steady, 'main', index(timeMs)),
    );
    expect((await goTo(timeMs)).bytes.toString('latin1')).toBe(`\xff\xd81 ${key} 320`);
    connect('<transcode><width>99999</width><allframes>yes</allframes></transcode>');
    expect(await talk.nextXml()).toContain('<connected>yes');
    const exact = plainPictures.timeOf(steady, 'main', index(timeMs));
    expect((await goTo(timeMs)).bytes.toString('latin1')).toBe(`\xff\xd81 ${exact} 1280`);
  });

  it('does not come as JPEG where the recorder does not transcode', async () => {
    xprotect.features.change({ stills: false });
    talk = await ImageTalk.open(await session.recorderPort(1));
    talk.connect(steady.id, session.vmsToken, { jpeg: true });
    expect(await talk.nextXml()).toMatch(/<connected>no<\/connected><errorreason>Transcoding/);
    expect(await talk.next()).toBeUndefined();
  });

  it('comes late, breaks off, or comes in video blocks when it is told to', async () => {
    await open(steady);
    const timeMs = Date.now() - hour;
    xprotect.features.change({ videoBlocks: true });
    const key = await goTo(timeMs, true);
    expect(key.bytes.readUInt16BE(0)).toBe(0x000a);
    const extra = key.bytes.readUInt16BE(2);
    expect(extra).toBeGreaterThan(0);
    expect(key.bytes.readUInt32BE(videoBlockHeader + extra)).toBe(1);
    expect((await ask('next')).bytes.readUInt32BE(videoBlockHeader)).toBe(1);
    xprotect.features.change({ videoBlocks: false });
    xprotect.faults.setSurface('image-server', { latencyMs: 60 });
    const asked = performance.now();
    talk.say('next', '', 1);
    talk.say('next', '', 2);
    expect((await talk.nextImage())!.headers['requestid']).toBe('1');
    expect((await talk.nextImage())!.headers['requestid']).toBe('2');
    expect(performance.now() - asked).toBeGreaterThan(100);
    xprotect.faults.setSurface('image-server', { failWith: 503 });
    talk.say('next', '', 3);
    expect(await talk.next()).toBeUndefined();
  });
});

describe('a camera that records on motion', () => {
  beforeEach(async () => {
    await start();
    await open(moved);
  });

  it('skips the gap with next and previous, and starts every span with a keyframe', async () => {
    const { span, next } = motionSpan();
    const last = await goTo(span.end - 1);
    expect(last.current).toBeGreaterThan(span.end - 41);
    expect(last.next).toBeGreaterThan(next.start - 2001);
    const first = await ask('next');
    expect(first).toMatchObject({ current: last.next!, isKeyframe: true, previous: last.current! });
    expect(first.current).toBeLessThanOrEqual(next.start);
    expect(await ask('next')).toMatchObject({ previous: first.current! });
    await ask('previous');
    expect(await ask('previous')).toMatchObject({ current: last.current! });
  });

  it('lands on the nearer side of a gap, which may be after the moment asked for', async () => {
    const { span, next } = motionSpan();
    const gap = next.start - span.end;
    const early = await goTo(span.end + Math.floor(gap * 0.2));
    expect(early.current).toBeLessThan(span.end);
    const late = await goTo(next.start - Math.min(3000, Math.floor(gap * 0.3)));
    expect(late.current).toBeGreaterThan(span.end);
    const key = await goTo(span.end + 10, true);
    expect(key.isKeyframe).toBe(true);
    expect(key.current).toBeLessThan(span.end);
  });

  it('jumps from span to span', async () => {
    const { previous, span, next } = motionSpan();
    await goTo(span.start + 8000);
    const after = await ask('nextsequence');
    expect(next.start - after.current!).toBeLessThanOrEqual(2000);
    expect(after).toMatchObject({ isKeyframe: true });
    const back = await ask('previoussequence');
    expect(Math.abs(span.start - back.current!)).toBeLessThanOrEqual(2000);
    const further = await ask('previoussequence');
    expect(Math.abs(previous.start - further.current!)).toBeLessThanOrEqual(2000);
    expect(further.bytes.length).toBeGreaterThan(genericByteDataHeader);
  });
});
