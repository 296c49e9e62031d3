import { setTimeout as sleep } from 'node:timers/promises';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { Faults } from '../faults.ts';
import type { Features } from '../features.ts';
import { credentialsOf } from '../http-answer.ts';
import type { SocketDoor } from '../socket-doors.ts';
import type { AccessTokens } from '../tokens.ts';
import { EventSessions } from './event-sessions.ts';
import { followSite } from './site-events.ts';
import { acceptSocket, type ServerSocket } from './web-socket.ts';

export interface EventsSocketParts {
  readonly cameras: readonly SiteCamera[];
  readonly accessTokens: AccessTokens;
  readonly faults: Faults;
  readonly features: Features;
}

/** Events and states over a WebSocket. */
export interface EventsSocket {
  readonly door: SocketDoor;
  readonly connectionCount: number;
  close(): void;
}

/** Events are made only while somebody is connected. */
export function openEvents(parts: EventsSocketParts): EventsSocket {
  const { cameras, accessTokens, faults, features } = parts;
  const sockets = new Set<ServerSocket>();
  const closed = new AbortController();
  let stopFollowing: (() => void) | undefined;
  const sessions = new EventSessions({
    cameras,
    isAlive: (token) => accessTokens.isAlive(token),
    isOffline: ({ number }) => faults.camera(number) === 'offline',
    beforeState: async () => {
      const { latencyMs = 0 } = faults.surface('events');
      if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: closed.signal });
    },
    now: Date.now,
  });
  const byNumber = new Map(cameras.map((camera) => [camera.number, camera]));
  faults.on('camera', (number) => {
    const camera = byNumber.get(number);
    if (camera === undefined) return;
    const name = faults.camera(number) === 'offline' ? 'communicationError' : 'communicationStarted';
    sessions.tell({ camera, name, timeMs: Date.now() });
  });
  const drop = (): void => {
    for (const socket of [...sockets]) socket.break();
  };
  faults.on('recycle', () => {
    sessions.recycle();
    drop();
  });

  const accept: SocketDoor['accept'] = (request, stream, head) => {
    // The token is looked at here and never again.
    const isKnown = accessTokens.isAlive(credentialsOf(request, 'Bearer') ?? '');
    const socket = acceptSocket(request, stream, head, {
      onText: (text) => void conversation.hear(text).catch(() => socket.break()),
      onEnd: () => {
        sockets.delete(socket);
        conversation.leave();
        if (sockets.size > 0) return;
        stopFollowing?.();
        stopFollowing = undefined;
      },
    });
    const conversation = sessions.open(isKnown, (text) => socket.send(text));
    sockets.add(socket);
    stopFollowing ??= followSite(cameras, (event) => sessions.tell(event));
  };

  return {
    door: {
      refusal: () => (features.now.events ? faults.surface('events').failWith : 404),
      accept,
    },
    get connectionCount() {
      return sockets.size;
    },
    close: () => {
      closed.abort();
      drop();
      stopFollowing?.();
    },
  };
}
