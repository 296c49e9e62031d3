import type { StreamName } from '#contract/camera.ts';
import type { Way } from '#lib/media/media-source.ts';
import { canClimb } from '#lib/player/ladder.ts';
import type { Player } from '#lib/player/player.svelte.ts';
import type { Ease } from './decoder-budget.ts';
import type { Relief } from './relief.ts';
import type { Unseen } from './suspension.ts';

/** One stream of one camera on its way to a tile. */
export interface Feed {
  readonly key: string;
  readonly stream: StreamName;
  /** Single pictures, to spare this computer. */
  readonly isStills: boolean;
  readonly player: Player;
}

/** The ways by what they show: pictures by WebRTC are of now, those from a buffer later, stills single. */
const quality: Readonly<Record<Way, number>> = { whep: 0, livekit: 0, 'test-card': 0, hls: 1, stills: 2 };

/** What is to be done about the stream that gets ready. `unfit`: it will not do as long as the one in front runs. */
export type Turn = 'promote' | 'unfit' | undefined;

/** The pictures of one tile: the one in front and, while the stream is being changed, the one that will follow. */
export class TilePictures {
  readonly cameraId: string;
  urgency = 0;
  asleep: Unseen | undefined;
  front: Feed;
  next = $state.raw<Feed | undefined>();
  ease = $state.raw<Ease | undefined>();
  /** Set once the line did not carry the main stream. */
  relief = $state.raw<Relief | undefined>();
  /** The stream that its size asks for now, when that is another, and since when, monotonic ms. */
  turning: { readonly to: string; readonly since: number } | undefined;
  /** The feed that was found to be unfit, until another is asked for. */
  unfit: string | undefined;

  constructor(cameraId: string, front: Feed) {
    this.cameraId = cameraId;
    this.front = $state.raw(front);
  }

  /** What becomes of the stream that gets ready. Live pictures never give way to those of a lesser way. */
  get turn(): Turn {
    const { front, next } = this;
    if (!next?.player.hasPicture) return undefined;
    const { status } = front.player.state;
    const isLive = status === 'live' || status === 'delayed';
    // Single pictures are asked for to spare the computer.
    if (!isLive || next.isStills || front.isStills) return 'promote';
    const [before, after] = [front.player.way, next.player.way];
    if (before === undefined || after === undefined || quality[after] <= quality[before]) return 'promote';
    const { fallback } = next.player;
    return fallback && !canClimb(fallback.reason) ? 'unfit' : undefined;
  }

  /** Whether the sub stream is shown because the line does not carry the main one. */
  get isRelieved(): boolean {
    return this.relief !== undefined && this.relief.restoredAt === undefined;
  }

  /** The new stream has shown a picture: it takes over, the other ends. No black frame in between. */
  promote(): void {
    if (!this.next) return;
    this.front.player.stop();
    this.front = this.next;
    this.next = undefined;
  }

  /** Ends the stream that gets ready. */
  dropNext(): void {
    this.next?.player.stop();
    this.next = undefined;
  }
}
