/** The two encodings every synthetic camera has. */
export const formats = {
  main: { width: 1280, height: 720, framesPerSecond: 25 },
  sub: { width: 640, height: 360, framesPerSecond: 15 },
} as const;

export type Format = keyof typeof formats;

/** What a synthetic camera shows. Everything else is a function of time. */
export interface PictureSubject {
  /** 1…999; burned into caption and strip. */
  readonly number: number;
  /** Burned in after the number. Latin letters, digits and ordinary punctuation. */
  readonly caption: string;
  /** Which of the drawn scenes, see scenes.ts. */
  readonly scene: string;
}

/** One coded picture. */
export interface AccessUnit {
  /** NAL units without start codes or length prefixes; SPS and PPS lead every keyframe. */
  readonly nalUnits: readonly Uint8Array[];
  readonly isKeyframe: boolean;
  /** Capture time, epoch ms: the burned-in clock and strip show exactly this. */
  readonly timeMs: number;
  /** Number of the picture since the epoch at this format's rate. */
  readonly index: number;
}
