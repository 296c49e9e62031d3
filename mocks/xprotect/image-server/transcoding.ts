import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { StillLook, Stills } from '../stills.ts';
import { innerTextOf, textOf, type MethodCall } from './request.ts';

/** Pictures without a wished width are this wide: the whole picture. */
const fullWidth = 1280;

const isYes = (text: string): boolean => text.toLowerCase() === 'yes';

/** How a connection wants its pictures that has said `alwaysstdjpeg`. */
export interface Transcoding {
  /** Without this there are keyframes only. */
  readonly allFrames: boolean;
  /** Px at most; of both nought means as large as it is. */
  readonly width: number;
  readonly height: number;
  readonly keepsShape: boolean;
  /** The picture of a moment; undefined where there is nothing to draw it on. `call` may say how strongly it is compressed. */
  draw(camera: SiteCamera, timeMs: number, call: MethodCall): Uint8Array | undefined;
}

/** What `connect` asks for. Pictures are never made larger, `allowupsizing` or not. */
export function transcodingOf(connect: MethodCall, stills: Stills): Transcoding {
  const wished = (name: string): number => {
    const px = Number(innerTextOf(connect, 'transcode', name));
    return px > 0 ? px : 0;
  };
  const width = Math.min(wished('width') || fullWidth, fullWidth);
  const height = wished('height');
  const keepsShape = innerTextOf(connect, 'transcode', 'keepaspectratio').toLowerCase() !== 'no';
  const size: StillLook = height === 0 ? {} : { height, ...(keepsShape ? {} : { isStretched: true }) };
  return {
    allFrames: isYes(innerTextOf(connect, 'transcode', 'allframes')),
    width,
    height,
    keepsShape,
    draw: (camera, timeMs, call) => {
      const rate = Number(textOf(call, 'compressionrate'));
      const quality = rate >= 1 && rate <= 100 ? { quality: rate } : {};
      return stills.draw(camera, timeMs, width, { ...size, ...quality });
    },
  };
}
