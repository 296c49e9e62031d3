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
  // Catches up by playing faster, which nobody sees at a tenth.
  maxLiveSyncPlaybackRate: 1.1,
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
