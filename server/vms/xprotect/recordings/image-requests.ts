import { imageServerCall, imageServerConnectParam, type ImageServerCamera } from '../image-server-xml.ts';

/** What a connection for recordings is for. */
export interface ImageChannelKind extends ImageServerCamera {
  /** JPEGs at most so wide; absent: the codec that was recorded. */
  readonly jpegWidth?: number;
}

/** `connect` for recordings. Without `allframes` a JPEG connection would give keyframes only. */
export function connectRequest(id: number, kind: ImageChannelKind, token: string): string {
  const transcode =
    kind.jpegWidth === undefined
      ? ''
      : `<transcode><allframes>yes</allframes><width>${kind.jpegWidth}</width><height>0</height><keepaspectratio>yes</keepaspectratio><allowupsizing>no</allowupsizing></transcode>`;
  return imageServerCall(
    id,
    'connect',
    '<username>a</username><password>a</password>' +
      `<cameraid>${kind.deviceId}</cameraid><alwaysstdjpeg>${kind.jpegWidth === undefined ? 'no' : 'yes'}</alwaysstdjpeg>` +
      transcode +
      imageServerConnectParam(kind, token) +
      '<clientcapabilities><privacymask>no</privacymask><multipartdata>no</multipartdata></clientcapabilities>',
  );
}

/** The compression matters for JPEG only. */
const rate = '<compressionrate>75</compressionrate>';

export type ImageRequest =
  | { readonly method: 'goto'; readonly timeMs: number; readonly keyframe: boolean }
  | { readonly method: 'next' | 'previous' | 'begin' | 'end' };

export function imageRequest(id: number, request: ImageRequest): string {
  if (request.method !== 'goto')
    return imageServerCall(id, request.method, `${rate}<keyframesonly>no</keyframesonly>`);
  return imageServerCall(
    id,
    'goto',
    `<time>${Math.floor(request.timeMs)}</time>${rate}<keyframesonly>${request.keyframe ? 'yes' : 'no'}</keyframesonly>`,
  );
}
