import { spawnSync } from 'node:child_process';
import { heaviestWall, weigh } from '../.ci/weight.ts';

/**
 * What a browser loads before the wall is drawn, from a build of its own: gzipped JavaScript without lazy parts. The
 * same on every machine. Option: `--route '/(app)'`.
 */
export async function run(options: Record<string, string>): Promise<object> {
  const built = spawnSync('vite', ['build', '--logLevel', 'error'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The app could not be built:\n${built.stderr}`);
  const files = weigh(options['route'] ?? '/(app)');
  return {
    gzippedBytes: files.reduce((sum, { gzippedBytes }) => sum + gzippedBytes, 0),
    limit: heaviestWall,
    heaviest: files.slice(0, 10),
  };
}
