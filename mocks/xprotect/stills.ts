import type { CameraStills } from '#mocks/camera/stills/stills.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';

/** What else a client may ask of a transcoded picture. */
export interface StillLook {
  /** Px at most; with `isStretched` exactly. */
  readonly height?: number;
  /** The picture's shape need not be kept. */
  readonly isStretched?: boolean;
  /** `compressionrate`: 1 to 100, more is better. */
  readonly quality?: number;
}

/** Draws what a recorder with JPEG transcoding would send. */
export interface Stills {
  /** Whether there is something to draw this camera's stills on. */
  has(camera: SiteCamera): boolean;
  /** The picture of a moment, at most `width` pixels wide; undefined where {@link has} says no. */
  draw(camera: SiteCamera, timeMs: number, width: number, look?: StillLook): Uint8Array | undefined;
}

/** A recorder that does not transcode. */
export const noStills: Stills = { has: () => false, draw: () => undefined };

/** Those of the synthetic cameras. */
export const stillsFrom = (drawn: CameraStills): Stills => ({
  has: (camera) => drawn.has(camera),
  draw: (camera, timeMs, width, look) =>
    drawn.has(camera) ? drawn.draw(camera, timeMs, { ...look, width }) : undefined,
});
