import type { SiteCamera } from '#mocks/site/cameras.ts';

/** Draws what a recorder with JPEG transcoding would send. */
export interface Stills {
  /** Whether there is something to draw this camera's stills on. */
  has(camera: SiteCamera): boolean;
  /** The picture of a moment, at most `width` pixels wide; undefined where {@link has} says no. */
  draw(camera: SiteCamera, timeMs: number, width: number): Uint8Array | undefined;
}

/** A recorder that does not transcode. */
export const noStills: Stills = { has: () => false, draw: () => undefined };
