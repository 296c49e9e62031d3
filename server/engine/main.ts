import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { Engine } from './engine.ts';
import { hls } from './hls/route.ts';
import { HlsStreams } from './hls/streams.ts';
import { control } from './http/control.ts';
import { createEngineServer } from './http/server.ts';
import { whep } from './http/whep.ts';
import { createLog } from './log.ts';
import { playback } from './playback/route.ts';
import { readSettings } from './settings.ts';
import { takeMediaPort } from './webrtc/port.ts';
import { startTcpRelay } from './webrtc/tcp-relay.ts';
import { WhipPushes } from './whip/pushes.ts';
import { whip } from './whip/route.ts';

/** What the engine answers `GET /v3/info` with. */
const version = '1';

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLog(settings.PARAPET_LOG_LEVEL);
  const media = await takeMediaPort(settings.PARAPET_MEDIA_PORT, settings.PARAPET_MEDIA_HOST);
  const relay = await startTcpRelay(media);
  if (relay === undefined) log.warn({ mediaPort: media.port }, 'media port is taken for TCP: UDP only');
  const engine = new Engine({
    where: { media, advertised: settings.PARAPET_MEDIA_ADDRESSES, tcpPort: relay?.port },
    mtu: settings.PARAPET_MEDIA_MTU,
    lingerMs: settings.PARAPET_LINGER_MS,
    patienceMs: 1500,
    log,
  });
  const pushes = new WhipPushes(engine, log);
  const info = { version, started: new Date().toISOString() };
  const server = createEngineServer(
    [
      control(engine, info, (path) => ({ whip: pushes.item(path) })),
      whip(pushes),
      whep(engine),
      hls(new HlsStreams(engine)),
      playback(),
    ],
    settings.PARAPET_ENGINE_SECRET,
    log,
  );
  server.listen(settings.PARAPET_ENGINE_PORT, '127.0.0.1');
  await once(server, 'listening').catch((cause: unknown) => {
    throw new Error(`The engine's port ${String(settings.PARAPET_ENGINE_PORT)} cannot be opened.`, { cause });
  });
  const { port } = server.address() as AddressInfo;

  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    // Sessions say goodbye to their viewers; whatever takes longer than this is left to the operating system.
    setTimeout(() => process.exit(0), 500);
    // LiveKit is told before the process is gone: a picture that stands would look live there.
    void pushes.close();
    engine.close();
    server.close();
    server.closeAllConnections();
    relay?.close();
    media.close();
    setTimeout(() => process.exit(0), 150);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('disconnect', end);
  process.send?.({ ready: true, port, mediaPort: media.port });
  log.info({ port, mediaPort: media.port }, 'engine is ready');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'The engine cannot start.'}\n`);
  process.exit(1);
}
