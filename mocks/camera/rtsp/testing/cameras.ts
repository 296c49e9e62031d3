import { onTestFinished } from 'vitest';
import { startRtspCameras, type RtspCameras, type RtspCamerasOptions } from '../server.ts';
import { numberedPictures } from './numbered-pictures.ts';
import { RtspClient } from './rtsp-client.ts';

const subjects = [
  { number: 1, caption: 'Corniche Road', scene: 'shore-road' },
  { number: 2, caption: 'Station North', scene: 'platform' },
];

/** Cameras 1 and 2 with numbered pictures, closed when the test ends. */
export async function camerasFor(options: Partial<RtspCamerasOptions> = {}): Promise<RtspCameras> {
  const cameras = await startRtspCameras({ subjects, pictures: numberedPictures(), ...options });
  onTestFinished(() => cameras.close());
  return cameras;
}

/** A client of theirs, closed when the test ends. */
export async function clientOf(cameras: RtspCameras): Promise<RtspClient> {
  const client = await RtspClient.connect(cameras.port);
  onTestFinished(() => {
    client.close();
  });
  return client;
}
