import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { ImageTalk } from '../testing/image-talk.ts';
import { plainPictures } from '../testing/plain-pictures.ts';
import { SiteSession, streamOf } from '../testing/site-session.ts';
import { startXProtect, type DemoXProtect } from '../xprotect.ts';
import { genericByteDataHeader } from './response.ts';

const camera = siteCameras[6]!;
let xprotect: DemoXProtect;
let session: SiteSession;
let talk: ImageTalk;

async function start(options: { vmsTokenLifeMs?: number } = {}): Promise<void> {
  xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures: plainPictures,
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
    for (let i = 0; i < 45; i++) {
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
});
