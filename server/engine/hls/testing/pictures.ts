import type { Picture } from '../assembly.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Parameter sets of x264: 640 × 360 in constrained baseline, and 1920 × 1080 in High. */
export const parameterSets = {
  small: [hex('6742c01eda0280bfe5c044000003000400000300c83c58ba80'), hex('68ce0fc8')],
  large: [hex('67640028acd940780227e5c044000003000400000300c83c60c658'), hex('68ebe3cb22c0')],
} as const;

/** A picture of a camera, `timestamp` in ticks of 1/90,000 s. */
export function picture(
  timestamp: number,
  isKeyframe: boolean,
  sets: readonly Uint8Array[] = parameterSets.small,
  length = 100,
): Picture {
  return {
    timestamp,
    isKeyframe,
    parameterSets: isKeyframe ? sets : [],
    units: [Buffer.alloc(length, isKeyframe ? 0x65 : 0x41)],
  };
}
