import { spawnSync } from 'node:child_process';
import { heaviestWall, weigh } from '../.ci/weight.ts';
import { missesOf } from './limits.ts';

/**
 * What a browser loads before the wall is drawn, from a build of its own: gzipped JavaScript without lazy parts. The
 * same on every machine. Option: `--route '/(app)'`.
 */
export async function run(options: Record<string, string>): Promise<object> {
  const built = spawnSync('vite', ['build', '--logLevel', 'error'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The app could not be built:\n${built.stderr}`);
  const files = weigh(options['route'] ?? '/(app)');
  const gzippedBytes = files.reduce((sum, file) => sum + file.gzippedBytes, 0);
  return {
    gzippedBytes,
    heaviest: files.slice(0, 10),
    misses: missesOf({ 'gzipped JavaScript of the wall, bytes': [gzippedBytes, heaviestWall] }),
  };
}
