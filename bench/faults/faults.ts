import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import type { RtspCameras } from '#mocks/camera/rtsp/server.ts';
import type { Parapet } from '../../e2e/parapet.ts';
import type { FaultNetwork } from './network.ts';
import type { OtherCodec } from './other-codec.ts';

/** What a fault can reach. */
export interface Ground {
  readonly parapet: Parapet;
  readonly network: FaultNetwork;
  /** Numbers of the cameras on the wall, in the order of the tiles. */
  readonly numbers: readonly number[];
  /** The RTSP cameras behind a site of the kind `cameras`. */
  readonly cameras?: RtspCameras;
  /** What can make the first of them send H.265, or why nothing can. */
  readonly otherCodec?: OtherCodec | { readonly skipped: string };
  /** The LiveKit behind a site of the kind `livekit`. */
  readonly liveKit?: { kill(): Promise<void>; start(): Promise<void> };
}

/** Something that goes wrong, and is mended again. */
export interface Fault {
  readonly name: string;
  /** Behind which site: the pretend XProtect, RTSP cameras in a list, or the former watched through LiveKit. */
  readonly site: 'xprotect' | 'cameras' | 'livekit';
  /** How many tiles it concerns. */
  readonly concerns: 'one' | 'all';
  /** How long it lasts, ms. */
  readonly lastsMs: number;
  /**
   * What the wall should do: `lose` the picture and say so; `say` what is wrong with it; `keep` a picture by whatever way;
   * notice `nothing`, because nothing that is seen depends on it.
   */
  readonly should: 'lose' | 'say' | 'keep' | 'nothing';
  /** Why it cannot be had here; undefined: it can. */
  unavailable?(ground: Ground): string | undefined;
  /** What takes time and is not yet the fault. */
  prepare?(ground: Ground): Promise<void>;
  begin(ground: Ground): Promise<void> | void;
  end(ground: Ground): Promise<void> | void;
}

const first = ({ numbers }: Ground): number => numbers[0] ?? 0;
const camera = (state: string) => (ground: Ground) =>
  ground.parapet.control(`cameras/${first(ground)}`, { state });
const mendNetwork = ({ network }: Ground): void => network.mend();

/** Ends a part of Parapet as a crash would; the supervisor starts it again. */
const kill =
  (part: 'engine' | 'bff') =>
  ({ parapet }: Ground): void => {
    const pid = parapet.pid(part);
    if (pid === undefined) throw new Error(`There is no ${part} to kill`);
    process.kill(pid, 'SIGKILL');
  };

/** A part that neither answers nor is gone, such as a machine that swaps. */
const signal =
  (part: 'engine' | 'bff', name: NodeJS.Signals) =>
  ({ parapet }: Ground): void => {
    const pid = parapet.pid(part);
    if (pid !== undefined) process.kill(pid, name);
  };

const camerasOf = (ground: Ground): RtspCameras => {
  if (ground.cameras === undefined) throw new Error('This fault needs cameras of its own');
  return ground.cameras;
};

const otherCodecOf = ({ otherCodec }: Ground): OtherCodec => {
  if (otherCodec === undefined || 'skipped' in otherCodec) throw new Error('This fault needs another codec');
  return otherCodec;
};

const liveKitOf = (ground: Ground) => {
  if (ground.liveKit === undefined) throw new Error('This fault needs LiveKit');
  return ground.liveKit;
};

