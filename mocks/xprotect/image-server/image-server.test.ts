import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { ImageTalk } from '../testing/image-talk.ts';
import { plainPictures } from '../testing/plain-pictures.ts';
import { SiteSession, streamOf } from '../testing/site-session.ts';
import { startXProtect, type DemoXProtect } from '../xprotect.ts';
import type { LivePictures } from './live-feed.ts';
import { genericByteDataHeader } from './response.ts';

const camera = siteCameras[6]!;
/** A camera whose scene nobody has drawn. */
const brokenCamera = siteCameras[8]!;
const pictures: LivePictures = {
  ...plainPictures,
  at: (subject, format, index) => {
    if (subject.number === brokenCamera.number) throw new Error('no such scene');
    return plainPictures.at(subject, format, index);
  },
};
let xprotect: DemoXProtect;
let session: SiteSession;
let talk: ImageTalk;
const subStream = streamOf(camera.number, 'sub');

/** The text that a picture of ours carries in its last NAL unit: camera, format, index. */
const textOf = (bytes: Buffer): string => /\d+ (main|sub) \d+/.exec(bytes.toString('latin1'))?.[0] ?? '';

async function start(options: { vmsTokenLifeMs?: number } = {}): Promise<void> {
  xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures,
    cameras: siteCameras.slice(0, 60),
    ...options,
  });
  session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
  talk = await ImageTalk.open(await session.recorderPort(camera.number));
}

afterEach(async () => {
  talk.close();
  await xprotect.close();
});

/** What a GenericByteData packet says, read from the description of the format and not from our writer. */
function readPacket(bytes: Buffer) {
  const nalUnits: Buffer[] = [];
  let rest = bytes.subarray(genericByteDataHeader);
  while (rest.length > 0) {
    const end = rest.indexOf(Buffer.from([0, 0, 0, 1]), 4);
    nalUnits.push(rest.subarray(4, end < 0 ? undefined : end));
    rest = end < 0 ? Buffer.alloc(0) : rest.subarray(end);
  }
  return {
    kind: bytes.readUInt16BE(0),
    length: bytes.readUInt32BE(2),
    codec: bytes.readUInt16BE(6),
    sequence: bytes.readUInt16BE(8),
    isKeyframe: (bytes.readUInt16BE(10) & 1) === 1,
    keyframeTimeMs: Number(bytes.readBigUInt64BE(12)),
    timeMs: Number(bytes.readBigUInt64BE(20)),
    nalUnits,
  };
}

