import {
  ImageServerError,
  ImageServerLive,
  type ImageServerErrorCode,
  type ImageServerTarget,
} from '#server/vms/xprotect/image-server.ts';
import { EngineError, type EngineErrorCode } from '../error.ts';
import { splitAnnexB } from '../h26x/annexb.ts';
import type { CodecName } from '../h26x/codec.ts';
import type { Input } from './input.ts';

const codes: Readonly<Record<ImageServerErrorCode, EngineErrorCode>> = {
  unreachable: 'camera-offline',
  refused: 'source-refused',
  'codec-unsupported': 'codec-unsupported',
  protocol: 'camera-offline',
};

/** Pictures from an XProtect recording server; `ca` as in {@link ImageServerTarget}. */
export function imageServerInput(source: string, token: string, ca: string | undefined): Input {
  const target = { ...readTarget(source), ca };
  let current = token;
  let live: ImageServerLive | undefined;
  return {
    async run(events, signal) {
      let codec: CodecName | undefined;
      live = new ImageServerLive(
        { ...target, token: current },
        {
          cameraLost() {
            events.outage();
          },
          picture(picture) {
            if (codec === undefined) {
              codec = picture.codec;
              events.described(codec, []);
            } else if (codec !== picture.codec) {
              throw new ImageServerError('unreachable', 'The camera changed its codec.');
            }
            events.clock(picture.timeMs);
            events.accessUnit(splitAnnexB(picture.stream), (picture.timeMs * 90) % 2 ** 32);
          },
        },
      );
      try {
        await live.run(signal);
      } catch (cause) {
        if (!(cause instanceof ImageServerError)) throw cause;
        throw new EngineError(codes[cause.code], cause.message, { cause });
      } finally {
        live = undefined;
      }
    },
    renew(fresh) {
      current = fresh;
      live?.renew(fresh);
    },
  };
}

function readTarget(source: string): Omit<ImageServerTarget, 'token'> {
  const url = new URL(source);
  const [deviceId, streamId] = url.pathname.split('/').filter((part) => part !== '');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 7563 : Number(url.port),
    tls: url.protocol === 'imageservers:',
    deviceId: deviceId ?? '',
    streamId,
  };
}
