import { describe, expect, it } from 'vitest';
import { readDescription } from './sdp.ts';

const sdp = (...media: string[]): string =>
  ['v=0', 'o=- 0 0 IN IP4 0.0.0.0', 's=-', 'a=control:*', ...media].join('\r\n');

describe('what a camera describes', () => {
  it('is its H.264 video, with the parameter sets in it', () => {
    const { video } = readDescription(
      sdp(
        'm=audio 0 RTP/AVP 0',
        'm=video 0 RTP/AVP 96',
        'a=rtpmap:96 H264/90000',
        'a=fmtp:96 packetization-mode=1; profile-level-id=42C01E; sprop-parameter-sets=Z0LAHtoCgL/lwEQAAAMABAAAAwDIPFi6gA==,aM4PyA==',
        'a=control:trackID=1',
      ),
    );
    expect(video).toMatchObject({ codec: 'H264', payloadType: 96, clockRate: 90_000, control: 'trackID=1' });
    expect(video?.parameterSets.map((set) => set.toString('hex'))).toEqual([
      '6742c01eda0280bfe5c044000003000400000300c83c58ba80',
      '68ce0fc8',
    ]);
  });

  it('may be H.265, by either name', () => {
    const section = (name: string): string[] => [
      'm=video 0 RTP/AVP 98',
      `a=rtpmap:98 ${name}/90000`,
      'a=fmtp:98 sprop-vps=QAEMAf//AWAA; sprop-sps=QgEBAWAA; sprop-pps=RAHBcrRi',
    ];
    for (const name of ['H265', 'hevc']) {
      const { video } = readDescription(sdp(...section(name)));
      expect(video?.codec).toBe('H265');
      expect(video?.parameterSets.map((set) => (set[0] ?? 0) >> 1)).toEqual([32, 33, 34]);
    }
  });

  it('may have other video first', () => {
    const { video } = readDescription(
      sdp(
        'm=video 0 RTP/AVP 26',
        'a=control:jpeg',
        'm=video 0 RTP/AVP 97',
        'a=rtpmap:97 H264/90000',
        'a=control:h264',
      ),
    );
    expect([video?.payloadType, video?.control]).toEqual([97, 'h264']);
  });

  it.each([
    [['m=video 0 RTP/AVP 26'], ['JPEG']],
    [['m=video 0 RTP/AVP 96', 'a=rtpmap:96 MP4V-ES/90000'], ['MP4V-ES']],
    [['m=audio 0 RTP/AVP 0'], []],
    [[], []],
  ])('names what it cannot be shown as: %j', (media, videoCodecs) => {
    expect(readDescription(sdp(...media))).toMatchObject({ video: undefined, videoCodecs });
  });

  it('is read with bare line feeds and spaces where none belong', () => {
    const text = 'v=0\nm=video 0 RTP/AVP 96\na=rtpmap: 96  H264/90000 \na=control: track1\n';
    expect(readDescription(text).video).toMatchObject({ payloadType: 96, control: 'track1' });
  });
});
