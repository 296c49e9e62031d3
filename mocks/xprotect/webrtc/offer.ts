import type { CameraCodec } from '../camera-makes.ts';

/** How each codec stands in an offer. */
export const offered: Readonly<
  Record<CameraCodec, { readonly payloadType: number; readonly name: string; readonly fmtp?: string }>
> = {
  'H.264': {
    payloadType: 96,
    name: 'H264',
    fmtp: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  },
  'H.265': { payloadType: 104, name: 'H265', fmtp: 'level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST' },
  // RFC 2435. No browser's WebRTC takes it.
  MJPEG: { payloadType: 26, name: 'JPEG' },
};

/**
 * An offer as the gateway's peer (SIPSorcery) writes it, out of one of our library's: profile SAVP, no feedback but
 * `transport-cc` (nobody can ask for a packet or a keyframe again), no `msid`. Without `candidates` they have to be
 * asked for.
 */
export function writeOffer(
  own: string,
  {
    codec,
    ssrc,
    cname,
    candidates,
  }: {
    readonly codec: CameraCodec;
    readonly ssrc: number;
    readonly cname: string;
    readonly candidates: readonly string[] | undefined;
  },
): string {
  const line = (name: string): string => new RegExp(`^a=${name}:.*$`, 'm').exec(own)?.[0].trim() ?? '';
  const { payloadType, name, fmtp } = offered[codec];
  const transport = [line('ice-ufrag'), line('ice-pwd'), line('fingerprint'), 'a=setup:actpass'];
  const lines = [
    'v=0',
    `o=- ${ssrc % 100_000} 0 IN IP4 127.0.0.1`,
    's=sipsorcery',
    't=0 0',
    'a=group:BUNDLE 0 1',
    `m=video 9 UDP/TLS/RTP/SAVP ${payloadType}`,
    'c=IN IP4 0.0.0.0',
    ...transport,
    ...(candidates ?? []).map((candidate) => `a=${candidate}`),
    'a=ice-options:ice2,trickle',
    'a=mid:0',
    `a=rtpmap:${payloadType} ${name}/90000`,
    `a=rtcp-fb:${payloadType} transport-cc`,
    ...(fmtp === undefined ? [] : [`a=fmtp:${payloadType} ${fmtp}`]),
    'a=rtcp-mux',
    ...(candidates === undefined ? [] : ['a=end-of-candidates']),
    'a=sendonly',
    `a=ssrc:${ssrc} cname:${cname}`,
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    ...transport,
    'a=mid:1',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
  ];
  return `${lines.join('\r\n')}\r\n`;
}
