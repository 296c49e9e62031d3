import { sceneNames, scenes, type SceneKind, type SceneName } from '#mocks/camera/scenes/scenes.ts';

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

/** What a camera's name promises, and the scenes that keep it. The first that fits decides. */
const promises: readonly (readonly [promise: RegExp, kept: readonly SceneName[]])[] = [
  [/crossing/i, ['crossing']],
  [/platform/i, ['metro-platform']],
  [/concourse|ticket|hall|gates|escalator|entrance/i, ['ticket-hall']],
  [/saloon|driver|door/i, ['bus-saloon']],
  [/bay|bus station|stop/i, ['bus-station']],
  [/bridge/i, ['bridge', 'highway']],
  [/square|roundabout/i, ['roundabout']],
  [/interchange/i, ['junction', 'junction-night', 'highway', 'roundabout', 'highway-night']],
];

/**
 * The scene that camera `number` looks at: the one that its name promises if it has been drawn, else one of its kind,
 * shared out evenly over the cameras of that kind.
 */
export function sceneFor(kind: SceneKind, number: number, name: string): string {
  const kept = promises.find(([promise]) => promise.test(name))?.[1].filter((scene) => scene in scenes) ?? [];
  const fitting = kept.filter(
    (scene) => scenes[scene].kind === kind || nextBest[kind].includes(scenes[scene].kind),
  );
  const promised = fitting[number % Math.max(1, fitting.length)];
  if (promised !== undefined) return promised;
  for (const wished of [kind, ...nextBest[kind]]) {
    const drawn = sceneNames.filter((name) => scenes[name].kind === wished);
    const scene = drawn[number % Math.max(1, drawn.length)];
    if (scene !== undefined) return scene;
  }
  return sceneNames[number % sceneNames.length] ?? 'junction';
}
