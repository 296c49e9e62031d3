import { clipFormats, type ClipFormat, type SceneName } from './scenes.ts';
import { Stage, type View } from './render/stage.ts';

/** How every scene is drawn. Loaded one at a time: a view builds its whole set when it is asked for. */
export const views: Readonly<Record<SceneName, () => Promise<View>>> = {
  junction: async () => (await import('./views/junction.ts')).junction(false),
  'metro-platform': async () => (await import('./views/metro-platform.ts')).metroPlatform(),
  highway: async () => (await import('./views/highway.ts')).highway(false),
  tunnel: async () => (await import('./views/tunnel.ts')).tunnel(),
  roundabout: async () => (await import('./views/roundabout.ts')).roundabout(),
  'car-park': async () => (await import('./views/car-park.ts')).carPark(),
  'shore-road': async () => (await import('./views/shore-road.ts')).shoreRoad(),
  gate: async () => (await import('./views/gate.ts')).gate(false),
  'gate-night': async () => (await import('./views/gate.ts')).gate(true),
  'bus-saloon': async () => (await import('./views/bus-saloon.ts')).busSaloon(),
  'ticket-hall': async () => (await import('./views/ticket-hall.ts')).ticketHall(),
  'bus-station': async () => (await import('./views/bus-station.ts')).busStation(),
  bridge: async () => (await import('./views/bridge.ts')).bridge(),
  'depot-night': async () => (await import('./views/depot-night.ts')).depotNight(),
  crossing: async () => (await import('./views/crossing.ts')).crossing(),
  'junction-night': async () => (await import('./views/junction.ts')).junction(true),
  'highway-night': async () => (await import('./views/highway.ts')).highway(true),
};

/** A scene's stage in the size of one of its clips. */
export async function stageOf(name: SceneName, format: ClipFormat): Promise<Stage> {
  const { width, height } = clipFormats[format];
  return new Stage(await views[name](), width, height, 1280 / width);
}
