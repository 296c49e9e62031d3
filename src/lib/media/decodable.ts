import type { Stream } from '#contract/camera.ts';
import type { Way } from './media-source.ts';

/** What a browser can decode of H.265, by the way that brings it. */
export interface Decoders {
  readonly webRtcH265: () => boolean;
  readonly bufferedH265: () => boolean;
}

/** Main profile, level 4: what cameras send. */
const h265 = 'video/mp4; codecs="hvc1.1.6.L120.B0"';

const know = (ask: () => boolean): (() => boolean) => {
  let known: boolean | undefined;
  return () => (known ??= ask());
};

/** What a page may lack where WebRTC or buffers are turned off. */
const page = globalThis as Partial<Pick<typeof globalThis, 'RTCRtpReceiver' | 'MediaSource'>>;

const browser: Decoders = {
  webRtcH265: know(() => {
    const { codecs } = page.RTCRtpReceiver?.getCapabilities('video') ?? { codecs: [] };
    return codecs.some(({ mimeType }) => /h265/i.test(mimeType));
  }),
  bufferedH265: know(() => page.MediaSource?.isTypeSupported(h265) ?? false),
};

/**
 * Whether this browser shows what a stream sends when it comes by that way. What the VMS does not tell is taken for H.264,
 * which all do; single pictures and test cards are of no codec of the camera's.
 */
export function canDecode(codec: Stream['codec'], way: Way, decoders: Decoders = browser): boolean {
  if (way === 'stills' || way === 'test-card') return true;
  if (codec === 'H265') return way === 'hls' ? decoders.bufferedH265() : decoders.webRtcH265();
  return codec !== 'MJPEG';
}
