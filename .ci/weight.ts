import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** One file of a route's first load. */
export interface Weighed {
  readonly file: string;
  readonly bytes: number;
  readonly gzippedBytes: number;
}

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
}

const generated = '.svelte-kit/generated/build/client-optimized';
const built = '.svelte-kit/output/client';

/**
 * The JavaScript that the last build has a browser load before a page of the app is drawn: what starts the app, the
 * route's layouts and page, and all they import; not what they load when it is needed. `route` is SvelteKit's name for
 * it, as `/(app)`. Heaviest first. Throws when nothing was built, or there is no such route.
 */
export function weigh(route: string): readonly Weighed[] {
  const manifest = JSON.parse(readFileSync(path.join(built, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    Chunk
  >;
  const app = readFileSync(path.join(generated, 'app.js'), 'utf8');
  const line = new RegExp(`${JSON.stringify(route).replace(/[()[\]/.]/g, String.raw`\$&`)}: \\[(.*)\\]`).exec(
    app,
  )?.[1];
  if (line === undefined) throw new Error(`There is no route ${route}`);
  const nodes = [0, ...(line.match(/\d+/g) ?? []).map(Number)];
  const roots = [
    ...Object.keys(manifest).filter((name) => /@sveltejs\/kit\/.*\/(entry|payload)\.js$/.test(name)),
    `${generated}/app.js`,
    ...nodes.map((node) => `${generated}/nodes/${node}.js`),
  ];
  const weighed = new Map<string, Weighed>();
  const add = (name: string): void => {
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`${name} was not built`);
    if (weighed.has(chunk.file)) return;
    const content = readFileSync(path.join(built, chunk.file));
    weighed.set(chunk.file, {
      file: chunk.file,
      bytes: content.length,
      gzippedBytes: gzipSync(content, { level: 9 }).length,
    });
    chunk.imports?.forEach(add);
  };
  roots.forEach(add);
  return [...weighed.values()].sort((a, b) => b.gzippedBytes - a.gzippedBytes);
}

/** The most that the wall may load before its lazy parts, gzipped bytes. */
export const heaviestWall = 120_000;
