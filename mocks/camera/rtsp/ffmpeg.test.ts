import { expect, it } from 'vitest';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { camerasFor } from './testing/cameras.ts';
import { decode, hasFfmpeg, probe } from './testing/ffmpeg.ts';

const subjects = [
  { number: 1, caption: 'Corniche Road', scene: 'junction' },
  { number: 2, caption: 'Station North', scene: 'junction' },
];
const login = { username: 'viewer', password: 'secret' };
const withLogin = (url: string) => url.replace('//', `//${login.username}:${login.password}@`);
/** A second of pictures fewer is still fine on a busy machine; a stream that stops is not. */
const enough = (seconds: number, framesPerSecond: number) => (seconds - 1) * framesPerSecond;
const patience = { timeout: 20_000 };

it.skipIf(!hasFfmpeg)('lets FFmpeg decode both streams over both transports', patience, async () => {
  const auth = { kind: 'digest', ...login } as const;
  const cameras = await camerasFor({ subjects, pictures: await openPictures(), auth });
  const tries = [
    ['tcp', 'sub', 15],
    ['udp', 'sub', 15],
    ['tcp', 'main', 25],
  ] as const;
  const decoded = await Promise.all(
    tries.map(([transport, format]) => decode(withLogin(cameras.url(1, format)), transport, 3)),
  );
  expect(decoded.map(({ complaints }) => complaints)).toEqual(['', '', '']);
  for (const [i, [, , rate]] of tries.entries()) {
    const pictures = decoded[i]?.pictures ?? [];
    expect(pictures.length).toBeGreaterThan(enough(3, rate));
    // The burned-in clock makes every picture another.
    expect(new Set(pictures).size).toBe(pictures.length);
  }
});

it.skipIf(!hasFfmpeg)('stands still when it is frozen, for FFmpeg too', patience, async () => {
  const cameras = await camerasFor({ subjects, pictures: await openPictures() });
  cameras.faults.set(2, { frozen: true });
  const { complaints, pictures } = await decode(cameras.url(2, 'sub'), 'tcp', 3);
  expect(complaints).toBe('');
  expect(pictures.length).toBeGreaterThan(enough(3, 15));
  // What was taken before the freeze still comes (at most two seconds of it), then one picture again and again.
  const still = pictures.slice(-15);
  expect(new Set(still).size).toBe(1);
});

it.skipIf(!hasFfmpeg)('is a proper Main stream with B pictures where told so', patience, async () => {
  const cameras = await camerasFor({ subjects, pictures: await openPictures() });
  cameras.faults.set(1, { bFrames: true });
  const url = cameras.url(1, 'sub');
  const [{ complaints, pictures }, frames] = await Promise.all([decode(url, 'tcp', 3), probe(url, 36)]);
  expect(complaints).toBe('');
  expect(pictures.length).toBeGreaterThan(enough(3, 15));
  const keyframe = frames.findIndex(({ type }) => type === 'I');
  expect(frames.slice(keyframe, keyframe + 6).map(({ type }) => type)).toEqual([
    'I',
    'B',
    'P',
    'B',
    'P',
    'B',
  ]);
  const times = frames.map(({ timeS }) => timeS);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});
