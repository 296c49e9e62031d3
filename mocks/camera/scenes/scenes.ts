/** The scenes that have been drawn and encoded, in the order in which a tour of the demo would show them. */
export const sceneNames = [
  'junction',
  'metro-platform',
  'highway',
  'shore-road',
  'gate',
  'bus-saloon',
  'car-park',
  'roundabout',
  'ticket-hall',
  'bus-station',
  'crossing',
  'tunnel',
  'bridge',
  'junction-night',
  'highway-night',
  'gate-night',
  'depot-night',
] as const;

export type SceneName = (typeof sceneNames)[number];

/** What a camera of the pretend site looks at: decides which cameras of which agency may show a scene. */
export type SceneKind =
  'road' | 'highway' | 'tunnel' | 'shore' | 'metro' | 'bus' | 'gate' | 'parking' | 'depot';

export interface Scene {
  readonly name: SceneName;
  readonly kind: SceneKind;
  readonly isNight: boolean;
}

/** Every scene by name. No drawing code stands behind this: it is read wherever the demo runs. */
export const scenes: Readonly<Record<SceneName, Scene>> = {
  junction: { name: 'junction', kind: 'road', isNight: false },
  'metro-platform': { name: 'metro-platform', kind: 'metro', isNight: false },
  highway: { name: 'highway', kind: 'highway', isNight: false },
  'shore-road': { name: 'shore-road', kind: 'shore', isNight: false },
  gate: { name: 'gate', kind: 'gate', isNight: false },
  'bus-saloon': { name: 'bus-saloon', kind: 'bus', isNight: false },
  'car-park': { name: 'car-park', kind: 'parking', isNight: false },
  roundabout: { name: 'roundabout', kind: 'road', isNight: false },
  'ticket-hall': { name: 'ticket-hall', kind: 'metro', isNight: false },
  'bus-station': { name: 'bus-station', kind: 'bus', isNight: false },
  crossing: { name: 'crossing', kind: 'road', isNight: false },
  tunnel: { name: 'tunnel', kind: 'tunnel', isNight: false },
  bridge: { name: 'bridge', kind: 'highway', isNight: true },
  'junction-night': { name: 'junction-night', kind: 'road', isNight: true },
  'highway-night': { name: 'highway-night', kind: 'highway', isNight: true },
  'gate-night': { name: 'gate-night', kind: 'gate', isNight: true },
  'depot-night': { name: 'depot-night', kind: 'depot', isNight: true },
};

/** Seconds after which a scene's clip flows into its own beginning. */
export const loopSeconds = 16;

/** Seconds between keyframes, and so between the points where a clip can be entered. */
export const keyframeSeconds = 2;

/** Size and rate of a scene's two clips. The picture a camera sends is two macroblock rows taller: caption and clock. */
export const clipFormats = {
  main: { width: 1280, height: 688, framesPerSecond: 25 },
  sub: { width: 640, height: 336, framesPerSecond: 15 },
} as const;

export type ClipFormat = keyof typeof clipFormats;

/** Where a scene's clip lies: raw H.264, Annex B. */
export function clipUrl(name: SceneName, format: ClipFormat): URL {
  return new URL(`../clips/${name}.${format}.h264`, import.meta.url);
}

/** Where a scene's pictures for stills lie: one JPEG for each second of the loop, one behind the other, as large as the sub clip. */
export function stillsUrl(name: SceneName): URL {
  return new URL(`../clips/${name}.stills.mjpeg`, import.meta.url);
}
