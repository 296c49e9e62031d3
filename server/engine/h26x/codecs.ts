import type { Codec, CodecName } from './codec.ts';
import { h264 } from './h264.ts';
import { h265 } from './h265.ts';

/** The codec of that name. */
export const codecs: Readonly<Record<CodecName, Codec>> = { H264: h264, H265: h265 };
