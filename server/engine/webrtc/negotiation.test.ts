import { describe, expect, it } from 'vitest';
import type { CodecName, PictureFormat } from '../h26x/codec.ts';
import { chromiumOffer, firefoxOffer, safariOffer } from '../testing/offers.ts';
import { candidatesOf, hostCandidate, narrowOffer, writeAnswer } from './answer.ts';
import { pickFormat, readOffer } from './offer.ts';

const format = (profile: number, constraints: number): PictureFormat => ({
  width: 640,
  height: 360,
  profile,
  constraints,
  level: 30,
  reorders: false,
});
const constrainedBaseline = format(66, 0xc0);
const baseline = format(66, 0x80);
const main = format(77, 0);
const high = format(100, 0);
const hevc = format(1, 0);

describe('which payload type', () => {
  it.each<[string, string, string, CodecName, PictureFormat | undefined, number | undefined]>([
    ['Chromium', 'constrained baseline', chromiumOffer, 'H264', constrainedBaseline, 108],
    ['Chromium', 'plain baseline', chromiumOffer, 'H264', baseline, 102],
    ['Chromium', 'main', chromiumOffer, 'H264', main, 116],
    ['Chromium without High', 'high', chromiumOffer, 'H264', high, 116],
    ['Chromium', 'a profile not known yet', chromiumOffer, 'H264', undefined, 108],
    ['Chromium without H.265', 'H.265', chromiumOffer, 'H265', hevc, undefined],
    ['Firefox', 'constrained baseline', firefoxOffer, 'H264', constrainedBaseline, 126],
    ['Firefox', 'high', firefoxOffer, 'H264', high, 126],
    ['Firefox', 'H.265', firefoxOffer, 'H265', hevc, undefined],
    ['Safari, whatever its level', 'high', safariOffer, 'H264', high, 96],
    ['Safari, whatever its level', 'constrained baseline', safariOffer, 'H264', constrainedBaseline, 98],
    ['Safari', 'main', safariOffer, 'H264', main, 96],
    ['Safari', 'H.265', safariOffer, 'H265', hevc, 100],
  ])('for %s and %s', (_who, _what, sdp, codec, camera, expected) => {
    expect(pickFormat(readOffer(sdp).video.formats, codec, camera)?.payloadType).toBe(expected);
  });

  it('never one with packetization-mode 0, which has no fragments', () => {
    const only0 = chromiumOffer.replaceAll('packetization-mode=1', 'packetization-mode=0');
    expect(pickFormat(readOffer(only0).video.formats, 'H264', main)).toBeUndefined();
  });
});

const bad: [string, string][] = [
  ['nothing', ''],
  ['not SDP', 'hello'],
  ['JSON', '{"type":"offer"}'],
  ['a line that is none', chromiumOffer.replace('t=0 0', 'nonsense')],
  ['no media at all', chromiumOffer.slice(0, chromiumOffer.indexOf('m=audio'))],
  ['audio only', chromiumOffer.slice(0, chromiumOffer.indexOf('m=video'))],
  ['video that only sends', firefoxOffer.replace('a=recvonly', 'a=sendonly')],
  ['video that is off', firefoxOffer.replace('a=recvonly', 'a=inactive')],
  ['no ICE credentials', firefoxOffer.replace(/a=ice-ufrag:.*\r\n/, '')],
  ['no fingerprint', firefoxOffer.replace(/a=fingerprint:.*\r\n/, '')],
  ['no mid', firefoxOffer.replace('a=mid:0\r\n', '')],
  ['a mid that would break the answer', firefoxOffer.replace('a=mid:0', 'a=mid:0 x')],
];

describe('an offer', () => {
  it.each(bad)('with %s is refused as bad', (_what, sdp) => {
    expect(() => readOffer(sdp)).toThrow(expect.objectContaining({ code: 'bad-offer' }));
  });

  it('is read whatever its line ends', () => {
    expect(readOffer(firefoxOffer.replaceAll('\r\n', '\n')).video.mid).toBe('0');
  });

  it('gives its candidates, without names that only mDNS knows', () => {
    expect(readOffer(chromiumOffer).candidates).toEqual([
      'candidate:1467250027 1 udp 2122260223 127.0.0.1 46243 typ host generation 0',
    ]);
  });
});

function answerTo(sdp: string, codec: CodecName, camera: PictureFormat): string[] {
  const offer = readOffer(sdp);
  const picked = pickFormat(offer.video.formats, codec, camera);
  if (picked === undefined) throw new Error('nothing picked');
  const answer = writeAnswer({
    offer,
    picked,
    ssrc: 4711,
    cname: 'parapet-1',
    local: 'v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\na=fingerprint:sha-256 AA:BB\r\na=setup:active\r\n',
    candidates: [hostCandidate('192.0.2.1', 8189, 'udp', 65_535)],
    clockMs: 1_700_000_000_123.4,
  });
  expect(answer.endsWith('\r\n')).toBe(true);
  return answer.trimEnd().split('\r\n');
}

