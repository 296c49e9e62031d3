import type { Plugin } from 'vitest/config';

/**
 * Parts of Zod that the app never asks for, and that its classic API keeps from being shaken off: JSON schemas of
 * schemas, and values that contain themselves. A sixth of Zod's weight in the first load.
 */
const unused: Readonly<Record<string, string>> = {
  'zod/v4/core/to-json-schema.js':
    'createStandardJSONSchemaMethod createToJSONSchemaMethod extractDefs finalize handleUnrepresentable initializeContext process processSchema',
  'zod/v4/core/json-schema-processors.js': 'aggregateChecks allProcessors toJSONSchema',
  'zod/v4/core/memoizer.js': 'isBackEdge isRecursiveSchema memoizer',
};

/** Leaves out of the built app what is in Zod for others. What is named here gives nothing when it is called. */
export function leanZod(): Plugin {
  return {
    name: 'lean-zod',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      if (this.environment.name !== 'client') return undefined;
      const names = Object.entries(unused).find(([file]) => id.endsWith(file))?.[1];
      if (names === undefined) return undefined;
      const exported = names.split(' ').map((name) => `none as ${name}`);
      return `const none = () => undefined;\nexport { ${exported.join(', ')} };`;
    },
  };
}
