import path from 'node:path';
import { Linter } from 'eslint';
import { expect, it } from 'vitest';
import { leanOnlyOn } from '../eslint.config.js';

const linter = new Linter({ configType: 'flat' });
const complaints = (file: string, code: string): string[] =>
  linter
    .verify(
      code,
      {
        files: ['**/*.*'],
        plugins: { house: { rules: { 'lean-only-on': leanOnlyOn } } },
        rules: { 'house/lean-only-on': 'error' },
      },
      { filename: path.resolve(file) },
    )
    .map((message) => message.message);

it.each([
  ['src/lib/ui/button.ts', `import '#lib/cameras/search.ts'`],
  ['src/lib/player/state.ts', `import '#lib/wall/layouts.ts'`],
  ['src/lib/media/open.ts', `import '#lib/api/call.ts'`],
  ['src/lib/contract/wall.ts', `import '#lib/wall/layouts.ts'`],
  ['src/lib/wall/layouts.ts', `import '#server/app.ts'`],
  ['src/lib/wall/layouts.ts', `export * from '../recordings/scale.ts'`],
  ['server/live/routes.ts', `import '#server/vms/xprotect/tokens.ts'`],
  ['server/walls/routes.ts', `import '#server/gateway/engine/client.ts'`],
  ['server/engine/main.ts', `import '#server/live/leases.ts'`],
  ['server/engine/source.ts', `await import('#server/vms/xprotect/tokens.ts')`],
  ['server/vms/xprotect/vms.ts', `import '#server/gateway/gateway.ts'`],
  ['mocks/handlers.ts', `import '#server/app.ts'`],
  ['e2e/wall.spec.ts', `import '#lib/player/state.ts'`],
])('%s may not say: %s', (file, code) => {
  expect(complaints(file, code)).toEqual([expect.stringContaining('must not lean on')]);
});

it.each([
  ['src/lib/player/state.ts', `import '#lib/media/media-source.ts'`],
  ['src/lib/wall/wall.svelte.ts', `import '#lib/player/player.svelte.ts'`],
  ['src/routes/+page.svelte', `import '#lib/wall/Wall.svelte'`],
  ['server/live/routes.ts', `import '#server/gateway/gateway.ts'`],
  ['server/engine/source.ts', `import '#server/vms/xprotect/image-server.ts'`],
  ['server/bff.ts', `import '#server/vms/xprotect/vms.ts'`],
  ['mocks/handlers.ts', `import '#contract/routes.ts'`],
])('%s may say: %s', (file, code) => {
  expect(complaints(file, code)).toEqual([]);
});

it('logic does not lean on what remembers, nor that on what draws', () => {
  expect(complaints('src/lib/player/state.ts', `import './player.svelte.ts'`)).toEqual([
    expect.stringContaining('computes must not import'),
  ]);
  expect(complaints('src/lib/player/player.svelte.ts', `import './Player.svelte'`)).toEqual([
    expect.stringContaining('remembers must not import'),
  ]);
  expect(complaints('src/lib/player/player.svelte.ts', `import './state.ts'`)).toEqual([]);
});

it('a neighbouring folder is named by its alias, so that moving a file shows what it leans on', () => {
  expect(complaints('src/lib/player/state.ts', `import '../media/media-source.ts'`)).toEqual([
    expect.stringContaining('by its alias'),
  ]);
});
