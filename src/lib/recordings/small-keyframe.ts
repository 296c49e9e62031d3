import type { CodedGroup } from './gop-decoder.ts';
import type { KeyframeDecoder } from './keyframe-decoder.ts';

/** The keyframe that a group begins with, that wide. Whoever gets it closes it. Throws a PastError. */
export async function smallKeyframe(
  decoder: KeyframeDecoder,
  group: CodedGroup,
  width: number,
): Promise<ImageBitmap> {
  const frame = await decoder.decode(group);
  const resizeHeight = Math.max(1, Math.round((width * group.height) / group.width));
  return await createImageBitmap(frame, { resizeWidth: width, resizeHeight }).finally(() => frame.close());
}
