import { cdp } from 'vitest/browser';

/**
 * Has the browser collect what can be, twice, because what a first round frees may hold on to more; gives the bytes in use.
 * Tests that make many peer connections call it on the way: closed ones count towards Chromium's 500 of a process until
 * they are collected (https://crbug.com/41378764), and test files share one.
 */
export async function collect(): Promise<number> {
  const session = cdp() as unknown as {
    send(method: string): Promise<{ readonly usedSize: number }>;
  };
  for (let round = 0; round < 2; round += 1) await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}