/** All faults that a picture can be hit by and come back from. */
export const faults: readonly Fault[] = [
  {
    name: 'silent source',
    site: 'xprotect',
    concerns: 'one',
    lastsMs: 8000,
    should: 'lose',
    begin: camera('silent'),
    end: camera('online'),
  },
  {
    name: 'frozen source',
    site: 'xprotect',
    concerns: 'one',
    lastsMs: 15_000,
    should: 'say',
    // An empty corridor gives the same picture too: what is usual for a camera is learnt in its first minute (sameness.ts).
    prepare: () => pause(65_000),
    begin: camera('frozen'),
    end: camera('online'),
  },
  {
    name: 'engine killed',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 0,
    should: 'lose',
    begin: kill('engine'),
    end: () => undefined,
  },
  {
    name: 'engine hangs',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 8000,
    should: 'lose',
    begin: signal('engine', 'SIGSTOP'),
    end: signal('engine', 'SIGCONT'),
  },
  {
    name: 'UDP blocked',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 25_000,
    should: 'keep',
    begin: ({ network }) => network.blockUdp(),
    end: mendNetwork,
  },
  {
    name: 'all but the web port blocked',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 25_000,
    should: 'keep',
    begin: ({ network }) => network.blockMedia(),
    end: mendNetwork,
  },
  {
    name: '10 % loss',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 25_000,
    should: 'keep',
    begin: ({ network }) => network.lose(10),
    end: mendNetwork,
  },
  {
    name: 'jitter of 80 ms',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 15_000,
    should: 'nothing',
    begin: ({ network }) => network.delay(40, 80),
    end: mendNetwork,
  },
  {
    // Four sub streams of the demo are 2.3 Mbit/s.
    name: 'line just wide enough',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 15_000,
    should: 'nothing',
    begin: ({ network }) => network.narrow(4000),
    end: mendNetwork,
  },
  {
    name: 'line half as wide as needed',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 25_000,
    should: 'say',
    begin: ({ network }) => network.narrow(1200),
    end: mendNetwork,
  },
  {
    name: 'stall of 2 s',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 2000,
    should: 'lose',
    begin: ({ network }) => network.stall(),
    end: mendNetwork,
  },
  {
    name: 'BFF gone for 30 s',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 30_000,
    should: 'nothing',
    begin: signal('bff', 'SIGSTOP'),
    end: signal('bff', 'SIGCONT'),
  },
  {
    name: 'BFF killed',
    site: 'xprotect',
    concerns: 'all',
    lastsMs: 10_000,
    should: 'nothing',
    begin: kill('bff'),
    end: () => undefined,
  },
  {
    name: 'camera reboots with new parameter sets',
    site: 'cameras',
    concerns: 'one',
    lastsMs: 5000,
    should: 'lose',
    async begin(ground) {
      const { faults: switches } = camerasOf(ground);
      switches.set(first(ground), { refuse: true });
      await pause(0);
    },
    end(ground) {
      // It comes back with the other encoding on this address: another size, other parameter sets.
      camerasOf(ground).faults.set(first(ground), { isReconfigured: true });
    },
  },
  {
    name: 'camera restarts its encoder',
    site: 'cameras',
    concerns: 'one',
    lastsMs: 0,
    should: 'nothing',
    begin: (ground) => camerasOf(ground).faults.reboot(first(ground)),
    end: () => undefined,
  },
  {
    name: 'camera begins to send B-frames',
    site: 'cameras',
    concerns: 'one',
    lastsMs: 25_000,
    should: 'lose',
    begin(ground) {
      const { faults: switches } = camerasOf(ground);
      switches.set(first(ground), { bFrames: true });
      switches.cut(first(ground));
    },
    end(ground) {
      const { faults: switches } = camerasOf(ground);
      switches.clear(first(ground));
      switches.cut(first(ground));
    },
  },
  {
    name: 'camera begins to send H.265',
    site: 'cameras',
    concerns: 'one',
    lastsMs: 20_000,
    should: 'lose',
    unavailable: ({ otherCodec }) =>
      otherCodec !== undefined && 'skipped' in otherCodec ? otherCodec.skipped : undefined,
    prepare: (ground) => otherCodecOf(ground).prepare(),
    begin: (ground) => otherCodecOf(ground).begin(),
    end: (ground) => otherCodecOf(ground).end(),
  },
  {
    name: 'LiveKit killed',
    site: 'livekit',
    concerns: 'all',
    lastsMs: 10_000,
    should: 'lose',
    begin: (ground) => liveKitOf(ground).kill(),
    end: (ground) => liveKitOf(ground).start(),
  },
];
