/** What a camera's stream is: its URL and its SDP (RFC 4566; RFC 6184 §8.2 for H.264). */
import { formats, type Format, type PictureSubject } from '#mocks/camera/pictures.ts';
import { clockRate, payloadType } from './rtp.ts';

/** The one track of every stream, relative to the stream's URL. */
export const track = 'trackID=1';

/** A URL's meaning here. */
export interface StreamAddress {
  readonly number: number;
  readonly format: Format;
  /** The track's own URL rather than the stream's (the aggregate's). */
  readonly isTrack: boolean;
  /** The stream's URL as this client reaches it, without credentials, query or track. */
  readonly base: string;
}

/** Reads `rtsp://host/<cameraNumber>/<main|sub>[/trackID=1]`; undefined when it is no such URL (404). */
export function streamAddress(url: URL): StreamAddress | undefined {
  const [, number, format, rest] = /^\/(\d{1,5})\/(main|sub)(?:\/([^/]*))?$/.exec(url.pathname) ?? [];
  if (number === undefined || (format !== 'main' && format !== 'sub')) return undefined;
  if (rest !== undefined && rest !== '' && rest !== track) return undefined;
  return {
    number: Number(number),
    format,
    isTrack: rest === track,
    base: `rtsp://${url.host}/${number}/${format}`,
  };
}

/** The session description a DESCRIBE is answered with. Bit rates are the synthesis's targets, in kbit/s. */
export function describe(
  subject: PictureSubject,
  format: Format,
  sets: { readonly sps: Uint8Array; readonly pps: Uint8Array },
): string {
  const { width, height, framesPerSecond } = formats[format];
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const profile = Buffer.from(sets.sps.subarray(1, 4)).toString('hex').toUpperCase();
  return [
    'v=0',
    `o=- ${String(subject.number)} 1 IN IP4 0.0.0.0`,
    `s=${String(subject.number)} ${subject.caption.replaceAll(/[\r\n]/g, ' ')}`,
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=range:npt=now-',
    'a=control:*',
    `m=video 0 RTP/AVP ${String(payloadType)}`,
    `b=AS:${format === 'main' ? '2500' : '500'}`,
    `a=rtpmap:${String(payloadType)} H264/${String(clockRate)}`,
    `a=fmtp:${String(payloadType)} packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${base64(sets.sps)},${base64(sets.pps)}`,
    `a=framerate:${String(framesPerSecond)}`,
    `a=x-dimensions:${String(width)},${String(height)}`,
    `a=control:${track}`,
    '',
  ].join('\r\n');
}
