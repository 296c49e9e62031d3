import { readFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)` of every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Reading {
  cpuS: number;
  at: number;
}

const read = (pid: number): Reading => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime are fields 14 and 15 (proc(5)); the slice begins at field 3.
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, at: performance.now() };
};

/** What a process costs while something is measured. */
export interface Cost {
  /** Share of one core, 1 = a whole core. */
  readonly cores: number;
  readonly rssMB: number;
}

/** Starts watching processes; the function it returns tells their cost since then. */
export function watchCost(pids: Readonly<Record<string, number>>): () => Record<string, Cost> {
  const before = Object.entries(pids).map(([name, pid]) => ({ name, pid, reading: read(pid) }));
  return () =>
    Object.fromEntries(
      before.map(({ name, pid, reading }) => {
        const now = read(pid);
        const rssKb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
        const cores = (now.cpuS - reading.cpuS) / ((now.at - reading.at) / 1000);
        return [name, { cores: Number(cores.toFixed(3)), rssMB: Math.round(rssKb / 1024) }];
      }),
    );
}
