import { missingFfmpeg, type Publishing, publish } from '../../e2e/real/ffmpeg.ts';
import { startMediaMtx } from '../../e2e/real/mediamtx.ts';
import { FaultProxy, type Place } from './proxy.ts';

/** A camera's address at which another encoder can stand in for its own. */
export interface OtherCodec {
  /** The RTSP URL to list instead of the camera's own. */
  readonly url: string;
  /** Has H.265 ready; takes seconds. */
  prepare(): Promise<void>;
  /** From now on the address gives H.265: whoever is connected is cut off, as by a camera that restarts. */
  begin(): void;
  /** The camera's own encoder again, in the same way. */
  end(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Puts a door in front of a camera, behind which a real encoder of H.265 can be had as well: FFmpeg's, through a real MediaMTX.
 * Gives `{ skipped }` with the reason where the machine has neither.
 */
export async function withOtherCodec(
  cameraUrl: string,
): Promise<OtherCodec | { readonly skipped: string; readonly url: string }> {
  const missing = missingFfmpeg({ codec: 'libx265' });
  if (missing !== undefined) return { skipped: missing, url: cameraUrl };
  const camera = new URL(cameraUrl);
  const path = camera.pathname.slice(1);
  const server = await startMediaMtx({ paths: { [path]: 'publish' } });
  if ('skipped' in server) return { ...server, url: cameraUrl };
  const other = server.rtspUrl(path);
  const own: Place = { host: camera.hostname, port: Number(camera.port) };
  const target = { ...own };
  const proxy = new FaultProxy();
  const door = await proxy.relayTcp({ host: '127.0.0.1', port: 0 }, target);
  let publishing: Publishing | undefined;
  const lead = (port: number): void => {
    target.port = port;
    proxy.cut(door);
  };
  return {
    url: Object.assign(new URL(cameraUrl), { host: `${door.host}:${door.port}` }).href,
    async prepare() {
      publishing = publish(other, { codec: 'libx265' });
      await server.available(path, AbortSignal.timeout(30_000));
    },
    begin: () => lead(Number(new URL(other).port)),
    async end() {
      lead(own.port);
      await publishing?.close();
    },
    async close() {
      proxy.close();
      await publishing?.close();
      await server.close();
    },
  };
}
