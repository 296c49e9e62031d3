import path from 'node:path';
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

/**
 * Who may lean on whom (docs/architecture.md). A key is a folder, or one file with the weight of a folder; the
 * longest key that fits a file is the place it belongs to. A place may always import from itself, never from
 * what is not listed. `*` lets a place import anything: only where parts meet.
 */
const vmsPort = ['vms', 'recordings', 'playback-feed', 'shared-work'].map((part) => `server/vms/${part}.ts`);
const ports = [...vmsPort, 'server/gateway/gateway.ts'];
const nouns = [
  'account',
  'audit',
  'cameras',
  'evidence',
  'health',
  'live',
  'news',
  'quality',
  'recordings',
  'walls',
].map((noun) => `server/${noun}`);
const contract = 'src/lib/contract';
const lib = (/** @type {string[]} */ ...names) => names.map((name) => `src/lib/${name}`);

/** @type {Record<string, string[]>} */
const mayLeanOn = {
  'src/lib/contract': [],
  'src/lib/ui': [],
  'src/lib/api': [contract],
  'src/lib/media': [contract],
  'src/lib/player': [contract, ...lib('api', 'media', 'ui')],
  'src/lib/account': [contract, ...lib('api', 'ui')],
  'src/lib/cameras': [contract, ...lib('api', 'ui')],
  'src/lib/quality': [contract, ...lib('api', 'media', 'player', 'ui')],
  'src/lib/wall': [contract, ...lib('api', 'cameras', 'player', 'quality', 'media', 'ui')],
  // The one place where the wall looks back; the recordings never look at the wall.
  'src/lib/wall/rewind': [contract, ...lib('api', 'cameras', 'recordings', 'ui')],
  'src/lib/recordings': [contract, ...lib('api', 'cameras', 'player', 'media', 'ui')],
  'src/lib/evidence': [contract, ...lib('api', 'cameras', 'recordings', 'player', 'ui')],
  'src/lib/kiosk': [contract, ...lib('api', 'cameras', 'wall', 'player', 'ui')],
  'src/routes': ['src/lib'],
  'src/hooks.client.ts': ['src/lib', 'mocks'],

  'server/http': [contract],
  'server/store': [contract],
  ...Object.fromEntries(
    nouns.map((noun) => [
      noun,
      [contract, 'server/http', 'server/livekit', 'server/store', ...nouns, ...ports],
    ]),
  ),
  'server/recordings': [contract, 'server/http', 'server/store', 'server/fmp4', ...nouns, ...ports],
  'server/evidence': [contract, 'server/http', 'server/store', 'server/fmp4', ...nouns, ...ports],
  'server/fmp4': [],
  'server/vms/vms.ts': [contract, ...vmsPort],
  'server/vms/recordings.ts': [contract],
  'server/vms/playback-feed.ts': [],
  'server/vms/shared-work.ts': [],
  'server/vms/xprotect': [contract, ...vmsPort],
  'server/vms/static': [contract, ...vmsPort],
  'server/vms/rta': [contract, ...vmsPort],
  'server/gateway/gateway.ts': vmsPort,
  'server/gateway/engine': [contract, ...ports, 'server/livekit/publisher.ts'],
  'server/livekit': [],
  'server/engine': [contract, 'server/fmp4', 'server/vms/xprotect/image-server'],
  'server/supervisor': ['server/config.ts'],
  server: ['*'],

  mocks: [contract],
  e2e: [contract, 'mocks', '.ci'],
  bench: ['*'],
  '.ci': ['eslint.config.js'],
};
const places = Object.keys(mayLeanOn).sort((a, b) => b.length - a.length);
const isIn = (/** @type {string} */ file, /** @type {string} */ place) =>
  file === place ||
  file.startsWith(`${place}/`) ||
  (place.endsWith('image-server') && file.startsWith(place));

/** What may stand where within a folder: `.ts` computes, `.svelte.ts` remembers, `.svelte` draws. */
const kindOf = (/** @type {string} */ file) =>
  file.endsWith('.svelte') ? 2 : file.includes('.svelte.') ? 1 : 0;
const kinds = ['computes', 'remembers', 'draws'];

const aliases = {
  '#contract/': 'src/lib/contract/',
  '#lib/': 'src/lib/',
  '#server/': 'server/',
  '#mocks/': 'mocks/',
};

/** @type {import('eslint').Rule.RuleModule} */
export const leanOnlyOn = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const root = context.cwd;
    const file = path.relative(root, context.filename);
    const isTest = /\.test\.ts$/.test(file) || file.includes('/testing/');
    const place = places.find((key) => isIn(file, key));

    /** @param {import('estree').Node & { source?: import('estree').Expression | null }} node */
    function check(node) {
      const source = node.source;
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const name = source.value.replace(/\?.*$/, '');
      const alias = Object.entries(aliases).find(([prefix]) => name.startsWith(prefix));
      const target = alias
        ? alias[1] + name.slice(alias[0].length)
        : name.startsWith('.')
          ? path.relative(root, path.resolve(path.dirname(context.filename), name))
          : undefined;
      if (target === undefined || place === undefined) return;
      const rule = mayLeanOn[place] ?? [];
      const isAllowed =
        isIn(target, place) ||
        rule.includes('*') ||
        rule.some((key) => isIn(target, key)) ||
        (isTest && (isIn(target, 'mocks') || target.startsWith('.ci/') || isIn(file, 'server')));
      if (!isAllowed)
        context.report({ node, message: `${place} must not lean on ${target} (docs/architecture.md).` });
      else if (
        name.startsWith('../') &&
        Object.values(aliases).some((folder) => target.startsWith(folder)) &&
        places.find((key) => isIn(target, key)) !== place
      )
        context.report({ node, message: `Name another folder by its alias: ${target}.` });
      if (!isTest && file.startsWith('src/lib/') && kindOf(target) > kindOf(file))
        context.report({
          node,
          message: `A file that ${kinds[kindOf(file)]} must not import one that ${kinds[kindOf(target)]}.`,
        });
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
    };
  },
};

export default ts.config(
  {
    ignores: [
      'build/',
      '.svelte-kit/',
      '.cache/',
      '.parapet/',
      'mocks/mockServiceWorker.js',
      'test-results/',
    ],
  },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        extraFileExtensions: ['.svelte'],
      },
    },
    plugins: { house: { rules: { 'lean-only-on': leanOnlyOn } } },
    rules: {
      'house/lean-only-on': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A hash look-up by a checked key is this code's way; the compiler already adds `undefined`.
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    files: ['**/*.svelte'],
    rules: {
      'svelte/no-navigation-without-resolve': 'off',
      // What other components give to a snippet or an event is `any` to ESLint; svelte-check knows and checks it.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.test.ts', 'e2e/**', 'bench/**', 'mocks/**', '.ci/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
    },
  },
  // A catalogue is as long as the app has words.
  { files: ['src/lib/ui/words/*.ts'], rules: { 'max-lines': 'off' } },
  // Programs that talk to the person who started them.
  {
    files: [
      '.ci/**',
      'bench/**',
      'server/supervisor/**',
      'server/main.ts',
      'server/doctor/main.ts',
      'mocks/**/main.ts',
      'mocks/camera/scenes/encode.ts',
      'e2e/real/**',
    ],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.js'], ...ts.configs.disableTypeChecked },
);
