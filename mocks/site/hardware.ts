import { siteCameras, type SiteCamera } from './cameras.ts';
import { guid } from './guid.ts';

/** A recording server of the pretend site. */
export interface SiteRecorder {
  /** 1…6. */
  readonly number: number;
  readonly id: string;
  readonly name: string;
}

/** A box in the field: one camera, or an encoder with four channels. */
export interface SiteHardware {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  /** An address of the documentation range (RFC 5737 and its neighbours); nothing answers there. */
  readonly address: string;
  readonly recorderId: string;
  /** By channel; `undefined` is a channel with nothing plugged in, which XProtect keeps as a disabled camera. */
  readonly channels: readonly (SiteCamera | undefined)[];
}

/** The six recorders. */
export const siteRecorders: readonly SiteRecorder[] = [1, 2, 3, 4, 5, 6].map((number) => ({
  number,
  id: guid(`recorder ${number}`),
  name: `REC-0${number}`,
}));

/** The last cameras, in car parks, tunnels and on bridges, hang on four-channel encoders. */
const firstOnEncoder = 394;
const channelsPerEncoder = 4;

function recorderNumber(camera: SiteCamera): number {
  if (camera.agency === 'police') return 1;
  if (camera.agency !== 'other') return 2;
  return 3 + Math.min(3, Math.floor((camera.number - 101) / 100));
}

function hardware(index: number, channels: readonly (SiteCamera | undefined)[]): SiteHardware {
  const first = channels[0];
  const address = `198.51.${100 + Math.floor(index / 250)}.${(index % 250) + 1}`;
  const model = channels.length > 1 ? 'Parapet Encoder 4' : first?.hasPtz ? 'Parapet Dome' : 'Parapet Bullet';
  return {
    id: guid(`hardware ${index + 1}`),
    name: `${model} (${address})`,
    model,
    address: `http://${address}/`,
    recorderId: siteRecorders[(first ? recorderNumber(first) : 1) - 1]?.id ?? '',
    channels,
  };
}

function install(): SiteHardware[] {
  const boxes: (readonly (SiteCamera | undefined)[])[] = siteCameras
    .slice(0, firstOnEncoder - 1)
    .map((camera) => [camera]);
  for (let i = firstOnEncoder - 1; i < siteCameras.length; i += channelsPerEncoder)
    boxes.push(Array.from({ length: channelsPerEncoder }, (_, channel) => siteCameras[i + channel]));
  return boxes.map((channels, index) => hardware(index, channels));
}

/** 420 boxes for the 500 cameras; the last encoder has a spare channel. */
export const siteHardware: readonly SiteHardware[] = install();
