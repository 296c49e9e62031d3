/** What the page of livekit-viewer.real.test.ts runs: the product's own LiveKit source, and a publisher beside it. */
// What the product's own source does with the real thing is the question.
/* eslint-disable house/lean-only-on */
import { Room, type RoomOptions } from 'livekit-client';
import { LiveKitSource } from '#lib/media/livekit/livekit-source.ts';
import { LiveKitLink } from '#lib/media/livekit/room-link.ts';
import { RoomPool } from '#lib/media/livekit/room-pool.ts';
import type { MediaSession } from '#lib/media/media-source.ts';

/** Every Room the pool made, oldest first. */
const rooms: Room[] = [];
class WatchedRoom extends Room {
  constructor(options: RoomOptions) {
    super(options);
    rooms.push(this);
  }
}
const pool = new RoomPool({ makeLink: async () => new LiveKitLink(WatchedRoom), lingerMs: 0 });

interface Watched {
  readonly session: MediaSession;
  readonly video: HTMLVideoElement;
  frames: number;
  /** The code it ended with; `closed` where it ended in order. */
  end?: string;
}
const watched: Watched[] = [];

/** Publishes a moving canvas; resolves once it is on its way. */
async function publish(url: string, token: string): Promise<void> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [640, 360];
  const brush = canvas.getContext('2d');
  let hue = 0;
  setInterval(() => {
    if (!brush) return;
    brush.fillStyle = `hsl(${String((hue += 7) % 360)} 60% 60%)`;
    brush.fillRect(0, 0, 640, 360);
  }, 50);
  const room = new Room();
  await room.connect(url, token);
  const [track] = canvas.captureStream(20).getVideoTracks();
  if (!track) throw new Error('The canvas gives no track');
  await room.localParticipant.publishTrack(track, { simulcast: false, videoCodec: 'vp8' });
}

/** Opens `camera` and shows it; gives its number, or the code it is refused with. */
async function watch(camera: string): Promise<number | string> {
  const source = new LiveKitSource(`/api/livekit/${camera}`, { rooms: pool });
  let session: MediaSession;
  try {
    session = await source.open(AbortSignal.timeout(30_000));
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 320 });
  document.body.append(video);
  const one: Watched = { session, video, frames: 0 };
  const count = (): void => {
    one.frames += 1;
    video.requestVideoFrameCallback(count);
  };
  video.requestVideoFrameCallback(count);
  session.attach(video);
  session.ended.then(
    () => (one.end = 'closed'),
    (error: unknown) => (one.end = (error as { code?: string }).code ?? String(error)),
  );
  return watched.push(one) - 1;
}

const viewer = {
  publish,
  watch,
  async state(n: number) {
    const one = watched[n];
    if (!one) throw new RangeError('There is no such picture');
    return {
      frames: one.frames,
      width: one.video.videoWidth,
      end: one.end,
      hasConnected: one.session.hasConnected,
      vitals: await one.session.vitals(),
    };
  },
  close: (n: number): void => watched[n]?.session.close(),
  /** Publishers that the newest room sends video of. */
  subscribed: (): string[] =>
    [...(rooms.at(-1)?.remoteParticipants.values() ?? [])]
      .filter(({ trackPublications }) => [...trackPublications.values()].some((one) => one.isSubscribed))
      .map(({ identity }) => identity),
  madeRooms: (): number => rooms.length,
  simulate: async (scenario: 'full-reconnect' | 'signal-reconnect'): Promise<void> => {
    await rooms.at(-1)?.simulateScenario(scenario);
  },
  /** As Chromium does when it freezes the page. */
  freeze: (): boolean => dispatchEvent(new Event('freeze')),
};
export type Viewer = typeof viewer;
Object.assign(globalThis, { viewer });
