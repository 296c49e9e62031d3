import type { Plugin } from 'vitest/config';

/**
 * Parts of Zod that the app never asks for, and that its classic API keeps from being shaken off: JSON schemas of
 * schemas, values that contain themselves, words for errors that nobody reads here.
 */
const unused: Readonly<Record<string, string>> = {
  'zod/v4/core/to-json-schema.js':
    'createStandardJSONSchemaMethod createToJSONSchemaMethod extractDefs finalize handleUnrepresentable initializeContext process processSchema',
  'zod/v4/core/json-schema-processors.js': 'aggregateChecks allProcessors toJSONSchema',
  'zod/v4/core/memoizer.js': 'isBackEdge isRecursiveSchema memoizer',
  'zod/v4/locales/en.js': 'default',
};

/** The formats as methods of strings (`z.string().email()`), which Zod 4 has deprecated for `z.email()`: all or none. */
const formatMethods =
  /(export const ZodString = [^{]*\{\s*core\.\$ZodString\.init\(inst, def\);\s*_ZodString\.init\(inst, def\);\s*\}), \{[\s\S]*?\n\}\);/;
const usesFormatMethod =
  /\bz\s*\.string\(\)[^;,]*?\.(?:email|url|jwt|emoji|guid|uuid\w*|nanoid|cuid2?|ulid|xid|ksuid|base64\w*|ipv[46]|cidrv[46]|mac|e164|datetime|date|time|duration)\(/;

/**
 * Objects that are parsed by code made at run time: the app's Content-Security-Policy allows none, and trying it, as Zod does,
 * is an offence that browsers report.
 */
const madeAtRunTime = 'core.$ZodObjectJIT.init(';

/** Leaves out of the built app what is in Zod for others: a third of its weight in the first load. */
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
    transform(code, id) {
      if (this.environment.name !== 'client') return undefined;
      if (id.endsWith('zod/v4/classic/schemas.js')) {
        if (!code.includes(madeAtRunTime))
          this.error(`Zod has no ${madeAtRunTime}…) any more (vite.lean.ts)`);
        return code.replace(formatMethods, '$1);').replace(madeAtRunTime, 'core.$ZodObject.init(');
      }
      const used = id.includes('/src/') && id.endsWith('.ts') ? usesFormatMethod.exec(code)?.[0] : undefined;
      if (used !== undefined) this.error(`${used}…: write z.email(), z.uuid() and so on (vite.lean.ts)`);
      return undefined;
    },
  };
}
