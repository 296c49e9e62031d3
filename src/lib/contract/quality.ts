import { z } from 'zod';
import { CameraId, StreamName } from './camera.ts';
import { Instant } from './instant.ts';

/** What keeps a picture from being as good as it could be; `none`: nothing. How they are judged: docs/operations.md. */
export const QualityFactor = z.enum(['none', 'age', 'frames', 'freezes', 'loss', 'latency', 'size']);
export type QualityFactor = z.infer<typeof QualityFactor>;

export const WatchedWay = z.enum(['whep', 'livekit', 'hls', 'stills', 'test-card']);
export type WatchedWay = z.infer<typeof WatchedWay>;

const Score = z.number().min(0).max(100);
const Share = z.number().min(0).max(1);

/** What it was like to watch one tile, over the seconds since the report before. Means, where nothing else is said. */
export const TileQuality = z.object({
  cameraId: CameraId,
  stream: StreamName,
  /** How it is watched at the end; absent while there is no picture. */
  way: WatchedWay.optional(),
  /** How long it was watched, s. */
  seconds: z.number().min(0).max(120),
  score: Score,
  /** The worst second. */
  worst: Score,
  /** What limited most of the seconds. */
  factor: QualityFactor,
  /** Of the time, how much there was a live picture. */
  liveShare: Share,
  framesPerSecond: z.number().min(0).max(1000).optional(),
  bitsPerSecond: z.number().min(0).max(1e10).optional(),
  lossRatio: Share.optional(),
  latencyMs: z.number().min(0).max(600_000).optional(),
  roundTripMs: z.number().min(0).max(600_000).optional(),
});
export type TileQuality = z.infer<typeof TileQuality>;

/** All tiles of a page in one request, every fifteen seconds or so. */
export const QualityReport = z.object({
  /** The page's own, the same as in its reservations. */
  pageId: z.uuid(),
  tiles: z.array(TileQuality).min(1).max(64),
});
export type QualityReport = z.infer<typeof QualityReport>;

/** How a camera is experienced by those who watch it now, or did within the last ten minutes. */
export const CameraQuality = z.object({
  cameraId: CameraId,
  number: z.int().positive(),
  name: z.string(),
  nameAr: z.string().optional(),
  /** Smoothed; the mean of its viewers, or of the last ones. */
  score: Score,
  /** Of the viewer who sees it worst. */
  worst: Score,
  factor: QualityFactor,
  /** Pages with a tile of it now. */
  viewers: z.int().min(0),
  /** By how many of them by which way. */
  ways: z.array(z.object({ way: WatchedWay, viewers: z.int().positive() })),
  /** Since when its score has been in its band (good from 80, fair from 60, poor from 40, bad below). */
  since: Instant,
  /** The last report. */
  reportedAt: Instant,
});
export type CameraQuality = z.output<typeof CameraQuality>;

export const QualityList = z.object({ cameras: z.array(CameraQuality) });
export type QualityList = z.output<typeof QualityList>;

/** How good a score is, in a word. */
export type QualityBand = 'good' | 'fair' | 'poor' | 'bad';

export const qualityBand = (score: number): QualityBand =>
  score >= 80 ? 'good' : score >= 60 ? 'fair' : score >= 40 ? 'poor' : 'bad';
