import { plainPictures } from '#mocks/xprotect/testing/plain-pictures.ts';
import { startXProtect } from '#mocks/xprotect/xprotect.ts';
import { createXProtectVms } from '#server/vms/xprotect/xprotect-vms.ts';

/**
 * How long the adapter takes to read a site of 500 cameras from the pretend XProtect, ms, and how many cameras'
 * streams it knew by then. `cold` includes logging in; `warm` is the next sync, when nothing has changed.
 */
export async function run(): Promise<object> {
  const xprotect = await startXProtect({ username: 'bench', password: 'bench', pictures: plainPictures });
  const vms = createXProtectVms({ id: 'bench', url: xprotect.url, username: 'bench', password: 'bench' });
  try {
    const read = async () => {
      const start = performance.now();
      const { cameras, groups } = await vms.readDirectory(AbortSignal.timeout(60_000));
      return {
        ms: Math.round(performance.now() - start),
        cameras: cameras.length,
        groups: groups.length,
        withBothStreams: cameras.filter(({ streams }) => streams.length === 2).length,
      };
    };
    return { cold: await read(), warm: await read() };
  } finally {
    await vms.close();
    await xprotect.close();
  }
}