describe('live', () => {
  beforeEach(() => start());

  it('starts with the keyframe before now and goes on picture by picture, each exactly as it was made', async () => {
    const asked = Date.now();
    talk.connect(camera.id, session.vmsToken, { streamId: streamOf(camera.number, 'sub') });
    expect(await talk.nextXml()).toMatch(/<methodname>connect<\/methodname><connected>yes<\/connected>/);
    talk.live(7);
    let index: number | undefined;
    let keyframeTimeMs = 0;
    for (let i = 0; i < 35; i++) {
      const image = (await talk.nextImage())!;
      const packet = readPacket(image.bytes);
      index ??= plainPictures.indexAt(camera, 'sub', packet.timeMs);
      const made = plainPictures.at(camera, 'sub', index);
      if (i === 0)
        expect(made.isKeyframe && made.timeMs <= Date.now() && made.timeMs > asked - 2100).toBe(true);
      if (made.isKeyframe) keyframeTimeMs = made.timeMs;
      expect(packet).toEqual({
        kind: 0x10,
        length: image.bytes.length,
        codec: 0x0a,
        sequence: i,
        isKeyframe: made.isKeyframe,
        keyframeTimeMs,
        timeMs: made.timeMs,
        nalUnits: made.nalUnits.map((nal) => Buffer.from(nal)),
      });
      expect(image.headers).toMatchObject({
        requestid: '7',
        'content-type': 'application/x-genericbytedata-octet-stream',
        current: String(made.timeMs),
        prev: String(plainPictures.timeOf(camera, 'sub', index - 1)),
        next: String(plainPictures.timeOf(camera, 'sub', index + 1)),
      });
      index++;
    }
  });

  it('says that the feed has started before the first picture', async () => {
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live();
    expect(await talk.nextXml()).toContain('<connected>yes</connected>');
    expect(await talk.next()).toMatchObject({
      kind: 'xml',
      text: expect.stringMatching(
        /<livepackage><status><statustime>\d{13}<\/statustime><statusitem id="1" value="1"\/>/,
      ),
    });
    expect((await talk.next())?.kind).toBe('image');
  });

  it('gives the default stream where none is named, and takes ids and streams in either case', async () => {
    talk.connect(camera.id.toUpperCase(), session.vmsToken);
    talk.live();
    expect(textOf((await talk.nextImage())!.bytes)).toContain(' main ');
    talk.connect(camera.id, session.vmsToken, { streamId: subStream.toLowerCase() });
    talk.live();
    await talk.nextXml();
    for (let image = await talk.nextImage(); ; image = await talk.nextImage())
      if (textOf(image!.bytes).includes(' sub ')) break;
    expect(xprotect.connectionCount).toBe(1);
  });

  it('stops on request, and can start again with a keyframe', async () => {
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live(2);
    await talk.nextImage();
    talk.say('stop', '', 3);
    let text: string | undefined;
    do text = await talk.nextXml();
    while (text !== undefined && !text.includes('<methodname>stop</methodname>'));
    talk.live(4);
    const image = (await talk.nextImage())!;
    expect(image.headers['requestid']).toBe('4');
    expect(readPacket(image.bytes).isKeyframe).toBe(true);
  });

  it('tells when the camera is lost and when it is back, with a keyframe first', async () => {
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live();
    await talk.nextImage();
    xprotect.faults.setCamera(camera.number, 'offline');
    expect(await talk.nextXml()).toContain('<statusitem id="5" value="1"/>');
    xprotect.faults.setCamera(camera.number, 'online');
    const back = await talk.next();
    expect(back).toMatchObject({
      kind: 'xml',
      text: expect.stringContaining('<statusitem id="5" value="0"/>'),
    });
    expect(readPacket((await talk.nextImage())!.bytes).isKeyframe).toBe(true);
  });

  it('connects to a camera that is lost, says so, and sends nothing', async () => {
    xprotect.faults.setCamera(camera.number, 'offline');
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live();
    expect(await talk.nextXml()).toContain('<connected>yes</connected>');
    expect(await talk.nextXml()).toContain('<statusitem id="5" value="1"/>');
    xprotect.faults.setCamera(camera.number, 'online');
    // Had anything been sent in between, it would come first.
    expect(await talk.nextXml()).toContain('<statusitem id="5" value="0"/>');
  });

  it('repeats one picture with moving times while frozen', async () => {
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live();
    await talk.nextImage();
    xprotect.faults.setCamera(camera.number, 'frozen');
    const seen: { text: string; timeMs: number }[] = [];
    while (seen.length < 5) {
      const packet = readPacket((await talk.nextImage())!.bytes);
      if (packet.isKeyframe) seen.push({ text: textOf(packet.nalUnits.at(-1)!), timeMs: packet.timeMs });
    }
    expect(new Set(seen.slice(1).map(({ text }) => text)).size).toBe(1);
    expect(new Set(seen.map(({ timeMs }) => timeMs)).size).toBe(5);
  });

  it('stands at the picture at which it froze, no older one, and goes on at once with a keyframe of its own time', async () => {
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live();
    const next = async () => {
      const { isKeyframe, nalUnits, timeMs } = readPacket((await talk.nextImage())!.bytes);
      return { isKeyframe, timeMs, index: Number(textOf(nalUnits.at(-1)!).split(' ')[2]) };
    };
    let moving = await next();
    // Well into a group: the keyframe before is old by then.
    while (moving.index - plainPictures.keyframeAtOrBefore(camera, 'sub', moving.index) < 5)
      moving = await next();
    xprotect.faults.setCamera(camera.number, 'frozen');
    let held = await next();
    for (; !held.isKeyframe; held = await next()) moving = held;
    expect(held.index).toBeGreaterThan(moving.index);
    let still = await next();
    xprotect.faults.setCamera(camera.number, 'online');
    let thawed = await next();
    for (; thawed.index === held.index; thawed = await next()) still = thawed;
    expect(thawed.isKeyframe).toBe(true);
    expect(thawed.timeMs).toBe(plainPictures.timeOf(camera, 'sub', thawed.index));
    // The next one, not the next that is a keyframe by its place.
    expect(thawed.index).toBe(plainPictures.indexAt(camera, 'sub', still.timeMs) + 1);
  });

  it('keeps quiet about a camera that falls silent', async () => {
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live();
    await talk.nextImage();
    xprotect.faults.setCamera(camera.number, 'silent');
    const silentSince = Date.now();
    xprotect.faults.setCamera(camera.number, 'offline');
    let newest = 0;
    for (let message = await talk.next(); message?.kind === 'image'; message = await talk.next())
      newest = Number(message.headers['current']);
    expect(newest).toBeLessThanOrEqual(silentSince);
  });
});

