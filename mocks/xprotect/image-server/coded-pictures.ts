import type { HevcClips } from '#mocks/camera/hevc/hevc.ts';
import { formats, type AccessUnit, type Format, type PictureSubject } from '#mocks/camera/pictures.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import type { CameraCodec, CameraMakes } from '../camera-makes.ts';
import type { Stills } from '../stills.ts';
import type { LivePictures } from './live-feed.ts';

/** A coded picture and what it is coded in. One without is H.264. */
export type CodedPicture = Pick<AccessUnit, 'nalUnits' | 'isKeyframe'> & { readonly codec?: CameraCodec };

/**
 * Pictures in the codec of each camera's make. H.265 shows one scene whatever the camera, without caption and strip:
 * nothing here writes those. MJPEG shows the camera's own, small.
 */
export function codedPictures(
  pictures: LivePictures,
  { makes, hevc, stills }: { makes: CameraMakes; hevc: HevcClips | undefined; stills: Stills },
): LivePictures {
  const clipOf = (number: number, format: Format): HevcClips[Format] | undefined =>
    makes.of(number).codec === 'H.265' ? hevc?.[format] : undefined;
  const jpeg = (number: number, format: Format, timeMs: number): Uint8Array | undefined => {
    const camera = makes.of(number).codec === 'MJPEG' ? siteCameras[number - 1] : undefined;
    return camera && stills.draw(camera, timeMs, formats[format].width);
  };
  const keyframeAtOrBefore = (subject: PictureSubject, format: Format, index: number): number => {
    const { codec } = makes.of(subject.number);
    if (codec === 'MJPEG') return index;
    const clip = clipOf(subject.number, format);
    if (clip === undefined) return pictures.keyframeAtOrBefore(subject, format, index);
    let at = index;
    while (clip[at % clip.length]?.isKeyframe !== true) at--;
    return at;
  };
  /** The picture in another codec than H.264: of H.265 with the scene of the picture `sceneOf`. */
  const inOtherCodec = (
    subject: PictureSubject,
    format: Format,
    index: number,
    sceneOf: number,
  ): (AccessUnit & CodedPicture) | undefined => {
    const clip = clipOf(subject.number, format);
    const timeMs = pictures.timeOf(subject, format, index);
    const picture = clip?.[sceneOf % clip.length];
    if (picture !== undefined) return { ...picture, timeMs, index, codec: 'H.265' };
    const still = jpeg(subject.number, format, timeMs);
    return still && { nalUnits: [still], isKeyframe: true, timeMs, index, codec: 'MJPEG' };
  };
  return {
    indexAt: (subject, format, timeMs) => pictures.indexAt(subject, format, timeMs),
    timeOf: (subject, format, index) => pictures.timeOf(subject, format, index),
    at: (subject, format, index) =>
      inOtherCodec(subject, format, index, index) ?? pictures.at(subject, format, index),
    asKeyframe: (subject, format, index) =>
      inOtherCodec(subject, format, index, keyframeAtOrBefore(subject, format, index)) ??
      pictures.asKeyframe(subject, format, index),
    keyframeAtOrBefore,
  };
}