describe('the answer', () => {
  it('sends video in the one format and refuses the rest, sections in the order of the offer', () => {
    const lines = answerTo(chromiumOffer, 'H264', constrainedBaseline);
    expect(lines.filter((line) => line.startsWith('m='))).toEqual([
      'm=audio 0 UDP/TLS/RTP/SAVPF 111',
      'm=video 9 UDP/TLS/RTP/SAVPF 108',
    ]);
    expect(lines).toContain('a=group:BUNDLE 1');
    expect(lines).toContain('a=sendonly');
    expect(lines.filter((line) => line.startsWith('a=rtpmap:'))).toEqual([
      'a=rtpmap:111 opus/48000/2',
      'a=rtpmap:108 H264/90000',
    ]);
  });

  it('names the profile, which Firefox insists on, as it was offered', () => {
    expect(answerTo(firefoxOffer, 'H264', high)).toContain(
      'a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1',
    );
    const unnamed = firefoxOffer.replace('a=fmtp:126 profile-level-id=42e01f;', 'a=fmtp:126 ');
    expect(answerTo(unnamed, 'H264', high)).toContain(
      'a=fmtp:126 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    );
    expect(answerTo(safariOffer, 'H265', hevc)).toContain(
      'a=fmtp:100 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST',
    );
  });

  it('promises only the feedback that is read', () => {
    const feedback = answerTo(chromiumOffer, 'H264', constrainedBaseline).filter((l) =>
      l.startsWith('a=rtcp-fb'),
    );
    expect(feedback).toEqual(['a=rtcp-fb:108 nack', 'a=rtcp-fb:108 nack pli', 'a=rtcp-fb:108 ccm fir']);
  });

  it('has ICE and DTLS of the library and every candidate, with the end of them', () => {
    const lines = answerTo(safariOffer, 'H264', high);
    expect(lines).toEqual(
      expect.arrayContaining([
        'a=ice-ufrag:abcd',
        'a=ice-pwd:secret',
        'a=fingerprint:sha-256 AA:BB',
        'a=setup:active',
        'a=candidate:u65535 1 udp 2130706431 192.0.2.1 8189 typ host',
        'a=end-of-candidates',
      ]),
    );
  });
});

describe('times of capture', () => {
  const uri = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';
  const asking = (value: string): string =>
    firefoxOffer.replace('a=mid:0\r\n', `a=mid:0\r\na=extmap:${value}\r\n`);
  const about = (lines: readonly string[]): string[] =>
    lines.filter((line) => /^a=(extmap|x-capture-clock):/.test(line));

  it('are told to whoever asks, with what the clock shows', () => {
    for (const direction of ['', '/recvonly', '/sendrecv'])
      expect(about(answerTo(asking(`7${direction} ${uri}`), 'H264', high))).toEqual([
        'a=x-capture-clock:1700000000123',
        `a=extmap:7 ${uri}`,
      ]);
  });

  it.each([
    ['nobody asks', firefoxOffer],
    ['the viewer would send them itself', asking(`7/sendonly ${uri}`)],
    ['they would need the long form of extensions', asking(`15 ${uri}`)],
    ['another extension is asked for', asking('7 urn:ietf:params:rtp-hdrext:toffset')],
  ])('are not told when %s', (_why, sdp) => {
    expect(about(answerTo(sdp, 'H264', high))).toEqual([]);
  });
});

describe('what the library gets to see', () => {
  it('is one video section with one format and nothing that it would act on', () => {
    const offer = readOffer(chromiumOffer);
    const picked = pickFormat(offer.video.formats, 'H264', main);
    if (picked === undefined) throw new Error('nothing picked');
    const lines = narrowOffer(offer, picked).trimEnd().split('\r\n');
    expect(lines.filter((line) => line.startsWith('m='))).toEqual(['m=video 9 UDP/TLS/RTP/SAVPF 116']);
    expect(lines.filter((line) => line.startsWith('a=rtpmap'))).toEqual(['a=rtpmap:116 H264/90000']);
    expect(lines.filter((line) => /^a=(candidate|extmap)/.test(line))).toEqual([]);
    expect(lines).toContain('a=group:BUNDLE 1');
    expect(lines).toContain('a=ice-ufrag:Z4RH');
  });
});

describe('candidates', () => {
  it('over TCP come after every one over UDP', () => {
    const priority = (candidate: string): number => Number(candidate.split(' ')[3]);
    const tcp = hostCandidate('192.0.2.1', 8189, 'tcp', 65_535);
    expect(tcp).toMatch(/ 192\.0\.2\.1 8189 typ host tcptype passive$/);
    expect(priority(tcp)).toBeLessThan(priority(hostCandidate('192.0.2.1', 8189, 'udp', 0)));
    expect(priority(hostCandidate('::1', 1, 'udp', 65_535))).toBeLessThan(2 ** 31);
  });

  it('are read from a description, those over UDP', () => {
    const sdp =
      'a=candidate:1 1 UDP 2122317823 192.0.2.2 4444 typ host\r\na=candidate:2 1 TCP 1 192.0.2.2 9 typ host tcptype active\r\n';
    expect(candidatesOf(sdp)).toEqual(['1 1 UDP 2122317823 192.0.2.2 4444 typ host']);
  });
});