describe('connect', () => {
  beforeEach(() => start());

  it.each([
    ['an access token instead of a VMS token', () => talk.connect(camera.id, session.accessToken)],
    ['no token', () => talk.connect(camera.id, '')],
    ['a camera that is not there', () => talk.connect(siteCameras[499]!.id, session.vmsToken)],
    [
      'a stream of another camera',
      () => talk.connect(camera.id, session.vmsToken, { streamId: streamOf(8, 'sub') }),
    ],
    ['pictures transcoded to JPEG', () => talk.connect(camera.id, session.vmsToken, { jpeg: true })],
    ['a method before it', () => talk.live()],
  ])('is refused with a reason for %s, and the connection ends', async (_what, ask) => {
    ask();
    expect(await talk.nextXml()).toMatch(
      /<methodname>connect<\/methodname><connected>no<\/connected><errorreason>[A-Z][^<]+<\/errorreason>/,
    );
    expect(await talk.next()).toBeUndefined();
  });

  it('is refused by a recorder that does not have the camera', async () => {
    const elsewhere = siteCameras[54]!;
    expect(await session.recorderPort(elsewhere.number)).not.toBe(await session.recorderPort(camera.number));
    talk.connect(elsewhere.id, session.vmsToken);
    expect(await talk.nextXml()).toContain('<connected>no</connected>');
  });

  it('understands requests however TCP cuts them', async () => {
    talk.close();
    talk = await ImageTalk.open(await session.recorderPort(camera.number));
    const request = `<?xml version="1.0"?><methodcall><requestid>1</requestid><methodname>connect</methodname><connectparam>id=${camera.id}&amp;connectiontoken=${session.vmsToken}</connectparam></methodcall>\r\n\r\n`;
    for (const part of [request.slice(0, 40), request.slice(40, -3), request.slice(-3)])
      await talk.sayRaw(part);
    expect(await talk.nextXml()).toContain('<connected>yes</connected>');
  });

  it.each([
    ['what is no method call', 'HELLO\r\n\r\n'],
    ['XML of another kind', '<hello/>\r\n\r\n'],
    ['a request without an end', 'x'.repeat(70_000)],
  ])('hangs up on %s', async (_what, text) => {
    await talk.sayRaw(text);
    expect(await talk.next()).toBeUndefined();
  });
});

describe('the end of a connection', () => {
  it('comes with the end of its token', async () => {
    await start({ vmsTokenLifeMs: 600 });
    talk.connect(camera.id, session.vmsToken, { streamId: subStream });
    talk.live();
    const begun = Date.now();
    while ((await talk.next()) !== undefined);
    expect(Date.now() - begun).toBeLessThan(2000);
  });

  it('is put off by a fresh token, in the middle of the pictures', async () => {
    await start();
    const old = session.vmsToken;
    talk.connect(camera.id, old, { streamId: subStream });
    talk.live();
    await talk.nextImage();
    await session.soap('Login', { currentToken: old });
    expect(session.vmsToken).not.toBe(old);
    talk.say(
      'connectupdate',
      `<connectparam>id=${camera.id}&amp;connectiontoken=${session.vmsToken}</connectparam>`,
      5,
    );
    let text: string | undefined;
    do text = await talk.nextXml();
    while (text?.includes('livepackage') === true);
    expect(text).toContain(
      '<requestid>5</requestid><methodname>connectupdate</methodname><connected>yes</connected>',
    );
    await session.soap('Logout', { currentToken: old });
    const after = Date.now() + 300;
    for (let image = await talk.nextImage(); ; image = await talk.nextImage())
      if (Number(image!.headers['current']) > after) break;
    await session.soap('Logout', { currentToken: session.vmsToken });
    while ((await talk.next()) !== undefined);
    await expect.poll(() => xprotect.connectionCount).toBe(0);
  });

  it('comes alone for a camera whose pictures cannot be made', async () => {
    await start();
    const broken = await ImageTalk.open(await session.recorderPort(brokenCamera.number));
    broken.connect(brokenCamera.id, session.vmsToken);
    broken.live();
    while ((await broken.next()) !== undefined);
    talk.connect(camera.id, session.vmsToken);
    talk.live();
    expect((await talk.nextImage())?.headers['requestid']).toBe('2');
  });

  it('comes when somebody cuts all of them', async () => {
    await start();
    talk.connect(camera.id, session.vmsToken);
    talk.live();
    await talk.nextImage();
    xprotect.faults.killConnections();
    while ((await talk.next()) !== undefined);
    talk = await ImageTalk.open(await session.recorderPort(camera.number));
    talk.connect(camera.id, session.vmsToken);
    expect(await talk.nextXml()).toContain('<connected>yes</connected>');
  });

  it('comes with the recorder going off; it comes back on the same port', async () => {
    await start();
    const port = await session.recorderPort(camera.number);
    talk.connect(camera.id, session.vmsToken);
    await talk.nextXml();
    xprotect.faults.setRecorder(1, 'offline');
    expect(await talk.next()).toBeUndefined();
    await expect(ImageTalk.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    xprotect.faults.setRecorder(1, 'online');
    await expect.poll(async () => (talk = await ImageTalk.open(port))).toBeInstanceOf(ImageTalk);
    talk.connect(camera.id, session.vmsToken);
    expect(await talk.nextXml()).toContain('<connected>yes</connected>');
  });
});
