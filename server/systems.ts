import { readFile } from 'node:fs/promises';
import type { Config, VmsSettings } from './config.ts';
import type { Logger } from './http/log.ts';
import type { CameraEntry } from './vms/static/camera-list.ts';
import { createStaticVms } from './vms/static/static-vms.ts';
import type { PlaybackFeed } from './vms/playback-feed.ts';
import { createRtaVms } from './vms/rta/rta-vms.ts';
import type { Vms } from './vms/vms.ts';
import { createXProtectVms } from './vms/xprotect/xprotect-vms.ts';

async function open(settings: VmsSettings, log: Logger, feed: PlaybackFeed | undefined): Promise<Vms> {
  const { id } = settings;
  if (settings.kind === 'rta') {
    const { caFile } = settings;
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    return createRtaVms({ id, settings, ca, feed, log });
  }
  if (settings.kind === 'xprotect') {
    const { url, username, password, caFile } = settings;
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    return createXProtectVms({ id, url, username, password, ca, log });
  }
  // A faulty list throws words that name every fault.
  return createStaticVms({
    id,
    ...(settings.file === undefined ? {} : { file: settings.file }),
    ...(settings.cameras === undefined ? {} : { cameras: settings.cameras as readonly CameraEntry[] }),
  });
}

/**
 * The configured VMS, or the demo's XProtect where none is configured.
 * @param feed plays recordings for those that have only an RTSP address of them
 */
export async function openSystems(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
  feed?: PlaybackFeed,
): Promise<Vms[]> {
  const demo: VmsSettings = {
    id: 'demo',
    kind: 'xprotect',
    url: env['PARAPET_DEMO_XPROTECT_URL'] ?? '',
    username: env['PARAPET_DEMO_XPROTECT_USER'] ?? '',
    password: env['PARAPET_DEMO_XPROTECT_PASSWORD'] ?? '',
  };
  return await Promise.all(
    (config.isDemo ? [demo] : config.vms).map((settings) => open(settings, log, feed)),
  );
}
