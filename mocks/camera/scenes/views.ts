import { clipFormats, type ClipFormat, type SceneName } from './scenes.ts';
import { Stage, type View } from './render/stage.ts';

/** How every scene is drawn. Loaded one at a time: a view builds its whole set when it is asked for. */
export const views: Readonly<Record<SceneName, () => Promise<View>>> = {
  junction: async () => (await import('./views/junction.ts')).junction(false),
  'metro-platform': async () => (await import('./views/metro-platform.ts')).metroPlatform(),
  highway: async () => (await import('./views/highway.ts')).highway(false),
  tunnel: async () => (await import('./views/tunnel.ts')).tunnel(),
  'junction-night': async () => (await import('./views/junction.ts')).junction(true),
  'highway-night': async () => (await import('./views/highway.ts')).highway(true),
};

/** A scene's stage in the size of one of its clips. */
export async function stageOf(name: SceneName, format: ClipFormat): Promise<Stage> {
  const { width, height } = clipFormats[format];
  return new Stage(await views[name](), width, height, 1280 / width);
}
