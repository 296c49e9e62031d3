/** Offers as browsers make them for one picture, shortened where the answer cannot depend on it. */

const fingerprint =
  'a=fingerprint:sha-256 79:21:A2:04:FB:22:36:EB:17:DA:B9:09:B6:BF:C5:14:D5:C2:86:A8:BE:CB:E8:D8:C1:69:42:E0:3E:40:B1:80';
const lines = (text: string): string =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\r\n') + '\r\n';

/** Chromium 156 on Linux without hardware decoders: audio asked for as well, no H.265. */
export const chromiumOffer = lines(`
  v=0
  o=- 6187662226999385364 2 IN IP4 127.0.0.1
  s=-
  t=0 0
  a=group:BUNDLE 0 1
  a=extmap-allow-mixed
  a=msid-semantic: WMS
  m=audio 9 UDP/TLS/RTP/SAVPF 111 63
  c=IN IP4 0.0.0.0
  a=rtcp:9 IN IP4 0.0.0.0
  a=ice-ufrag:Z4RH
  a=ice-pwd:o7oImzPzulbCROGpurgJbc2G
  a=ice-options:trickle
  ${fingerprint}
  a=setup:actpass
  a=mid:0
  a=recvonly
  a=rtcp-mux
  a=rtpmap:111 opus/48000/2
  a=fmtp:111 minptime=10;useinbandfec=1
  a=rtpmap:63 red/48000/2
  m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 107 108 109 114 115 116 117 41 42
  c=IN IP4 0.0.0.0
  a=rtcp:9 IN IP4 0.0.0.0
  a=candidate:1467250027 1 udp 2122260223 127.0.0.1 46243 typ host generation 0
  a=candidate:1467250028 1 udp 2122260222 3f1ac5a6-6a1e-4c2b-9a9a-2f2f0c1f2a11.local 46244 typ host generation 0
  a=ice-ufrag:Z4RH
  a=ice-pwd:o7oImzPzulbCROGpurgJbc2G
  a=ice-options:trickle
  ${fingerprint}
  a=setup:actpass
  a=mid:1
  a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
  a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
  a=recvonly
  a=rtcp-mux
  a=rtcp-rsize
  a=rtcp-xr:rcvr-rtt=all
  a=rtpmap:96 VP8/90000
  a=rtcp-fb:96 transport-cc
  a=rtpmap:97 rtx/90000
  a=fmtp:97 apt=96
  a=rtpmap:102 H264/90000
  a=rtcp-fb:102 goog-remb
  a=rtcp-fb:102 transport-cc
  a=rtcp-fb:102 nack
  a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
  a=rtpmap:103 rtx/90000
  a=fmtp:103 apt=102
  a=rtpmap:104 H264/90000
  a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
  a=rtpmap:107 rtx/90000
  a=fmtp:107 apt=104
  a=rtpmap:108 H264/90000
  a=rtcp-fb:108 transport-cc
  a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
  a=rtpmap:109 rtx/90000
  a=fmtp:109 apt=108
  a=rtpmap:114 H264/90000
  a=fmtp:114 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
  a=rtpmap:115 rtx/90000
  a=fmtp:115 apt=114
  a=rtpmap:116 H264/90000
  a=fmtp:116 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
  a=rtpmap:117 rtx/90000
  a=fmtp:117 apt=116
  a=rtpmap:41 H264/90000
  a=fmtp:41 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=f4001f
  a=rtpmap:42 rtx/90000
  a=fmtp:42 apt=41
`);

/** Firefox: fingerprint for the whole session, parameters in another order, no packetization-mode where it is 0. */
export const firefoxOffer = lines(`
  v=0
  o=mozilla...THIS_IS_SDPARTA-99.0 3302548374925432 0 IN IP4 0.0.0.0
  s=-
  t=0 0
  ${fingerprint}
  a=group:BUNDLE 0
  a=ice-options:trickle
  a=msid-semantic:WMS *
  m=video 9 UDP/TLS/RTP/SAVPF 120 124 126 127 97 98
  c=IN IP4 0.0.0.0
  a=recvonly
  a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
  a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1
  a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1
  a=fmtp:120 max-fs=12288;max-fr=60
  a=fmtp:124 apt=120
  a=fmtp:127 apt=126
  a=fmtp:98 apt=97
  a=ice-pwd:bd3bc8e1f2aa0f7a3b9c1b2d7b4c2f0e
  a=ice-ufrag:9a3f4c21
  a=mid:0
  a=rtcp-fb:126 nack
  a=rtcp-fb:126 nack pli
  a=rtcp-fb:126 ccm fir
  a=rtcp-fb:126 goog-remb
  a=rtcp-mux
  a=rtcp-rsize
  a=rtpmap:120 VP8/90000
  a=rtpmap:124 rtx/90000
  a=rtpmap:126 H264/90000
  a=rtpmap:127 rtx/90000
  a=rtpmap:97 H264/90000
  a=rtpmap:98 rtx/90000
  a=setup:actpass
`);

/** Safari: High and constrained baseline at a level no camera has, and H.265. */
export const safariOffer = lines(`
  v=0
  o=- 2890844526 2 IN IP4 127.0.0.1
  s=-
  t=0 0
  a=group:BUNDLE 0
  a=msid-semantic: WMS
  m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101
  c=IN IP4 0.0.0.0
  a=rtcp:9 IN IP4 0.0.0.0
  a=ice-ufrag:u7pC
  a=ice-pwd:6L1AX8Gqj2XvM0T8V5NqC3aP
  a=ice-options:trickle
  ${fingerprint}
  a=setup:actpass
  a=mid:0
  a=recvonly
  a=rtcp-mux
  a=rtcp-rsize
  a=rtpmap:96 H264/90000
  a=rtcp-fb:96 nack
  a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c34
  a=rtpmap:97 rtx/90000
  a=fmtp:97 apt=96
  a=rtpmap:98 H264/90000
  a=fmtp:98 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034
  a=rtpmap:99 rtx/90000
  a=fmtp:99 apt=98
  a=rtpmap:100 H265/90000
  a=rtcp-fb:100 nack
  a=fmtp:100 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST
  a=rtpmap:101 rtx/90000
  a=fmtp:101 apt=100
`);
