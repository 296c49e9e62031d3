import type { HlsConfig } from 'hls.js';

const ms = { none: 0, playlist: 25_000, piece: 10_000 } as const;
/** Two more tries, close together: whoever plays this has other ways, and a policy of its own. */
const retry = { maxNumRetry: 2, retryDelayMs: 300, maxRetryDelayMs: 1000 } as const;
const policy = (maxTimeToFirstByteMs: number) =>
  ({
    default: {
      maxTimeToFirstByteMs,
      maxLoadTimeMs: ms.playlist,
      timeoutRetry: { ...retry, retryDelayMs: ms.none },
      errorRetry: retry,
    },
  }) as const;

/**
 * hls.js for one tile of many: near the live edge, with little kept before and behind, and quick to give up. How far
 * behind the edge it plays is the server's word (PART-HOLD-BACK).
 */
export const tileSettings: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // fMP4 needs no transmuxing to speak of; 36 workers would.
  enableWorker: false,
  liveDurationInfinity: true,
  // Catches up by playing faster: a second in five, which still looks like walking.
  maxLiveSyncPlaybackRate: 1.2,
  liveSyncOnStallIncrease: 0.3,
  // The default keeps everything that was ever shown.
  backBufferLength: 4,
  maxBufferLength: 6,
  maxMaxBufferLength: 10,
  maxBufferSize: 6_000_000,
  capLevelToPlayerSize: true,
  manifestLoadPolicy: policy(15_000),
  // A playlist may block until the next part is there.
  playlistLoadPolicy: policy(ms.playlist),
  fragLoadPolicy: policy(ms.piece),
};

/** So many sessions may have requests that wait at the server: of six connections, two are held. */
const mostWaiting = 2;
/** With more sessions than this, pieces are larger still. */
const manySessions = 16;

/**
 * How many parts one session's pieces are put together of where the page has few connections, it being the
 * `session`th; undefined where it may wait at the server as LL-HLS is meant to. 16 tiles with parts of 0.2 s ask for 160
 * things a second, with 0.4 s for 90.
 */
export function grainFor(session: number): number | undefined {
  if (session <= mostWaiting) return undefined;
  return session <= manySessions ? 2 : 3;
}
