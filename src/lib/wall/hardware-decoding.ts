import type { Stream } from '#contract/camera.ts';

/** Chromium decodes no more than so many small WebRTC streams in hardware (`kMaxDecoderInstances`), … */
const mostHardwareDecoders = 8;
/** … and a further one of fewer pixels than this goes to software, silently (`kMinResolution`, 320 × 240). */
const fewestHardwarePixels = 320 * 240;

/**
 * Whether a stream can count on the graphics card: with more than eight tiles only one of 320 × 240 pixels or more.
 * What is not described is taken for large enough, as wall streams are.
 */
export function isDecodedInHardware(
  stream: Pick<Stream, 'width' | 'height'> | undefined,
  tiles: number,
): boolean {
  if (tiles <= mostHardwareDecoders || stream?.width === undefined || stream.height === undefined)
    return true;
  return stream.width * stream.height >= fewestHardwarePixels;
}
