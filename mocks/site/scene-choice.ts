import { sceneNames, scenes, type SceneKind } from '#mocks/camera/scenes/scenes.ts';

/** What to show where no scene of the wished kind has been drawn: the nearest in look. */
const nextBest: Readonly<Record<SceneKind, readonly SceneKind[]>> = {
  road: ['highway', 'shore'],
  highway: ['road', 'shore'],
  tunnel: ['highway', 'road'],
  shore: ['highway', 'road'],
  metro: ['bus', 'gate'],
  bus: ['depot', 'metro'],
  gate: ['parking', 'road'],
  parking: ['gate', 'depot', 'road'],
  depot: ['parking', 'gate', 'bus'],
};

/** The scene that camera `number` looks at: one of its kind, shared out evenly over the cameras of that kind. */
export function sceneFor(kind: SceneKind, number: number): string {
  for (const wished of [kind, ...nextBest[kind]]) {
    const drawn = sceneNames.filter((name) => scenes[name].kind === wished);
    const scene = drawn[number % Math.max(1, drawn.length)];
    if (scene !== undefined) return scene;
  }
  return sceneNames[number % sceneNames.length] ?? 'junction';
}
