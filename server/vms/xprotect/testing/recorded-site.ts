import { onTestFinished } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import type { LivePictures } from '#mocks/xprotect/image-server/live-feed.ts';
import type { Stills } from '#mocks/xprotect/stills.ts';
import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import { startXProtect, type DemoXProtect, type DemoXProtectOptions } from '#mocks/xprotect/xprotect.ts';
import type { VmsRecordings } from '#server/vms/recordings.ts';
import type { Vms } from '#server/vms/vms.ts';
import { createXProtectVms, type XProtectOptions } from '../xprotect-vms.ts';

/** Stills whose bytes say camera, time and width in plain letters. Camera 2's recorder has none to draw. */
export const plainStills: Stills = {
  has: ({ number }) => number !== 2,
  draw: ({ number }, timeMs, width) => Buffer.from(`\xff\xd8${number} ${timeMs} ${width}`, 'latin1'),
};

export interface RecordedSite {
  readonly xprotect: DemoXProtect;
  readonly vms: Vms;
  readonly recordings: VmsRecordings & { readonly connectionCount: number };
  readonly pictures: LivePictures;
}

/** A pretend XProtect with the first sixty cameras and an adapter on it, both closed when the test is over. */
export async function recordedSite(
  options: Partial<DemoXProtectOptions> & { adapter?: Partial<XProtectOptions> } = {},
): Promise<RecordedSite> {
  const { adapter, ...ofSite } = options;
  const pictures = options.pictures ?? plainPictures;
  const xprotect = await startXProtect({
    username: 'u',
    password: 'p',
    pictures,
    stills: plainStills,
    cameras: siteCameras.slice(0, 60),
    ...ofSite,
  });
  onTestFinished(() => xprotect.close());
  const vms = createXProtectVms({ id: 'x', url: xprotect.url, username: 'u', password: 'p', ...adapter });
  onTestFinished(() => vms.close());
  const { recordings } = vms;
  if (recordings === undefined) throw new Error('The adapter has no recordings');
  return { xprotect, vms, recordings: recordings as RecordedSite['recordings'], pictures };
}
