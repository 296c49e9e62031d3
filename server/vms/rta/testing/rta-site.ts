import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import { type DemoRta, type DemoRtaOptions, startRta } from '#mocks/rta/rta.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { createRtaVms, type RtaOptions } from '#server/vms/rta/rta-vms.ts';
import { RtaBlock, rtaSettings, type RtaSettings } from '#server/vms/rta/settings.ts';
import type { Vms } from '#server/vms/vms.ts';

/** Continuous: 1, 3, 5, 6; on motion: 2, 4. */
export const cameras = siteCameras.slice(0, 6);

let shared: Promise<Pictures> | undefined;
/** Read once for all tests of a file. */
export const pictures = (): Promise<Pictures> => (shared ??= openPictures());

export async function startSite(options: Partial<DemoRtaOptions> = {}): Promise<DemoRta> {
  return await startRta({
    username: 'rta-integration',
    password: 'hush',
    pictures: await pictures(),
    cameras,
    ...options,
  });
}

/** The document's block, with this server's addresses in it. */
export function settingsFor(rta: DemoRta, more: object = {}): RtaSettings {
  const block = RtaBlock.parse({
    server_url: rta.url,
    rtsp_base_url: rta.rtspUrl,
    api_port: rta.mobilePort,
    username: 'rta-integration',
    password: 'hush',
    ...more,
  });
  return rtaSettings(block, block.password);
}

export function vmsFor(rta: DemoRta, more: object = {}, options: Partial<RtaOptions> = {}): Vms {
  return createRtaVms({ id: 'milestone', settings: settingsFor(rta, more), ...options });
}
