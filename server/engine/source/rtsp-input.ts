import { EngineError, type EngineErrorCode } from '../error.ts';
import { readSenderReport } from '../rtp/rtcp.ts';
import { playRtsp } from '../rtsp/client.ts';
import type { Credentials } from '../rtsp/credentials.ts';
import { RtspError, type RtspErrorCode } from '../rtsp/error.ts';
import type { VideoTrack } from '../rtsp/sdp.ts';
import type { Input } from './input.ts';

const codes: Readonly<Record<RtspErrorCode, EngineErrorCode>> = {
  unreachable: 'camera-offline',
  refused: 'source-refused',
  'no-such-path': 'camera-offline',
  rejected: 'camera-offline',
  'no-video': 'codec-unsupported',
  protocol: 'camera-offline',
};

/** Pictures from a camera by RTSP over TCP. */
export function rtspInput(url: string, credentials: Credentials | undefined): Input {
  return {
    async run(events, signal) {
      let video: VideoTrack | undefined;
      try {
        await playRtsp(
          { url, credentials },
          {
            playing(track) {
              video = track;
              events.described(track.codec, track.parameterSets);
            },
            rtp(packet) {
              if (video !== undefined) events.rtp(packet, video.payloadType, video.clockRate);
            },
            rtcp(packet) {
              const report = readSenderReport(packet);
              if (report !== undefined) events.clock(report.timeMs);
            },
          },
          signal,
        );
      } catch (cause) {
        if (!(cause instanceof RtspError)) throw cause;
        throw new EngineError(codes[cause.code], cause.message, { cause });
      }
    },
    renew() {
      // RTSP has no tokens.
    },
  };
}
