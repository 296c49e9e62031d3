import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { startXProtect } from '#mocks/xprotect/xprotect.ts';
import type { VmsRecordings } from '#server/vms/recordings.ts';
import { createXProtectVms } from '#server/vms/xprotect/xprotect-vms.ts';
import { quantile } from './statistics.ts';

const day = 86_400_000;
const goTos = 300;
const frames = 3000;
const signal = (): AbortSignal => AbortSignal.timeout(120_000);
const ms = (value: number): number => Math.round(value * 100) / 100;
const spreadOf = (values: readonly number[]) => ({
  p50: ms(quantile(values, 0.5)),
  p95: ms(quantile(values, 0.95)),
  n: values.length,
});

/** Coded frames from the pretend recorder: a jump to anywhere in a month, ms, and frames a second in sequence. */
async function measureFrames(recordings: VmsRecordings, stream: 'main' | 'sub') {
  const cursor = await recordings.cursor(siteCameras[0]!.id, stream, signal());
  const now = Date.now();
  const jump = async (i: number, keyframe: boolean): Promise<number> => {
    const start = performance.now();
    await cursor.at(now - day - ((i * 7_919_777) % (30 * day)), { keyframe }, signal());
    return performance.now() - start;
  };
  for (let i = 0; i < 20; i++) await jump(i, true);
  const keyframe: number[] = [];
  const exact: number[] = [];
  for (let i = 0; i < goTos; i++) {
    keyframe.push(await jump(i, true));
    exact.push(await jump(i, false));
  }
  await cursor.at(now - 2 * day, { keyframe: true }, signal());
  const start = performance.now();
  let bytes = 0;
  for (let i = 0; i < frames; i++)
    for (const unit of (await cursor.next(signal()))?.units ?? []) bytes += unit.length;
  const seconds = (performance.now() - start) / 1000;
  cursor.close();
  return {
    gotoKeyframeMs: spreadOf(keyframe),
    gotoExactMs: spreadOf(exact),
    nextPerSecond: Math.round(frames / seconds),
    mbytePerSecond: ms(bytes / 1e6 / seconds),
  };
}

/** Ninety days of spans of nine cameras, ms for all: asked for the first time and again. */
async function measureSpans(recordings: VmsRecordings, resolutionMs = 1) {
  const now = Date.now();
  const read = async () => {
    const start = performance.now();
    const found = await Promise.all(
      siteCameras
        .slice(0, 9)
        .map(({ id }) => recordings.spans(id, { start: now - 90 * day, end: now }, signal(), resolutionMs)),
    );
    return {
      ms: Math.round(performance.now() - start),
      recorded: found.reduce((sum, { recorded }) => sum + recorded.length, 0),
      motion: found.reduce((sum, { motion }) => sum + motion.length, 0),
    };
  };
  return { cold: await read(), warm: await read() };
}

/** What the adapter gets out of the pretend XProtect, both in this process: an upper bound for its own share. */
export async function run(): Promise<object> {
  const pictures = await openPictures();
  const xprotect = await startXProtect({ username: 'bench', password: 'bench', pictures });
  const login = { username: 'bench', password: 'bench' };
  const bySoap = createXProtectVms({ id: 'soap', url: xprotect.url, ...login });
  const byTask = createXProtectVms({ id: 'task', url: xprotect.url, ...login });
  try {
    const recordings = bySoap.recordings!;
    const result = {
      main: await measureFrames(recordings, 'main'),
      sub: await measureFrames(recordings, 'sub'),
      ninetyDaysOfNineInBits: await measureSpans(recordings, 2 ** 21),
      ninetyDaysOfNineBySoap: await measureSpans(recordings),
    };
    xprotect.features.change({ getSequences: true });
    return { ...result, ninetyDaysOfNineByTask: await measureSpans(byTask.recordings!) };
  } finally {
    await Promise.all([bySoap.close(), byTask.close()]);
    await xprotect.close();
  }
}
