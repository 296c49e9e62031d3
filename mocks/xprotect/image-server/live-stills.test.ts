import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import type { Stills } from '../stills.ts';
import { ImageTalk } from '../testing/image-talk.ts';
import { plainPictures } from '../testing/plain-pictures.ts';
import { SiteSession, streamOf } from '../testing/site-session.ts';
import { startXProtect, type DemoXProtect } from '../xprotect.ts';

const camera = siteCameras[0]!;

/** Draws a JPEG that nobody can look at: its bytes say what it is of and how it was asked for. */
const plainStills: Stills = {
  has: () => true,
  draw: ({ number }, timeMs, width, { height = '', isStretched = false, quality = '' } = {}) =>
    Buffer.from(
      `\xff\xd8${number} ${timeMs} ${width}x${height}${isStretched ? '!' : ''} ${quality}`,
      'latin1',
    ),
};

let xprotect: DemoXProtect;
let session: SiteSession;
let talk: ImageTalk;

beforeEach(async () => {
  xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
    stills: plainStills,
    cameras: siteCameras.slice(0, 60),
  });
  session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
  talk = await ImageTalk.open(await session.recorderPort(camera.number));
});

afterEach(async () => {
  talk.close();
  await xprotect.close();
});

async function connect(transcode: string): Promise<string> {
  talk.say(
    'connect',
    `<cameraid>${camera.id}</cameraid><alwaysstdjpeg>yes</alwaysstdjpeg><transcode>${transcode}</transcode>` +
      `<connectparam>id=${camera.id}&amp;connectiontoken=${session.vmsToken}&amp;streamid=${streamOf(camera.number, 'sub')}</connectparam>`,
  );
  return (await talk.nextXml()) ?? '';
}

function live(attributes: string, more = ''): void {
  talk.say('live', `<compressionrate>60</compressionrate>${more}${attributes}`, 7);
}

interface Picture {
  readonly timeMs: number;
  readonly shown: number;
  readonly look: string;
}

async function next(): Promise<Picture> {
  const image = await talk.nextImage();
  const text = image?.bytes.toString('latin1') ?? '';
  expect(image?.headers).toMatchObject({ requestid: '7', 'content-type': 'image/jpeg' });
  const [, shown = '', look = ''] = /^\xff\xd81 (\d+) (.*)$/.exec(text) ?? [];
  return { timeMs: Number(image?.headers['current']), shown: Number(shown), look };
}

describe('live as JPEG', () => {
  it('begins with the newest picture and goes on with one in twenty', async () => {
    await connect('<allframes>yes</allframes><width>320</width>');
    const asked = Date.now();
    live('<attributes framerate="low" />');
    const pictures = [await next(), await next()];
    const every = (20 * 1000) / 15;
    expect(pictures[0]!.timeMs).toBeGreaterThan(asked - every - 5);
    expect(pictures[1]!.timeMs - pictures[0]!.timeMs).toBeCloseTo(every, -1);
    for (const { timeMs, shown, look } of pictures) {
      expect(shown).toBe(timeMs);
      expect(look).toBe('320x 60');
    }
    expect(Date.now()).toBeGreaterThanOrEqual(pictures[1]!.timeMs);
  });

  it('gives every picture where no fewer are asked for, from the next one on where the first is not wanted', async () => {
    await connect('<allframes>yes</allframes>');
    const asked = Date.now();
    live('', '<sendinitialimage>no</sendinitialimage>');
    const times: number[] = [];
    while (times.length < 6) times.push((await next()).timeMs);
    expect(times[0]).toBeGreaterThan(asked);
    for (const [i, time] of times.slice(1).entries()) expect(time - times[i]!).toBeCloseTo(1000 / 15, -1);
  });

  it('gives keyframes only unless all pictures are asked for', async () => {
    await connect('');
    live('');
    const { timeMs } = await next();
    const index = plainPictures.indexAt(camera, 'sub', timeMs);
    expect(plainPictures.keyframeAtOrBefore(camera, 'sub', index)).toBe(index);
  });

  it.each([
    ['<width>320</width><height>90</height>', '320x90 60', '<width>320</width><height>90</height>'],
    ['<width>99999</width>', '1280x 60', '<width>1280</width><height>0</height>'],
    [
      '<width>100</width><height>200</height><keepaspectratio>no</keepaspectratio>',
      '100x200! 60',
      '<height>200</height><keepaspectratio>no</keepaspectratio>',
    ],
  ])('is as large as %s says', async (wish, look, told) => {
    expect(await connect(wish)).toContain(told);
    live('');
    expect((await next()).look).toBe(look);
  });

  it('tells when the camera is lost, sends nothing then, and goes on when it is back', async () => {
    await connect('<allframes>yes</allframes>');
    live('');
    await next();
    xprotect.faults.setCamera(camera.number, 'offline');
    expect(await talk.nextXml()).toContain('<statusitem id="5" value="1"/>');
    const back = Date.now();
    xprotect.faults.setCamera(camera.number, 'online');
    expect(await talk.next()).toMatchObject({
      text: expect.stringContaining('<statusitem id="5" value="0"/>'),
    });
    expect((await next()).timeMs).toBeGreaterThan(back - 100);
  });

  it('gives the same picture again and again of a camera that is frozen', async () => {
    xprotect.faults.setCamera(camera.number, 'frozen');
    await connect('<allframes>yes</allframes>');
    live('');
    const [first, second] = [await next(), await next()];
    expect(second.shown).toBe(first.shown);
    expect(second.timeMs).toBeGreaterThan(first.timeMs);
  });

  it('ends when it is stopped', async () => {
    await connect('<allframes>yes</allframes>');
    live('');
    await next();
    talk.say('stop', '', 8);
    let answer: string | undefined;
    do answer = await talk.nextXml();
    while (answer !== undefined && !answer.includes('<methodname>stop'));
    talk.say('stop', '', 9);
    expect(await talk.next()).toMatchObject({ kind: 'xml', text: expect.stringContaining('<requestid>9<') });
  });
});
