import { describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { motionSpans, oldestKept, recordedSpans } from '#mocks/site/recordings.ts';
import { recordedSite, type RecordedSite } from '../testing/recorded-site.ts';

const hour = 3_600_000;
const never = new AbortController().signal;
const camera = siteCameras[1]!;
const end = Math.floor(Date.now() / hour) * hour - hour;
const within = { start: end - 5 * hour, end };
const truth = {
  recorded: recordedSpans(camera, within, Date.now()),
  motion: motionSpans(camera, within, Date.now()),
};
const oldest = recordedSpans(camera, { start: oldestKept(Date.now()), end }, Date.now())[0]!.start;

/** A site whose gateway offers the task, with an adapter that knows its cameras' recorders and has both tokens. */
async function offering(features: NonNullable<Parameters<typeof recordedSite>[0]>['features'] = {}) {
  const site = await recordedSite({
    features: { getSequences: true, ...features },
    adapter: { recordings: { probeMs: 400, taskMs: 400 } },
  });
  await site.vms.readDirectory(never);
  await site.vms.liveSource(camera.id, 'main', never);
  return site;
}
const isBySoap = ({ xprotect }: RecordedSite) => xprotect.calls.has('SequencesGet');

describe.each([
  ['answers 503', { failWith: 503 as const }],
  ['refuses with 400', { failWith: 400 as const }],
  ['refuses with 403', { failWith: 403 as const }],
  ['hangs', { latencyMs: 60_000 }],
])('the recorders are asked by SOAP when the gateway %s', (_how, fault) => {
  it('from the beginning, by all who wait', async () => {
    const site = await offering();
    site.xprotect.faults.setSurface('rest', fault);
    const asked = [1, 2, 3].map(() => site.recordings.spans(camera.id, within, never));
    expect(await Promise.all(asked)).toEqual([truth, truth, truth]);
    expect(await site.recordings.oldest(camera.id, never)).toBe(oldest);
    expect(isBySoap(site)).toBe(true);
  });

  it('after it has answered', async () => {
    const site = await offering();
    await site.recordings.spans(camera.id, { start: end - 30 * hour, end: end - 29 * hour }, never);
    expect(isBySoap(site)).toBe(false);
    site.xprotect.faults.setSurface('rest', fault);
    expect(await site.recordings.spans(camera.id, within, never)).toEqual(truth);
    expect(await site.recordings.oldest(camera.id, never)).toBe(oldest);
    expect(isBySoap(site)).toBe(true);
  });
});

it('says what the recorder says when neither answers', async () => {
  const { recordings, xprotect } = await offering();
  xprotect.faults.setSurface('rest', { failWith: 503 });
  xprotect.faults.setSurface('recorder-command', { failWith: 503 });
  await expect(recordings.spans(camera.id, within, never)).rejects.toMatchObject({ code: 'unavailable' });
});

it.each(['at-once', 'created', 'polled'] as const)(
  'reads the task’s answer that comes %s',
  async (taskAnswers) => {
    const site = await recordedSite({ features: { getSequences: true, taskAnswers } });
    expect(await site.recordings.spans(camera.id, within, never)).toEqual(truth);
    expect(await site.recordings.oldest(camera.id, never)).toBe(oldest);
    expect(isBySoap(site)).toBe(false);
    await expect.poll(() => site.xprotect.taskCount).toBe(0);
  },
);
