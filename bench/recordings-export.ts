import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Export } from '#contract/evidence.ts';
import { watchCost } from './process-cost.ts';
import type { Client, RecordedSite } from './recorded-site.ts';

const minute = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

async function request(
  client: Client,
  cameraIds: readonly string[],
  { end, minutes, stream }: { end: number; minutes: number; stream: 'main' | 'sub' },
): Promise<string> {
  const { id } = await client.json<Export>('POST', '/api/exports', {
    title: 'Bench',
    cameraIds,
    start: iso(end - minutes * minute),
    end: iso(end),
    stream,
    reason: 'How fast it is',
  });
  return id;
}

async function done(client: Client, id: string): Promise<Export> {
  for (;;) {
    const found = await client.json<Export>('GET', `/api/exports/${id}`);
    if (found.state.status !== 'queued' && found.state.status !== 'running') return found;
    await sleep(50);
  }
}

/** How fast recordings of a few cameras are exported, and at what cost. */
export async function exportSome(
  site: RecordedSite,
  client: Client,
  cameraIds: readonly string[],
  minutes: number,
): Promise<object> {
  const end = Math.floor((Date.now() - 5 * 24 * 60 * minute) / 1000) * 1000;
  const cost = watchCost({ bff: site.bffPid });
  const began = performance.now();
  const { state, progress } = await done(
    client,
    await request(client, cameraIds, { end, minutes, stream: 'main' }),
  );
  const s = (performance.now() - began) / 1000;
  return {
    status: state.status,
    recordedMinutes: Math.round(progress.totalMs / minute),
    megabytes: Math.round(progress.bytes / 1e6),
    seconds: Number(s.toFixed(1)),
    megabytesPerSecond: Number((progress.bytes / 1e6 / s).toFixed(1)),
    timesRealTime: Math.round(progress.doneMs / 1000 / s),
    cost: cost(),
  };
}

/**
 * An hour of a camera, once undisturbed, once with the BFF killed so many times on the way: the films have to be the same
 * to the byte. The hashes are taken here, of what is fetched.
 */
export async function exportOverKills(
  site: RecordedSite,
  cameraId: string,
  kills: number,
): Promise<{ isSame: boolean; kills: number; megabytes: number; resumedSeconds: number }> {
  const end = Math.floor((Date.now() - 7 * 24 * 60 * minute) / 1000) * 1000;
  const wish = { end, minutes: 60, stream: 'sub' } as const;
  let client = await site.signIn();
  const hashes = async (id: string): Promise<string[]> => {
    const { files } = await client.json<Export>('GET', `/api/exports/${id}`);
    const all: string[] = [];
    for (const { name, kind } of files) {
      if (kind !== 'video') continue;
      const response = await client.send('GET', `/api/exports/${id}/files/${name}`);
      const hash = createHash('sha256');
      for await (const part of response.body ?? []) hash.update(part);
      all.push(hash.digest('hex'));
    }
    return all;
  };
  const undisturbed = await request(client, [cameraId], wish);
  const whole = await done(client, undisturbed);
  const expected = await hashes(undisturbed);

  const id = await request(client, [cameraId], wish);
  let killed = 0;
  while (killed < kills) {
    const { progress, state } = await client.json<Export>('GET', `/api/exports/${id}`);
    if (state.status !== 'queued' && state.status !== 'running') break;
    // Somewhere on the way, each time farther on.
    if (progress.bytes < (whole.progress.bytes * (killed + 1)) / (kills + 2)) {
      await sleep(10);
      continue;
    }
    await site.killBff();
    killed += 1;
    await site.startBff();
    client = await site.signIn();
  }
  const began = performance.now();
  const again = await done(client, id);
  return {
    isSame: again.state.status === 'done' && JSON.stringify(await hashes(id)) === JSON.stringify(expected),
    kills: killed,
    megabytes: Math.round(again.progress.bytes / 1e6),
    resumedSeconds: Number(((performance.now() - began) / 1000).toFixed(1)),
  };
}
