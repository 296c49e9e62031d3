import { connect } from 'node:net';
import { playRtsp } from '#server/engine/rtsp/client.ts';
import { RtspError } from '#server/engine/rtsp/error.ts';
import type { RtaSettings } from '#server/vms/rta/settings.ts';
import { type Vms, VmsError } from '#server/vms/vms.ts';
import { askedGently, type Rest } from './gently.ts';
import type { Finding } from './probes.ts';

/* Milestone as the requirements describe it: their four tests and the common issues behind them, as probes. */

const connectMs = 3000;
const pictureMs = 10_000;
const dayMs = 86_400_000;

interface Door {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Nothing of ours goes through it. */
  readonly isSpare?: boolean;
}

function doorsOf({ apiUrl, rtspUrl, recordingServer, method }: RtaSettings): Door[] {
  const [api, rtsp] = [URL.parse(apiUrl ?? ''), URL.parse(rtspUrl)];
  const recorder = /^(.*):(\d+)$/.exec(recordingServer ?? '');
  const bare = (host: string): string => host.replace(/^\[|\]$/g, '');
  return [
    ...(api === null || method === 'rtsp_direct'
      ? []
      : [
          {
            name: method === 'mobile_server' ? 'Mobile Server' : 'Management server',
            host: bare(api.hostname),
            port: Number(api.port || (api.protocol === 'https:' ? 443 : 80)),
          },
        ]),
    ...(rtsp === null ? [] : [{ name: 'RTSP', host: bare(rtsp.hostname), port: Number(rtsp.port || 554) }]),
    ...(recorder === null
      ? []
      : [
          {
            name: 'Recording server',
            host: bare(recorder[1] ?? ''),
            port: Number(recorder[2]),
            isSpare: true,
          },
        ]),
  ];
}

/** Whether something takes connections there. */
function isOpen({ host, port }: Door, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  const end = (found: boolean): void => {
    signal.removeEventListener('abort', leave);
    socket.destroy();
    resolve(found);
  };
  const leave = (): void => end(false);
  socket.setTimeout(connectMs, leave);
  socket.once('connect', () => end(true));
  socket.once('error', leave);
  signal.addEventListener('abort', leave, { once: true });
  return promise;
}

/** The ports of the requirements' list that this way of integration needs, one finding each. */
export async function probeRtaPorts(
  id: string,
  settings: RtaSettings,
  signal: AbortSignal,
): Promise<Finding[]> {
  return await Promise.all(
    doorsOf(settings).map(async (door): Promise<Finding> => {
      const subject = `VMS ${id}, ${door.name}`;
      const port = `port ${String(door.port)}`;
      if (await isOpen(door, signal)) return { subject, isFine: true, words: `${port} is open` };
      return door.isSpare === true
        ? { subject, isFine: true, words: `${port} is closed; Parapet takes recordings by RTSP` }
        : {
            subject,
            isFine: false,
            words: `${port} takes no connection`,
            fix: 'Check that the service runs and that the firewalls between let this machine through.',
          };
    }),
  );
}

/** The first camera's live picture by RTSP, up to its first packet. */
export async function probeRtaLive(vms: Vms, signal: AbortSignal): Promise<Finding> {
  const subject = `VMS ${vms.id}, live`;
  const seen = new AbortController();
  const late = AbortSignal.timeout(pictureMs);
  let codec = '';
  let words = 'RTSP accepts, but no picture comes';
  try {
    const [first] = (await vms.readDirectory(signal)).cameras;
    if (first === undefined) throw new VmsError('unknown-camera', 'there is no camera to look at');
    const source = await vms.liveSource(first.id, 'main', signal);
    if (source.kind !== 'rtsp') throw new VmsError('unexpected-answer', 'its pictures do not come by RTSP');
    const { url, username, password = '' } = source;
    await playRtsp(
      { url, credentials: username === undefined ? undefined : { username, password } },
      {
        playing: (video) => {
          codec = video.codec;
        },
        rtp: () => {
          seen.abort();
        },
        rtcp: () => undefined,
      },
      AbortSignal.any([signal, seen.signal, late]),
    );
    if (seen.signal.aborted) return { subject, isFine: true, words: `camera ${first.id} sends ${codec}` };
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof RtspError || cause instanceof VmsError)) throw cause;
    words = cause.message;
  }
  return {
    subject,
    isFine: false,
    words,
    fix: 'Check rtsp_base_url, rtsp_path_template, the user’s right to live streams, and whether the camera is online.',
  };
}

/** Whether there is a timeline, how far it goes back, and whether its pictures can be played. */
export async function probeRtaPast(vms: Vms, signal: AbortSignal, rest?: Rest): Promise<Finding[]> {
  const subject = `VMS ${vms.id}, recordings`;
  const { recordings } = vms;
  if (recordings === undefined) return [];
  try {
    const { cameras } = await vms.readDirectory(signal);
    let days: number | undefined;
    for (const { id } of cameras.slice(0, 3)) {
      const oldest = await askedGently(() => recordings.oldest(id, signal), signal, rest);
      if (oldest !== undefined) days = Math.max(days ?? 0, (Date.now() - oldest) / dayMs);
    }
    if (days === undefined)
      return [
        {
          subject,
          isFine: false,
          words: 'nothing is recorded of the first three cameras',
          fix: 'Check that cameras record, that storage has room, and the user’s right to playback.',
        },
      ];
    const { nativeFrames } = await recordings.abilities(signal);
    return [
      { subject, isFine: true, words: `the oldest is ${days.toFixed(1)} days old` },
      nativeFrames
        ? { subject: `VMS ${vms.id}, playback`, isFine: true, words: 'time-shifted RTSP plays' }
        : {
            subject: `VMS ${vms.id}, playback`,
            isFine: false,
            words: 'time-shifted RTSP plays nothing: there are timelines and no recorded pictures',
            fix: 'Check playback_path_template and the user’s right to playback. XProtect itself has no such RTSP: use kind xprotect there.',
          },
    ];
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof VmsError)) throw cause;
    return [
      {
        subject,
        isFine: false,
        words: cause.message,
        fix: 'Check api.recordings and the user’s right to playback.',
      },
    ];
  }
}
